// SPDX-License-Identifier: GPL-2.0-or-later
#include "bare_obs.h"

#include <X11/Xlib.h>
#include <obs-nix-platform.h>
#include <time.h>
#include <unistd.h>
#include <util/platform.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "own_process.h"

namespace obs_test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Task {
  obs_task_t run;
  void* data;
};

std::mutex tasks_mutex;
std::deque<Task> tasks;

void queue_task(obs_task_t run, void* data, bool wait) {
  if (wait) {
    std::fprintf(stderr, "somebody waits for the UI thread\n");
    std::abort();
  }
  const std::lock_guard lock(tasks_mutex);
  tasks.push_back({run, data});
}

std::mutex log_mutex;
std::vector<std::string> log_lines;

void keep_log(int level, const char* format, va_list arguments, void*) {
  char line[2048];
  std::vsnprintf(line, sizeof line, format, arguments);
  const bool ours = std::strncmp(line, "[inset]", 7) == 0;
  if (ours || level <= LOG_WARNING || std::getenv("INSET_TEST_LOG")) std::fprintf(stderr, "%s\n", line);
  const std::lock_guard lock(log_mutex);
  log_lines.emplace_back(line);
}

}  // namespace

double thread_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// What obs-websocket offers to other modules, as far as the module uses it.
struct FakeWebsocket {
  static void get(void* data, calldata_t* call) {
    calldata_set_ptr(call, "ph", static_cast<BareObs*>(data)->websocket_);
  }
  static void vendor(void* data, calldata_t* call) { calldata_set_ptr(call, "vendor", data); }
  static void request(void* data, calldata_t* call) {
    const auto* callback = static_cast<BareObs::Request*>(calldata_ptr(call, "callback"));
    static_cast<BareObs*>(data)->requests_[calldata_string(call, "type")] = *callback;
    calldata_set_bool(call, "success", true);
  }
  static void event(void* data, calldata_t* call) {
    auto& self = *static_cast<BareObs*>(data);
    Json event = Json::parse(obs_data_get_json(static_cast<obs_data_t*>(calldata_ptr(call, "data"))));
    event["event"] = calldata_string(call, "type");
    const std::lock_guard lock(self.mutex_);
    self.events_.push_back(std::move(event));
  }
};

BareObs::BareObs(bool with_websocket) {
  char folder[] = "/tmp/bare_obs.XXXXXX";
  if (!mkdtemp(folder)) std::abort();
  config_ = folder;
  base_set_log_handler(keep_log, nullptr);
  static Display* const display = XOpenDisplay(nullptr);  // libobs does not take it over
  if (!display) {
    std::fprintf(stderr, "no X display: run this by xvfb-run\n");
    std::abort();
  }
  obs_set_nix_platform(OBS_NIX_PLATFORM_X11_EGL);
  obs_set_nix_platform_display(display);
  if (!obs_startup("en-US", config_.c_str(), nullptr)) std::abort();
  obs_set_ui_task_handler(queue_task);

  obs_video_info video{};
  video.graphics_module = "libobs-opengl.so.1";
  video.fps_num = 30;
  video.fps_den = 1;
  video.base_width = video.output_width = 1280;
  video.base_height = video.output_height = 720;
  video.output_format = VIDEO_FORMAT_RGBA;
  video.colorspace = VIDEO_CS_SRGB;
  video.range = VIDEO_RANGE_FULL;
  video.gpu_conversion = true;
  video.scale_type = OBS_SCALE_BILINEAR;
  if (obs_reset_video(&video) != OBS_VIDEO_SUCCESS) std::abort();
  obs_audio_info audio{};
  audio.samples_per_sec = 48000;
  audio.speakers = SPEAKERS_STEREO;
  if (!obs_reset_audio(&audio)) std::abort();
  up_ = true;

  if (with_websocket) {
    proc_handler_add(obs_get_proc_handler(), "bool obs_websocket_api_get_ph(out ptr ph)", FakeWebsocket::get, this);
    websocket_ = proc_handler_create();
    proc_handler_add(websocket_, "bool vendor_register(in string name, out ptr vendor)", FakeWebsocket::vendor, this);
    proc_handler_add(websocket_, "bool vendor_request_register(in ptr vendor, in string type, in ptr callback)",
                     FakeWebsocket::request, this);
    proc_handler_add(websocket_, "bool vendor_event_emit(in ptr vendor, in string type, in ptr data)",
                     FakeWebsocket::event, this);
  }
  scene_ = obs_scene_create("Scene");
  obs_set_output_source(0, obs_scene_get_source(scene_));
}

BareObs::~BareObs() {
  shut_down();
  std::error_code error;
  fs::remove_all(config_, error);
}

bool BareObs::load(const std::string& module, const std::string& data) {
  obs_module_t* loaded = nullptr;
  if (obs_open_module(&loaded, module.c_str(), data.c_str()) != MODULE_SUCCESS) return false;
  if (!obs_init_module(loaded)) return false;
  obs_post_load_modules();
  return true;
}

void BareObs::drop_scene() {
  obs_set_output_source(0, nullptr);
  if (scene_) obs_source_remove(obs_scene_get_source(scene_));
  scene_ = nullptr;
}

