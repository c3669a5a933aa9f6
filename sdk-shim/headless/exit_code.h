// SPDX-License-Identifier: GPL-2.0-or-later
// What the program's exit status says about a job, for scripts that look at nothing else.
//
// One rule stands above the table of causes: whenever money may have been spent and the picture is
// not on the canvas, the status is 6 and says nothing else.
#pragma once

#include <string_view>

#include "headless/event.h"

namespace easel {

enum ExitCode : int {
  kDone = 0,
  kThisMachine = 1,
  kUsage = 2,
  kSignIn = 3,
  kRefused = 4,
  kLater = 5,
  kMayBePaid = 6,
  kUnusableData = 7,
  kCancelled = 8,
};

// The status of a job that failed for this cause and has certainly cost nothing. A cause that is
// not known here counts as this machine's fault.
ExitCode code_of_cause(std::string_view cause);

// Hears all events of one job and gives the status at any moment.
class Verdict {
 public:
  void hear(const Event& event);

  // The host itself cancelled, because its time was up or because the person asked for it.
  void time_is_up() { timed_out_ = true; }
  void interrupted() { interrupted_ = true; }

  bool ended() const { return ended_; }
  bool placed() const { return placed_; }

  // Of a job that has ended; or of one that had to be left: then all that counts is how far it had
  // come.
  ExitCode code() const;

 private:
  bool ended_ = false;
  bool failed_ = false;
  bool cancelled_ = false;
  bool maybe_paid_ = false;
  bool placed_ = false;
  bool some_rest_ = false;
  bool may_have_ordered_ = false;
  bool timed_out_ = false;
  bool interrupted_ = false;
  ExitCode of_cause_ = kThisMachine;
};

}  // namespace easel
