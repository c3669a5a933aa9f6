// SPDX-License-Identifier: GPL-2.0-or-later
// OBS as a host of the plugin: the host's half of easel.h, the plugin's one instance, and who hears of which job.
//
//   - One instance, from the end of OBS' loading until OBS begins to close. Everything that may come later finds none.
//   - All of it is for the UI thread, but for is_ui_thread(), is_busy_here() and what the plugin may call from
//   anywhere.
//   - While the plugin is calling us, nothing calls the plugin: what comes up meanwhile waits in the queue of
//   ui_thread.h.
#pragma once

#include <easel/easel.h>
#include <easel_qt.h>
#include <obs.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "picture.h"
#include "preferences.h"

namespace inset_obs {

using Values = std::map<std::string, std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// Empty if there is none.
std::string value_of(const Values& values, const char* key);

class ObsHost {
 public:
  // Loads the plugin and starts it. The reason, if that fails. `loaded_from` is this module's own folder.
  static std::string start(const std::string& loaded_from);
  // Ends everything, within half a second. Does nothing if there is no instance.
  static void stop();
  static ObsHost* current();

  static bool is_ui_thread();  // [any]
  static bool is_busy_here();  // on the UI thread, inside a call of or into the plugin [any]
  static void run_ui_tasks();  // what OBS runs for ui_thread.h

  ObsHost(const easel_descriptor& about, const easel_qt* windows);
  ~ObsHost();
  ObsHost(const ObsHost&) = delete;
  ObsHost& operator=(const ObsHost&) = delete;

  // ---- what the person does ----

  // Starts an action of the plugin, which asks for what is missing; "insert" places in the scene that is shown now. If
  // the same action is under way and a form is open, that comes to the front instead.
  void at_click(const std::string& action, const Values& values = {});
  // Its text in a menu; null if the plugin has no such action.
  const char* label_of(std::string_view action) const;
  void show_file(const std::string& path);
  bool has_forms() const { return ui_ != nullptr; }

  // ---- what a program does ----

  // Hears all events of one job, the last of which is "done" or "failed".
  using Listener = std::function<void(const std::string& kind, const Pairs& pairs)>;

  // A number for a job that is to come. [any]
  static std::int64_t next_job();
  // Without windows but for questions. What cannot even begin ends with "failed".
  void run(std::int64_t job, const std::string& action, const Values& values, std::optional<bool> visible,
           Listener listener);
  void cancel(std::int64_t job);  // 0: all

  // ---- what a source wants ----

  // Reads the original again, for a source that is there without pixels.
  void open(const std::string& path, const std::shared_ptr<Picture>& picture);
  // Whether it lies where the plugin keeps originals; it reads no other file.
  bool keeps(const std::string& path);
  // In a window if there are any, and in the log.
  void complain(const std::string& text);

  // Does what is due: tasks, and what the plugin has to say.
  void attend();

 private:
  struct Job {
    std::int64_t number;  // as everybody outside knows it
    std::uint64_t target;
    std::string action;
    bool with_windows;
    Listener listener;
    bool asks = false;  // it has ordered nothing yet: its forms show how far it is
  };
  struct Target {
    OBSWeakSourceAutoRelease scene;  // none: the one that is shown when the picture comes
    std::optional<bool> visible;     // as the person said; nothing said: unless OBS is live
    LastValues filled_in;            // what a form said that is worth remembering, once there is a picture
  };
  // While it lives the plugin is in a call, and nothing else may call it.
  class Busy {
   public:
    explicit Busy(ObsHost& host) : host_(host) { ++host_.busy_; }
    ~Busy() { --host_.busy_; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    ObsHost& host_;
  };

  bool start_plugin(const easel_entry& entry);
  // The number of its target; 0 if the plugin would not begin.
  std::uint64_t begin(const Values& values, Target target, Job job);
  void remember(const Preferences& preferences);
  void fail_at_once(const Job& job, const std::string& message);
  void pump();
  bool is_live() const;

  void hear(std::int64_t job, const std::string& kind, const Pairs& pairs);
  void show(Job& job, std::int64_t key, const std::string& kind, const Values& values);
  bool show_end_of_account_job(const Job& job, const std::string& kind, const Values& values);
  easel_status place(std::uint64_t target, const easel_image& image, const easel_asset& asset);
  easel_status opened(std::uint64_t request, easel_status status, const easel_image* image);
  easel_status ask(std::uint64_t request, const char* title, const char* accept, const easel_field* fields,
                   size_t count);
  void answered(std::uint64_t request, bool accepted, const easel_pair* pairs, size_t count);

  static const easel_canvas kCanvas;
  static const easel_report kReport;
  static const easel_form kForm;
  static const void* get(const easel_host* host, const char* id);

  const easel_descriptor& about_;
  bool has_frontend_ = false;
  easel_host host_{};
  std::string release_;
  easel_plugin* plugin_ = nullptr;
  int busy_ = 0;

  const easel_qt* windows_ = nullptr;
  easel_qt_ui* ui_ = nullptr;
  Preferences preferences_;

  std::map<std::int64_t, Job> jobs_;             // by the plugin's number
  std::map<std::int64_t, std::string> notices_;  // how those will close, as far as it is known
  std::map<std::uint64_t, Target> targets_;
  std::uint64_t next_target_ = 1;
  std::uint64_t clicked_target_ = 0;                         // of the insert that has asked last
  std::vector<std::uint64_t> forms_;                         // open, the newest last
  std::map<std::uint64_t, std::weak_ptr<Picture>> reading_;  // by the plugin's request
};

}  // namespace inset_obs