void BareObs::run_tasks() {
  for (;;) {
    Task task{};
    {
      const std::lock_guard lock(tasks_mutex);
      if (tasks.empty()) return;
      task = tasks.front();
      tasks.pop_front();
    }
    const int thread = static_cast<int>(gettid());
    const std::uint64_t read_before = bytes_read_by(thread);
    const double began = thread_milliseconds();
    const auto began_wall = Clock::now();
    task.run(task.data);
    longest_task_ = std::max(longest_task_, thread_milliseconds() - began);
    const std::chrono::duration<double, std::milli> wall = Clock::now() - began_wall;
    longest_task_wall_ = std::max(longest_task_wall_, wall.count());
    read_by_tasks_ += bytes_read_by(thread) - read_before;
  }
}

bool BareObs::run_until(const std::function<bool()>& done, milliseconds patience) {
  const auto end = Clock::now() + patience;
  for (;;) {
    run_tasks();
    if (done()) return true;
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(1ms);
  }
}

void BareObs::run_for(milliseconds time) {
  run_until([] { return false; }, time);
}

Json BareObs::request(const std::string& type, const Json& data) {
  Json answer;
  std::atomic<bool> over{false};
  std::thread caller([&] {
    answer = request_here(type, data);
    over = true;
  });
  run_until([&] { return over.load(); });
  caller.join();
  return answer;
}

Json BareObs::request_here(const std::string& type, const Json& data) {
  const auto found = requests_.find(type);
  if (found == requests_.end()) return {{"error", "no such request"}};
  const OBSDataAutoRelease in = obs_data_create_from_json(data.dump().c_str());
  const OBSDataAutoRelease out = obs_data_create();
  found->second.callback(in, out, found->second.data);
  return Json::parse(obs_data_get_json(out));
}

std::vector<Json> BareObs::events(const std::string& kind) const {
  const std::lock_guard lock(mutex_);
  std::vector<Json> out;
  for (const Json& event : events_) {
    if (kind.empty() || event["event"] == kind) out.push_back(event);
  }
  return out;
}

Json BareObs::insert(const Json& parameters, milliseconds patience) {
  const Json answer = request("insert", parameters);
  if (!answer.value("accepted", false)) return answer;
  Json last;
  run_until(
      [&] {
        for (const Json& event : events()) {
          const bool end = event["event"] == "done" || event["event"] == "failed";
          if (end && event["job"] == answer["job"]) last = event;
        }
        return !last.is_null();
      },
      patience);
  return last;
}

std::vector<std::string> BareObs::log(const std::string& part) const {
  const std::lock_guard lock(log_mutex);
  std::vector<std::string> out;
  for (const std::string& line : log_lines) {
    if (line.find(part) != std::string::npos) out.push_back(line);
  }
  return out;
}

bool BareObs::wait_until_shown(obs_source_t* source) {
  Picture small;
  const std::uint32_t width = obs_source_get_width(source);
  return width > 0 && run_until([&] {
           const Picture drawn = draw_and_read(4, 4, [&] { obs_source_video_render(source); });
           return std::any_of(drawn.pixels.begin(), drawn.pixels.end(), [](std::uint8_t value) { return value != 0; });
         });
}

Picture BareObs::read_back(obs_source_t* source) {
  return draw_and_read(obs_source_get_width(source), obs_source_get_height(source),
                       [&] { obs_source_video_render(source); });
}

milliseconds BareObs::shut_down() {
  if (!up_) return 0ms;
  up_ = false;
  const auto began = Clock::now();
  drop_scene();
  obs_shutdown();
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
  if (websocket_) proc_handler_destroy(std::exchange(websocket_, nullptr));
  run_tasks();  // what came too late must find out by itself
  return took;
}

Picture draw_and_read(std::uint32_t width, std::uint32_t height, const std::function<void()>& draw) {
  Picture out{width, height, {}};
  obs_enter_graphics();
  gs_texrender_t* target = gs_texrender_create(GS_RGBA, GS_ZS_NONE);
  gs_stagesurf_t* stage = gs_stagesurface_create(width, height, GS_RGBA);
  if (gs_texrender_begin(target, width, height)) {
    vec4 nothing{};
    gs_clear(GS_CLEAR_COLOR, &nothing, 0, 0);
    gs_ortho(0, static_cast<float>(width), 0, static_cast<float>(height), -100, 100);
    // OBS sets these two with each frame it draws, and a read-back may come before the first. Until then only one side
    // of a surface is drawn, and what is drawn here shows the other.
    const gs_cull_mode culled = gs_get_cull_mode();
    gs_set_cull_mode(GS_NEITHER);
    gs_enable_depth_test(false);
    gs_blend_state_push();
    gs_blend_function(GS_BLEND_ONE, GS_BLEND_ZERO);
    draw();
    gs_blend_state_pop();
    gs_set_cull_mode(culled);
    gs_texrender_end(target);
    gs_stage_texture(stage, gs_texrender_get_texture(target));
    std::uint8_t* rows = nullptr;
    std::uint32_t line = 0;
    if (gs_stagesurface_map(stage, &rows, &line)) {
      out.pixels.resize(std::size_t{width} * height * 4);
      for (std::uint32_t y = 0; y < height; ++y) {
        std::memcpy(&out.pixels[std::size_t{y} * width * 4], rows + std::size_t{y} * line, std::size_t{width} * 4);
      }
      gs_stagesurface_unmap(stage);
    }
  }
  gs_stagesurface_destroy(stage);
  gs_texrender_destroy(target);
  obs_leave_graphics();
  return out;
}

int largest_difference(const Picture& a, const Picture& b) {
  if (a.width != b.width || a.height != b.height || a.pixels.size() != b.pixels.size() || a.pixels.empty()) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

}  // namespace obs_test
