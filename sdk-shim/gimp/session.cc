// SPDX-License-Identifier: GPL-2.0-or-later
#define G_LOG_DOMAIN "inset"  // for G_MESSAGES_DEBUG
#include "gimp/session.h"

#include <glib.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "loader/loader.h"

namespace easel::gimp {
namespace {

// A round trip to GIMP each time: often enough to look alive, seldom enough to cost nothing.
constexpr int64_t kProgressPeriod = 100'000;

// Beside the program.
std::string library_path() {
  std::error_code code;
  return (std::filesystem::read_symlink("/proc/self/exe", code).parent_path() / "libinset.so").string();
}

std::string words_of(std::string_view stage) {
  std::string out(stage);
  std::replace(out.begin(), out.end(), '_', ' ');
  if (!out.empty()) out[0] = g_ascii_toupper(out[0]);
  return out;
}

Outcome failure(std::string message) {
  Outcome out;
  out.message = std::move(message);
  return out;
}

}  // namespace

const AccountProcedure* account_procedure(const std::string& name) {
  const auto* const end = std::end(kAccountProcedures);
  const auto* const found =
      std::find_if(kAccountProcedures, end, [&](const AccountProcedure& one) { return name == one.name; });
  return found == end ? nullptr : found;
}

std::string title_of(const std::string& action) {
  constexpr std::string_view kAsks = "…";
  const easel_action* known = offered(action);
  std::string title = known != nullptr ? known->label : action;
  if (title.ends_with(kAsks)) title.resize(title.size() - kAsks.size());
  return title;
}

const easel_action* offered(const std::string& action) {
  const Loaded library = load(library_path());
  if (library.entry == nullptr) return nullptr;
  const easel_descriptor& about = *library.entry->descriptor;
  const auto* const end = about.actions + about.action_count;
  const auto* const found = std::find_if(about.actions, end, [&](const easel_action& one) { return action == one.id; });
  return found == end ? nullptr : found;
}

const easel_canvas Session::kCanvas{place, nullptr};
const easel_report Session::kReport{event};
const easel_form Session::kForm{ask, dismiss};

Session::Session(Editor& editor, Desk* desk, const char* host_name, const char* host_release)
    : editor_(editor), desk_(desk) {
  host_.version = {EASEL_VERSION_MAJOR, EASEL_VERSION_MINOR};
  host_.name = host_name;
  host_.release = host_release;
  host_.data = this;
  host_.get = get;
  host_.wake = wake;
  host_.log = log;
}

const void* Session::get(const easel_host* host, const char* id) {
  const std::string_view wanted = id != nullptr ? id : "";
  if (wanted == EASEL_CANVAS) return &kCanvas;
  if (wanted == EASEL_REPORT) return &kReport;
  if (wanted == EASEL_FORM && from(host).desk_ != nullptr) return &kForm;
  return nullptr;
}

// Ends the sleep in run(), or keeps the next one from beginning.
void Session::wake(const easel_host*) { g_main_context_wakeup(nullptr); }

void Session::log(const easel_host*, int32_t level, const char* text) {
  if (text != nullptr && level >= EASEL_WARNING) g_printerr("inset: %s\n", text);
}

easel_status Session::place(const easel_host* host, uint64_t target, const easel_image* image,
                            const easel_asset* asset) try {
  if (image == nullptr || asset == nullptr || image->pixels == nullptr || image->release == nullptr)
    return EASEL_INVALID;
  if (image->width == 0 || image->height == 0 || image->stride < uint64_t{4} * image->width) return EASEL_INVALID;
  if (image->format != EASEL_RGBA8) return EASEL_UNSUPPORTED;
  const int64_t began = g_get_monotonic_time();
  const easel_status status = from(host).editor_.place(target, *image, *asset);
  if (status < 0) return status;
  g_debug("placed in %d ms", static_cast<int>((g_get_monotonic_time() - began) / 1000));
  easel_image taken = *image;
  taken.release(&taken);
  return status;
} catch (const std::exception& problem) {
  g_printerr("inset: the layer could not be made: %s\n", problem.what());
  return EASEL_FAILED;
}

void Session::event(const easel_host* host, int64_t job, const char* kind, const easel_pair* pairs, size_t count) try {
  if (kind != nullptr) from(host).hear(job, kind, pairs, count);
} catch (const std::exception&) {
  // For want of memory; what it said is lost.
}

easel_status Session::ask(const easel_host* host, uint64_t request, const char* title, const char* accept,
                          const easel_field* fields, size_t count) try {
  from(host).editor_.end_progress();
  return from(host).desk_->ask(request, title, accept, fields, count);
} catch (const std::exception&) {
  return EASEL_FAILED;
}

void Session::dismiss(const easel_host* host, uint64_t request) try {
  from(host).desk_->dismiss(request);
} catch (const std::exception&) {
  // The window goes with the process.
}

std::string Session::value_of(const easel_pair* pairs, size_t count, const char* key) {
  for (size_t i = 0; i < count; ++i) {
    const easel_pair& pair = pairs[i];
    if (pair.key != nullptr && pair.value != nullptr && std::string_view(pair.key) == key) return pair.value;
  }
  return {};
}

void Session::hear(int64_t job, const std::string& kind, const easel_pair* pairs, size_t count) {
  const auto value = [&](const char* key) { return value_of(pairs, count, key); };
  if (kind == "told") editor_.message(value("title") + ": " + value("text"));
  if (job != job_) return;
  if (kind == "progress") {
    show_progress(pairs, count);
  } else if (kind == "placed") {
    ++outcome_.placed;
    if (const std::string note = value("note"); !note.empty()) editor_.message(note);
  } else if (kind == "rests") {
    editor_.message(value("message"));
  } else if (kind == "done") {
    outcome_.done = true;
    outcome_.message = value("text");
  } else if (kind == "failed") {
    outcome_.message = value("message");
    outcome_.cancelled = value("cause") == "cancelled" && value("paid") == "no";
    for (size_t i = 0; i < count; ++i) {
      if (std::string_view(pairs[i].key) == "choice") outcome_.message += std::string("\n") + pairs[i].value;
    }
  }
}

void Session::show_progress(const easel_pair* pairs, size_t count) {
  const std::string stage = value_of(pairs, count, "stage");
  const int64_t now = g_get_monotonic_time();
  if (stage == stage_ && now < progress_shown_at_ + kProgressPeriod) return;
  stage_ = stage;
  progress_shown_at_ = now;
  const std::string fraction = value_of(pairs, count, "fraction");
  // Signing in, signing out and asking who it is are one stage.
  const std::string text = stage == "signing_in" ? value_of(pairs, count, "text") : std::string();
  editor_.progress(text.empty() ? words_of(stage) : text,
                   fraction.empty() ? -1.0 : g_ascii_strtod(fraction.c_str(), nullptr));
}

Outcome Session::run(const std::string& action, uint64_t target, const Parameters& parameters,
                     const std::string& title) {
  const Loaded library = load(library_path());
  if (library.entry == nullptr) return failure(library.error);
  easel_plugin* plugin = library.entry->create(&host_);
  if (const std::string missing = missing_function(plugin); !missing.empty()) {
    return failure(std::string(library.entry->descriptor->name) + " cannot be used: " + missing);
  }
  if (desk_ != nullptr) desk_->open(plugin);

  std::vector<easel_pair> pairs;
  for (const auto& [key, value] : parameters) pairs.push_back({key.c_str(), value.c_str()});
  job_ = plugin->invoke(plugin, action.c_str(), target, pairs.data(), pairs.size());
  if (job_ > 0) {
    while (plugin->pump(plugin) > 0) g_main_context_iteration(nullptr, TRUE);
  } else {
    outcome_.message = action + " was refused";
  }
  const bool seen = outcome_.done && outcome_.placed > 0;
  if (desk_ != nullptr && !title.empty() && !outcome_.cancelled && !outcome_.message.empty() && !seen) {
    desk_->tell(outcome_.done ? EASEL_INFO : EASEL_WARNING, title, outcome_.message);
  }
  if (desk_ != nullptr) desk_->close();
  plugin->destroy(plugin);
  return outcome_;
}

}  // namespace easel::gimp
