// SPDX-License-Identifier: GPL-2.0-or-later
#include "headless/headless_host.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include "loader/loader.h"

namespace easel {
namespace {

using Clock = std::chrono::steady_clock;

// A plugin answers a cancel within half a second. One that does not is left; this much it gets on a
// busy machine.
constexpr std::chrono::seconds kPatience{10};

int milliseconds_until(std::optional<Clock::time_point> moment, Clock::time_point now) {
  if (!moment) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*moment - now).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1'000'000'000));
}

// The sooner of two sleeps, where -1 has no end.
int sooner(int a, int b) { return a < 0 ? b : b < 0 ? a : std::min(a, b); }

}  // namespace

const easel_canvas HeadlessHost::kCanvas{place, nullptr};
const easel_report HeadlessHost::kReport{event};

HeadlessHost::HeadlessHost(const Arguments& arguments, Canvas& canvas, Printer& printer)
    : arguments_(arguments), canvas_(canvas), printer_(printer) {
  host_.version = {EASEL_VERSION_MAJOR, EASEL_VERSION_MINOR};
  host_.name = "easel";
  host_.release = EASEL_PROGRAM_VERSION;
  host_.data_dir = arguments.data_dir.empty() ? nullptr : arguments.data_dir.c_str();
  host_.data = this;
  host_.get = get;
  host_.wake = wake;
  host_.log = log;
}

const void* HeadlessHost::get(const easel_host*, const char* id) {
  if (id == nullptr) return nullptr;
  if (std::string_view(id) == EASEL_CANVAS) return &kCanvas;
  if (std::string_view(id) == EASEL_REPORT) return &kReport;
  return nullptr;
}

void HeadlessHost::wake(const easel_host* host) { from(host).wake_up_.notify(); }

// The functions below are called by the plugin, and no exception may reach it.

void HeadlessHost::log(const easel_host* host, int32_t level, const char* text) try {
  HeadlessHost& self = from(host);
  if (text != nullptr && (level >= EASEL_WARNING || self.arguments_.verbose)) self.printer_.complain(text);
} catch (const std::exception&) {
  // A line of the log is lost, for want of memory.
}

easel_status HeadlessHost::place(const easel_host* host, uint64_t, const easel_image* image,
                                 const easel_asset* asset) try {
  if (image == nullptr || asset == nullptr || image->pixels == nullptr || image->release == nullptr)
    return EASEL_INVALID;
  if (image->width == 0 || image->height == 0 || image->stride < uint64_t{4} * image->width) return EASEL_INVALID;
  if (image->format != EASEL_RGBA8) return EASEL_UNSUPPORTED;

  HeadlessHost& self = from(host);
  std::string error;
  if (!self.canvas_.place(*image, *asset, &error)) {
    self.printer_.complain(error);
    return EASEL_FAILED;
  }
  easel_image taken = *image;
  taken.release(&taken);
  return EASEL_OK;
} catch (const std::exception&) {
  std::fputs("easel: the picture cannot be written: out of memory\n", stderr);
  return EASEL_FAILED;
}

void HeadlessHost::event(const easel_host* host, int64_t job, const char* kind, const easel_pair* pairs,
                         size_t count) try {
  if (kind == nullptr || (pairs == nullptr && count > 0)) return;
  HeadlessHost& self = from(host);
  const Event news{job, kind, pairs, count};
  if (job == self.job_) self.verdict_.hear(news);
  self.printer_.event(news, self.canvas_);
} catch (const std::exception&) {
  // What decides the exit status has been heard; what was to be printed is lost, for want of
  // memory.
}

ExitCode HeadlessHost::run(const easel_entry& entry) {
  if (!wake_up_.works()) {
    printer_.complain("the system has no descriptor left");
    return kThisMachine;
  }
  easel_plugin* plugin = entry.create(&host_);
  if (const std::string missing = missing_function(plugin); !missing.empty()) {
    printer_.complain(std::string(entry.descriptor->name) + " cannot be used: " + missing);
    return kThisMachine;
  }

  std::vector<easel_pair> pairs;
  for (const auto& [key, value] : arguments_.pairs) pairs.push_back({key.c_str(), value.c_str()});
  job_ = plugin->invoke(plugin, arguments_.action.c_str(), 0, pairs.data(), pairs.size());
  if (job_ > 0) {
    pump_to_the_end(plugin);
  } else {
    printer_.complain(arguments_.action + " was refused by " + entry.descriptor->name);
  }
  plugin->destroy(plugin);
  printer_.finish();
  if (job_ <= 0) return job_ == EASEL_INVALID ? kUsage : kThisMachine;
  if (!verdict_.ended()) {
    printer_.complain(verdict_.code() == kMayBePaid
                          ? "left before the end; the picture may have been paid for, \"easel run "
                            "resume\" fetches it"
                          : "left before the end");
  }
  if (std::ferror(stdout) != 0) {
    printer_.complain("standard output cannot be written; what was said there is lost");
    if (verdict_.code() == kDone && !verdict_.placed()) return kThisMachine;
  }
  return verdict_.code();
}

void HeadlessHost::pump_to_the_end(easel_plugin* plugin) {
  std::optional<Clock::time_point> time_up;
  if (arguments_.timeout) time_up = Clock::now() + *arguments_.timeout;
  std::optional<Clock::time_point> lost_patience;  // set once the plugin has been told to cancel

  for (;;) {
    // Signals are looked at before pump(): what happened until now is heard even if the program
    // then leaves.
    const int interrupts = WakeUp::interrupts();
    const auto now = Clock::now();
    const bool late = time_up && now >= *time_up;
    if (late) verdict_.time_is_up();
    if (interrupts > 0) verdict_.interrupted();
    if ((late || interrupts > 0) && !lost_patience) {
      plugin->cancel(plugin, 0);
      lost_patience = now + kPatience;
      time_up.reset();
    }
    if (plugin->pump(plugin) == 0) return;
    if (interrupts > 1 || (lost_patience && now >= *lost_patience)) return;

    const int drawing = printer_.tick();
    wake_up_.wait(sooner(drawing, milliseconds_until(lost_patience ? lost_patience : time_up, now)));
  }
}

}  // namespace easel
