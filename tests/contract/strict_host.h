// SPDX-License-Identifier: GPL-2.0-or-later
// A host for tests that knows the contract by heart and aborts, with a message, at the first broken
// rule:
//
//   - a call into the host on another thread, while the host is not inside a call into the plugin,
//     from inside another call into the host, or after destroy() has returned;
//   - an argument that the contract does not allow: a null, text that is no UTF-8, an image that
//     cannot be, a number that was never given out or is used twice;
//   - an event of a job that has ended, a second end of a job, or "nothing is open" while something
//     is.
//
// Tests look at what it has gathered: events, log lines, pictures, forms. It can refuse pictures,
// hold them beyond the plugin's life, and leave out each ability that a host may lack.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "easel/easel.h"

namespace contract {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Event {
  int64_t job = 0;
  std::string kind;
  Pairs pairs;

  // The first value of this key, or nothing.
  std::string get(const std::string& key) const;
};

struct Field {
  std::string key;
  std::string label;
  std::string value;                                         // what is in it now
  std::vector<std::pair<std::string, std::string>> choices;  // value and label
  int32_t kind = 0;
  uint32_t flags = 0;
  int thumbnails = 0;
};

struct Form {
  uint64_t request = 0;
  int asked = 0;  // 1: for the first time; above: it got new fields
  std::string title;
  std::string accept;
  std::vector<Field> fields;

  const Field* field(const std::string& key) const;
};

// What the person does with a form.
struct Reaction {
  enum class Kind { nothing, accept, close, change };
  Kind kind = Kind::nothing;
  Pairs values;  // accept: what is typed first; change: the one field that is edited
};

// A picture that the plugin handed over.
struct Picture {
  uint64_t target = 0;   // of place()
  uint64_t request = 0;  // of opened()
  uint32_t width = 0;
  uint32_t height = 0;
  std::vector<uint8_t> pixels;  // without gaps between the rows
  std::string name, path, mime;
  Pairs facts;
};

class StrictHost {
 public:
  struct Options {
    bool report = true;
    bool form = true;
    bool wake = true;
    bool opened = true;
    std::string data_dir;  // empty: null is passed
    easel_status place_status = EASEL_OK;
    bool hold_images = false;  // until release_images()
  };

  explicit StrictHost(const easel_entry& entry) : StrictHost(entry, Options()) {}
  StrictHost(const easel_entry& entry, Options options);
  StrictHost(const StrictHost&) = delete;
  StrictHost& operator=(const StrictHost&) = delete;
  ~StrictHost();  // destroys the plugin and releases what is held, if that has not been done

  // The plugin's functions, each with its own checks. All of them on the thread that made the host.
  bool create();
  int64_t invoke(const std::string& action, const Pairs& pairs = {}, uint64_t target = 0);
  void cancel(int64_t job = 0);
  int64_t open(const std::string& path);
  uint32_t pump();
  void destroy();

  // Answers a form that is open; the values count as typed by the person before.
  void accept(uint64_t request, const Pairs& values = {});
  void close(uint64_t request);
  void change(uint64_t request, const std::string& key, const std::string& value);

  // What is done with a form each time it is shown, once the plugin's call has returned. None:
  // forms stay open.
  std::function<Reaction(const Form&)> person;

  // Goes on as a host does, pumping at each wake-up (or every 20 ms where there is none), until
  // nothing is open, or the condition holds, or the time is up. True unless the time was up.
  bool run(const std::function<bool()>& until = {}, std::chrono::milliseconds time = std::chrono::seconds(30));

  // Images that the host has not let go of.
  const std::vector<easel_image>& held_images() const { return held_; }

  // Held images: each exactly once, on another thread.
  void release_images();

  // What the plugin gets. For tests of the rules themselves.
  const easel_host* c_host() const { return &host_; }

  const std::vector<Event>& events() const { return events_; }
  std::vector<Event> events(const std::string& kind) const;
  // The job's last event, once it has ended; else null.
  const Event* end_of(int64_t job) const;
  const std::map<uint64_t, Form>& forms() const { return forms_; }  // those open
  const std::vector<Form>& asked() const { return asked_; }         // all, in order
  const std::set<uint64_t>& dismissed() const { return dismissed_; }
  const std::vector<Picture>& pictures() const { return pictures_; }  // those taken
  const std::vector<std::pair<int32_t, std::string>>& log() const { return log_; }
  const std::map<uint64_t, easel_status>& opened() const { return opened_; }
  int images_offered() const { return images_offered_; }
  int images_taken() const { return images_taken_; }
  int images_released() const { return images_released_; }
  int wakes() const;
  // The longest that any call of this function took.
  std::chrono::milliseconds longest(const std::string& function) const;

  Options options;

 private:
  class Inside;
  class Callback;

  static StrictHost& from(const easel_host* host) { return *static_cast<StrictHost*>(host->data); }
  static const void* on_get(const easel_host* host, const char* id);
  static void on_wake(const easel_host* host);
  static void on_log(const easel_host* host, int32_t level, const char* text);
  static easel_status on_place(const easel_host* host, uint64_t target, const easel_image* image,
                               const easel_asset* asset);
  static easel_status on_opened(const easel_host* host, uint64_t request, easel_status status,
                                const easel_image* image);
  static void on_event(const easel_host* host, int64_t job, const char* kind, const easel_pair* pairs, size_t count);
  static easel_status on_ask(const easel_host* host, uint64_t request, const char* title, const char* accept,
                             const easel_field* fields, size_t count);
  static void on_dismiss(const easel_host* host, uint64_t request);

  Pairs checked_pairs(const char* function, const easel_pair* pairs, size_t count) const;
  Field checked_field(const easel_field& field) const;
  void check_image(const char* function, const easel_image* image) const;
  void take(const easel_image& image, Picture picture);
  void react();

  const easel_entry& entry_;
  const std::thread::id main_ = std::this_thread::get_id();
  easel_host host_{};
  easel_canvas canvas_{};
  easel_report report_{};
  easel_form form_{};
  easel_plugin* plugin_ = nullptr;

  // Which function of the plugin, and which of the host, is running.
  const char* inside_ = nullptr;
  const char* callback_ = nullptr;
  bool destroyed_ = false;
  std::set<std::string> asked_for_;

  std::set<int64_t> jobs_;
  std::map<int64_t, size_t> ended_;  // where in events_
  std::set<uint64_t> opening_;
  std::map<uint64_t, easel_status> opened_;
  std::vector<Event> events_;
  std::map<uint64_t, Form> forms_;
  std::set<uint64_t> closed_forms_;
  std::vector<Form> asked_;
  std::set<uint64_t> dismissed_;
  std::vector<uint64_t> shown_;  // forms the person has yet to look at
  std::vector<Picture> pictures_;
  std::vector<easel_image> held_;
  std::vector<std::pair<int32_t, std::string>> log_;
  int images_offered_ = 0;
  int images_taken_ = 0;
  int images_released_ = 0;
  std::map<std::string, std::chrono::milliseconds> longest_;

  mutable std::mutex mutex_;  // of what follows: wake() comes on any thread
  std::condition_variable woken_;
  bool awake_ = false;
  int wakes_ = 0;
  bool may_wake_ = false;  // from create() until destroy() has returned
};

}  // namespace contract
