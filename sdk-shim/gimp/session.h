// SPDX-License-Identifier: GPL-2.0-or-later
// One run of the plug-in: loads the plugin from beside the program, starts one action and pumps it to its end. It is the
// host of the contract for both GIMP 2.10 and 3.0; what differs between them is behind Editor.
//
// libgimp talks over one pipe and is not thread-safe, so everything but wake() happens on the main thread, in the
// default main context of GLib.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "easel/easel.h"
#include "gimp/desk.h"

namespace easel::gimp {

// What GIMP is asked to do. Main thread.
class Editor {
 public:
  virtual ~Editor() = default;

  // As easel_canvas.place, but the image is not released here.
  virtual easel_status place(uint64_t target, const easel_image& image, const easel_asset& asset) = 0;

  // `fraction` is below 0 while it is unknown.
  virtual void progress(const std::string& text, double fraction) = 0;

  // The person is asked, and nothing goes on meanwhile.
  virtual void end_progress() = 0;

  // Something the person should read that ends nothing.
  virtual void message(const std::string& text) = 0;
};

struct Outcome {
  bool done = false;
  bool cancelled = false;  // by the person, before anything may have been paid: there is nothing to say
  int placed = 0;
  std::string message;  // of a failure: what happened, whether anything was charged, what now. Else what was found out
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

// The procedures about who is signed in. Their names in menus are the plugin's.
struct AccountProcedure {
  const char* name;
  const char* action;
  bool takes_key;  // api-key and keep
};
inline constexpr AccountProcedure kAccountProcedures[] = {{"plug-in-inset-sign-in", "sign-in", true},
                                                          {"plug-in-inset-sign-out", "sign-out", false},
                                                          {"plug-in-inset-status", "status", false}};

// Null for any other name.
const AccountProcedure* account_procedure(const std::string& name);

// What the plugin says of an action, or null if it cannot be loaded or has none by that name. Starts nothing.
const easel_action* offered(const std::string& action);

// The action's name for a window.
std::string title_of(const std::string& action);

class Session {
 public:
  // `desk` is null where nobody can be asked. Both must outlive the session.
  Session(Editor& editor, Desk* desk, const char* host_name, const char* host_release);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // A `title` is for actions whose end is something to read, unless it ended well and a picture speaks for itself: with
  // a desk it is shown under that title.
  Outcome run(const std::string& action, uint64_t target, const Parameters& parameters, const std::string& title = {});

  // The texts of the pairs that `failed` and others bring.
  static std::string value_of(const easel_pair* pairs, size_t count, const char* key);

 private:
  static Session& from(const easel_host* host) { return *static_cast<Session*>(host->data); }

  static const void* get(const easel_host* host, const char* id);
  static void wake(const easel_host* host);
  static void log(const easel_host* host, int32_t level, const char* text);
  static easel_status place(const easel_host* host, uint64_t target, const easel_image* image,
                            const easel_asset* asset);
  static void event(const easel_host* host, int64_t job, const char* kind, const easel_pair* pairs, size_t count);
  static easel_status ask(const easel_host* host, uint64_t request, const char* title, const char* accept,
                          const easel_field* fields, size_t count);
  static void dismiss(const easel_host* host, uint64_t request);

  void hear(int64_t job, const std::string& kind, const easel_pair* pairs, size_t count);
  void show_progress(const easel_pair* pairs, size_t count);

  static const easel_canvas kCanvas;
  static const easel_report kReport;
  static const easel_form kForm;

  Editor& editor_;
  Desk* desk_;
  easel_host host_{};
  int64_t job_ = 0;
  int64_t progress_shown_at_ = 0;  // monotonic microseconds
  std::string stage_;
  Outcome outcome_;
};

}  // namespace easel::gimp
