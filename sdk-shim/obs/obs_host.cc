// SPDX-License-Identifier: GPL-2.0-or-later
#include "obs_host.h"

#include <obs-frontend-api.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <utility>

#include "form_library.h"
#include "loader/loader.h"
#include "log.h"
#include "picture_source.h"
#include "scenes.h"
#include "ui_thread.h"
#include "vendor.h"

namespace inset_obs {
namespace {

// On the UI thread; null before the start and after the end.
ObsHost* instance = nullptr;
std::atomic<std::thread::id> ui_thread;
std::atomic<std::int64_t> last_job{0};

ObsHost& of(const easel_host* host) { return *static_cast<ObsHost*>(host->data); }

int log_level(std::int32_t level) {
  switch (level) {
    case EASEL_DEBUG: return LOG_DEBUG;
    case EASEL_INFO: return LOG_INFO;
    case EASEL_WARNING: return LOG_WARNING;
    default: return LOG_ERROR;
  }
}

// What the plugin calls: no exception may reach it.
template <class T, class F>
T guarded(T otherwise, F f) {
  try {
    return f();
  } catch (const std::exception& failure) {
    say(LOG_ERROR, failure.what());
    return otherwise;
  }
}

// Where the plugin lies, seen from the module: beside it in a folder of its own (a person's plugin folder), or in the
// folder of our own next to the system's plugin folder, where OBS would take every library for a module.
std::string find_plugin(const std::string& folder) {
  for (const char* place : {"/inset/inset.so", "/../inset/inset.so", "/../lib/inset/inset.so"}) {
    if (std::string path = folder + place; access(path.c_str(), R_OK) == 0) return path;
  }
  return folder + "/inset/inset.so";
}

}  // namespace

// ---- start and end ----

ObsHost* ObsHost::current() { return instance; }
bool ObsHost::is_ui_thread() { return ui_thread.load() == std::this_thread::get_id(); }
bool ObsHost::is_busy_here() { return is_ui_thread() && instance && instance->busy_ > 0; }
std::int64_t ObsHost::next_job() { return ++last_job; }

std::string ObsHost::start(const std::string& loaded_from) {
  ui_thread = std::this_thread::get_id();
  const std::string path = find_plugin(loaded_from);
  const easel::Loaded loaded = easel::load(path);
  if (!loaded.entry) return loaded.error;
  const FormLibrary library = open_form_library(path.substr(0, path.find_last_of('/')));
  const easel_descriptor& about = *loaded.entry->descriptor;
  auto host = std::make_unique<ObsHost>(about, library.table);
  if (!host->start_plugin(*loaded.entry)) return path + " cannot be started";
  instance = host.release();
  say(LOG_INFO, std::string(about.name) + " " + about.release + ", built for OBS " +
                    std::to_string(LIBOBS_API_MAJOR_VER) + "." + std::to_string(LIBOBS_API_MINOR_VER) + ", in OBS " +
                    obs_get_version_string() + ": " + library.remark);
  return {};
}

ObsHost::ObsHost(const easel_descriptor& about, const easel_qt* windows)
    : about_(about),
      has_frontend_(obs_frontend_get_main_window() != nullptr),
      release_(obs_get_version_string()),
      windows_(windows),
      preferences_(read_preferences()) {
  if (windows_) {
    easel_qt_listener listener{};
    listener.data = this;
    listener.answered = [](void* data, uint64_t request, int32_t accepted, const easel_pair* pairs, size_t count) {
      static_cast<ObsHost*>(data)->answered(request, accepted != 0, pairs, count);
    };
    listener.changed = [](void* data, uint64_t request, const char* key, const char* value) {
      auto& self = *static_cast<ObsHost*>(data);
      {
        const Busy busy(self);
        self.plugin_->changed(self.plugin_, request, key, value);
      }
      self.attend();
    };
    listener.cancelled = [](void* data, int64_t job) {
      auto& self = *static_cast<ObsHost*>(data);
      {
        const Busy busy(self);
        self.plugin_->cancel(self.plugin_, job);
      }
      self.attend();
    };
    listener.text = [](void*, const char* key) -> const char* {
      const char* text = nullptr;
      return obs_module_get_string(key, &text) ? text : nullptr;
    };
    ui_ = windows_->create(obs_frontend_get_main_window(), &listener);
  }
  host_.version = {EASEL_VERSION_MAJOR, EASEL_VERSION_MINOR};
  host_.name = "OBS Studio";
  host_.release = release_.c_str();
  host_.data = this;
  host_.get = get;
  host_.wake = [](const easel_host*) { nudge_ui(); };
  host_.log = [](const easel_host*, int32_t level, const char* text) {
    guarded(0, [&] { return say(log_level(level), text ? text : ""), 0; });
  };
}

ObsHost::~ObsHost() {
  ++busy_;  // for good: nothing may come in here any more
  if (plugin_) plugin_->destroy(plugin_);
  if (ui_) windows_->destroy(ui_);
}

bool ObsHost::start_plugin(const easel_entry& entry) {
  const Busy busy(*this);
  plugin_ = entry.create(&host_);
  if (easel::missing_function(plugin_).empty()) return true;
  plugin_ = nullptr;
  return false;
}

void ObsHost::stop() {
  if (!instance) return;
  Vendor::close();
  // The instance stays known until it is gone, so that a wake() in between finds it busy.
  delete instance;
  instance = nullptr;
  run_ui_tasks();
}

// ---- the loop ----

void ObsHost::run_ui_tasks() {
  if (instance) return instance->attend();
  take_nudge();
  while (UiTask task = next_ui_task()) task(nullptr);
}

void ObsHost::attend() {
  if (busy_ > 0) return;  // whoever is busy comes here afterwards
  do {
    while (UiTask task = next_ui_task()) task(this);
    pump();
  } while (take_nudge());
}

void ObsHost::pump() {
  const Busy busy(*this);
  plugin_->pump(plugin_);
}

// ---- jobs ----

std::uint64_t ObsHost::begin(const Values& values, Target target, Job job) {
  std::vector<easel_pair> pairs;
  for (const auto& [key, value] : values) pairs.push_back({key.c_str(), value.c_str()});
  job.target = next_target_++;
  targets_[job.target] = std::move(target);
  const std::uint64_t its_target = job.target;
  std::int64_t key = 0;
  {
    const Busy busy(*this);
    key = plugin_->invoke(plugin_, job.action.c_str(), its_target, pairs.data(), pairs.size());
  }
  if (key > 0) {
    jobs_.emplace(key, std::move(job));
  } else {
    targets_.erase(its_target);
    fail_at_once(job, "\"" + job.action + "\" does not take these parameters.");
  }
  return key > 0 ? its_target : 0;
}

void ObsHost::fail_at_once(const Job& job, const std::string& message) {
  const Pairs pairs{{"stage", "requesting"}, {"cause", "parameter_wrong"}, {"http_status", "0"},
                    {"paid", "no"},          {"retry", "never"},           {"message", message}};
  Vendor::event(job.number, "failed", pairs);
  if (job.listener) job.listener("failed", pairs);
}

void ObsHost::at_click(const std::string& action, const Values& values) {
  const bool insert = action == "insert";
  if (insert && !ui_) return say(LOG_WARNING, word("Menu.NoForms"));
  for (const auto& [key, job] : jobs_) {
    if (!job.with_windows || job.action != action) continue;
    if (!forms_.empty()) return windows_->raise(ui_, forms_.back());
    if (insert && job.asks) return;  // its form is on the way
  }
  Target target;
  Values begun = values;
  if (insert) {
    if (const OBSSourceAutoRelease scene = current_scene(has_frontend_); scene)
      target.scene = obs_source_get_weak_source(scene);
    begun.insert(preferences_.last_values.begin(), preferences_.last_values.end());
  }
  const std::uint64_t its_target = begin(begun, std::move(target), Job{next_job(), 0, action, true, {}, insert});
  if (insert) clicked_target_ = its_target;
  attend();
}

const char* ObsHost::label_of(std::string_view action) const {
  const auto end = about_.actions + about_.action_count;
  const auto found = std::find_if(about_.actions, end, [&](const easel_action& one) { return action == one.id; });
  return found == end ? nullptr : found->label;
}

void ObsHost::show_file(const std::string& path) {
  if (ui_) {
    windows_->show_file(ui_, path.c_str());
  } else {
    say(LOG_INFO, "The original is " + path);
  }
}

void ObsHost::run(std::int64_t job, const std::string& action, const Values& values, std::optional<bool> visible,
                  Listener listener) {
  const OBSSourceAutoRelease scene = current_scene(has_frontend_);
  Target target;
  if (scene) target.scene = obs_source_get_weak_source(scene);
  target.visible = visible;
  begin(values, std::move(target), Job{job, 0, action, false, std::move(listener)});
  attend();
}

void ObsHost::cancel(std::int64_t number) {
  for (const auto& [key, job] : jobs_) {
    if (number != 0 && job.number != number) continue;
    const Busy busy(*this);
    plugin_->cancel(plugin_, key);
  }
  attend();
}

bool ObsHost::is_live() const {
  return has_frontend_ && (obs_frontend_streaming_active() || obs_frontend_recording_active());
}

void ObsHost::remember(const Preferences& preferences) {
  if (preferences == preferences_) return;
  preferences_ = preferences;
  write_preferences(preferences_);
}

// ---- pictures ----

easel_status ObsHost::place(std::uint64_t target, const easel_image& image, const easel_asset& asset) {
  if (!image.pixels || !image.release || image.width == 0 || image.height == 0 ||
      image.stride < std::uint64_t{image.width} * 4) {
    return EASEL_INVALID;
  }
  if (image.format != EASEL_RGBA8) return EASEL_UNSUPPORTED;
  const auto found = targets_.find(target);
  OBSSourceAutoRelease scene;
  if (found != targets_.end() && found->second.scene) {
    scene = obs_weak_source_get_source(found->second.scene);
  } else {
    scene = current_scene(has_frontend_);
  }
  // A scene that was deleted lives on while something, such as the undo list, still holds it.
  if (!scene || obs_source_removed(scene)) return EASEL_GONE;

  const bool visible = found != targets_.end() && found->second.visible ? *found->second.visible : !is_live();
  OBSSourceAutoRelease source = make_picture_source(asset, image.width, image.height);
  const std::shared_ptr<Picture> picture = source ? picture_of(source) : nullptr;
  if (!picture || !put_into_scene(scene, source, visible)) return EASEL_FAILED;
  picture->bring(image);
  say(LOG_INFO, std::string("placed: \"") + obs_source_get_name(source) + "\" in \"" + obs_source_get_name(scene) +
                    "\"" + (visible ? "" : ", hidden"));
  return EASEL_OK;
}

void ObsHost::open(const std::string& path, const std::shared_ptr<Picture>& picture) {
  std::int64_t request = 0;
  {
    const Busy busy(*this);
    request = plugin_->open(plugin_, path.c_str());
  }
  if (request > 0) {
    reading_[static_cast<std::uint64_t>(request)] = picture;
  } else {
    say(LOG_WARNING, path + " is not in the folder of originals, and is not read.");
    picture->give_up(Picture::State::foreign);
  }
}

bool ObsHost::keeps(const std::string& path) {
  const Busy busy(*this);
  return plugin_->open(plugin_, path.c_str()) > 0;  // nobody waits for what it reads
}

void ObsHost::complain(const std::string& text) {
  say(LOG_WARNING, text);
  if (ui_) windows_->tell(ui_, EASEL_WARNING, word("Source.Name"), text.c_str());
}

easel_status ObsHost::opened(std::uint64_t request, easel_status status, const easel_image* image) {
  const auto found = reading_.find(request);
  const std::shared_ptr<Picture> picture = found == reading_.end() ? nullptr : found->second.lock();
  if (found != reading_.end()) reading_.erase(found);
  if (!picture) return EASEL_GONE;
  if (status < 0 || !image) {
    picture->give_up(status == EASEL_GONE ? Picture::State::missing : Picture::State::damaged);
    return EASEL_OK;
  }
  picture->bring(*image);
  return EASEL_OK;
}

// ---- reports ----

void ObsHost::hear(std::int64_t key, const std::string& kind, const Pairs& pairs) {
  const Values values(pairs.begin(), pairs.end());
  const auto found = jobs_.find(key);
  // What the plugin does of its own accord has no job.
  Job nobody{0, 0, {}, true, {}};
  Job& job = found == jobs_.end() ? nobody : found->second;
  Vendor::event(job.number, kind, pairs);
  if (job.listener) job.listener(kind, pairs);
  if (kind == "failed" || kind == "rests") {
    say(LOG_WARNING, kind + ": " + value_of(values, "cause") + ": " + value_of(values, "message"));
  }
  if (ui_) {
    show(job, key, kind, values);
  } else if (kind == "told") {
    say(LOG_INFO, value_of(values, "title") + ": " + value_of(values, "text"));
  }
  if (const auto target = targets_.find(job.target); kind == "placed" && target != targets_.end()) {
    Preferences now = preferences_;
    if (!target->second.filled_in.empty()) now.last_values = std::exchange(target->second.filled_in, {});
    remember(now);
  }
  if ((kind == "done" || kind == "failed") && found != jobs_.end()) {
    targets_.erase(found->second.target);
    jobs_.erase(found);
  }
}

// ---- the tables of easel.h ----

const easel_canvas ObsHost::kCanvas{
    [](const easel_host* host, uint64_t target, const easel_image* image, const easel_asset* asset) -> easel_status {
      if (!image || !asset) return EASEL_INVALID;
      return guarded<easel_status>(EASEL_FAILED, [&] { return of(host).place(target, *image, *asset); });
    },
    [](const easel_host* host, uint64_t request, easel_status status, const easel_image* image) -> easel_status {
      return guarded<easel_status>(EASEL_FAILED, [&] { return of(host).opened(request, status, image); });
    }};

const easel_report ObsHost::kReport{
    [](const easel_host* host, int64_t job, const char* kind, const easel_pair* pairs, size_t count) {
      guarded(0, [&] {
        Pairs copy;
        for (size_t i = 0; i < count; ++i) copy.emplace_back(pairs[i].key, pairs[i].value ? pairs[i].value : "");
        of(host).hear(job, kind ? kind : "", copy);
        return 0;
      });
    }};

const easel_form ObsHost::kForm{
    [](const easel_host* host, uint64_t request, const char* title, const char* accept, const easel_field* fields,
       size_t count) -> easel_status {
      return guarded<easel_status>(EASEL_FAILED, [&] { return of(host).ask(request, title, accept, fields, count); });
    },
    [](const easel_host* host, uint64_t request) {
      guarded(0, [&] {
        ObsHost& self = of(host);
        std::erase(self.forms_, request);
        self.windows_->dismiss(self.ui_, request);
        return 0;
      });
    }};

const void* ObsHost::get(const easel_host* host, const char* id) {
  const std::string_view name = id ? id : "";
  if (name == EASEL_CANVAS) return &kCanvas;
  if (name == EASEL_REPORT) return &kReport;
  if (name == EASEL_FORM && of(host).ui_) return &kForm;
  return nullptr;
}

}  // namespace inset_obs
