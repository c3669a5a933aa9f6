// SPDX-License-Identifier: GPL-2.0-or-later
// The host side of the contract for a program without a window: a canvas that is a folder, reports
// that are printed, and no forms. It runs one action to its end.
#pragma once

#include <string>

#include "easel/easel.h"
#include "headless/arguments.h"
#include "headless/canvas.h"
#include "headless/exit_code.h"
#include "headless/printer.h"
#include "headless/wake_up.h"

namespace easel {

class HeadlessHost {
 public:
  // All three must outlive the host.
  HeadlessHost(const Arguments& arguments, Canvas& canvas, Printer& printer);
  HeadlessHost(const HeadlessHost&) = delete;
  HeadlessHost& operator=(const HeadlessHost&) = delete;

  // Returns when the job has ended and the plugin is gone. [main]
  ExitCode run(const easel_entry& entry);

 private:
  static HeadlessHost& from(const easel_host* host) { return *static_cast<HeadlessHost*>(host->data); }

  // easel_host, easel_canvas and easel_report
  static const void* get(const easel_host* host, const char* id);
  static void wake(const easel_host* host);
  static void log(const easel_host* host, int32_t level, const char* text);
  static easel_status place(const easel_host* host, uint64_t target, const easel_image* image,
                            const easel_asset* asset);
  static void event(const easel_host* host, int64_t job, const char* kind, const easel_pair* pairs, size_t count);

  void pump_to_the_end(easel_plugin* plugin);

  static const easel_canvas kCanvas;
  static const easel_report kReport;

  const Arguments& arguments_;
  Canvas& canvas_;
  Printer& printer_;
  easel_host host_{};
  WakeUp wake_up_;
  Verdict verdict_;
  int64_t job_ = 0;
};

}  // namespace easel
