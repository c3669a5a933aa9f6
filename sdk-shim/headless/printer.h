// SPDX-License-Identifier: GPL-2.0-or-later
// What the program says while a job runs: to people, or as one JSON object a line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "easel/easel.h"
#include "headless/canvas.h"
#include "headless/event.h"

namespace easel {

class Printer {
 public:
  virtual ~Printer() = default;

  virtual void actions(const easel_descriptor& plugin) = 0;

  // `canvas` tells where a placed picture went.
  virtual void event(const Event& event, const Canvas& canvas) = 0;

  // A line on standard error, in either form: for the log, and for what this program itself has to
  // say.
  virtual void complain(const std::string& text) = 0;

  // Called at least as often as it asks for: draws what was held back. Returns after how many
  // milliseconds it wants to be called again, or -1.
  virtual int tick() { return -1; }

  // After the last event.
  virtual void finish() {}
};

std::unique_ptr<Printer> make_json_printer();
std::unique_ptr<Printer> make_people_printer();

}  // namespace easel
