// SPDX-License-Identifier: GPL-2.0-or-later
// Real libobs without OBS' window, and the module in it, as OBS would load it. The test's own thread is the UI thread:
// tasks for it are queued, and run when the test says so, so that what waits for the wrong thread hangs here as it
// would there.
//
// Needs an X display (xvfb-run) and Mesa's software renderer (LIBGL_ALWAYS_SOFTWARE=1).
#pragma once

#include <obs.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace obs_test {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

struct Picture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint8_t> pixels;  // RGBA
};

class BareObs {
 public:
  // Video of 1280 × 720 at 30 frames a second. `with_websocket`: something that answers as obs-websocket does.
  explicit BareObs(bool with_websocket = true);
  ~BareObs();  // as shut_down()
  BareObs(const BareObs&) = delete;
  BareObs& operator=(const BareObs&) = delete;

  // The module file, and its data folder; false if libobs refuses it.
  bool load(const std::string& module, const std::string& data);

  // A scene on the first output.
  obs_scene_t* scene() const { return scene_; }
  void drop_scene();

  // Runs the UI thread. False: time is up.
  bool run_until(const std::function<bool()>& done, milliseconds patience = 30s);
  void run_for(milliseconds time);

  // The longest a task has held the UI thread, in milliseconds of its processor time and of the wall clock.
  double longest_task() const { return longest_task_; }
  double longest_task_wall() const { return longest_task_wall_; }
  // Bytes that tasks have read by calls while they held the UI thread.
  std::uint64_t read_by_tasks() const { return read_by_tasks_; }

  // A vendor request, as a client of obs-websocket would make it: on another thread.
  Json request(const std::string& type, const Json& data = Json::object());
  // The same on the thread that calls this.
  Json request_here(const std::string& type, const Json& data = Json::object());
  // Events of the vendor so far, each with its "event".
  std::vector<Json> events(const std::string& kind = {}) const;
  // Inserts and waits for the end. The last event, "done" or "failed".
  Json insert(const Json& parameters, milliseconds patience = 60s);

  // Lines of the log that contain this.
  std::vector<std::string> log(const std::string& part) const;

  // The source draws what it has been given: it waits until then.
  bool wait_until_shown(obs_source_t* source);

  // What the source draws, at its own size, as it is: nothing blended, nothing converted.
  static Picture read_back(obs_source_t* source);

  // Ends libobs; returns how long that took.
  milliseconds shut_down();

 private:
  struct Request {
    void (*callback)(obs_data_t*, obs_data_t*, void*);
    void* data;
  };
  friend struct FakeWebsocket;

  void run_tasks();

  std::string config_;
  bool up_ = false;
  OBSSceneAutoRelease scene_;
  double longest_task_ = 0;
  double longest_task_wall_ = 0;
  std::uint64_t read_by_tasks_ = 0;
  proc_handler_t* websocket_ = nullptr;
  std::map<std::string, Request> requests_;
  mutable std::mutex mutex_;
  std::vector<Json> events_;
};

// Draws into a target of this size, blending nothing, and reads it. `draw` gets a target of which one unit is one
// pixel.
Picture draw_and_read(std::uint32_t width, std::uint32_t height, const std::function<void()>& draw);

// The largest difference of any channel of any pixel; 256 if the sizes differ.
int largest_difference(const Picture& a, const Picture& b);

double thread_milliseconds();

}  // namespace obs_test
