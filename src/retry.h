// SPDX-License-Identifier: GPL-2.0-or-later
// When to try again: back-off for what failed, the polling schedule for what is being prepared, and the Retry-After
// header. Pure functions of time and chance; the caller brings both.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "error.h"

namespace inset {

using Millis = std::chrono::milliseconds;
using Time = std::chrono::milliseconds;  // since an arbitrary moment, by a clock that is never set

// A run of failures of one safe call. Capped exponential with full jitter: base 1 s, cap 30 s; 5 tries or 5 minutes,
// and 3 tries where the answer made no sense.
class Backoff {
 public:
  // How long to wait after `error` at `now`, or empty: waiting does not help, or the budget is used up. `chance` lies
  // in [0, 1). `asked_for` is what a Retry-After header said; the wait is at least that long.
  std::optional<Millis> next(const Error& error, Time now, double chance, std::optional<Millis> asked_for = {});

  void reset() { *this = Backoff{}; }
  int failures() const { return failures_; }

 private:
  int failures_ = 0;
  Time first_{0};
};

// How long to wait before asking again for a download that was accepted `age` ago: the first question at 2.5 s, then
// every 0.8 s until 12 s, every second until 60 s, every 5 s until 10 minutes; then empty: the job rests.
std::optional<Millis> poll_interval(Millis age, bool first);

constexpr Millis kPollLimit = std::chrono::minutes(10);

// A Retry-After header: seconds, or a date that is compared with the answer's own Date header (the machine's clock may
// be wrong). A date that has passed is 0; nonsense, or a date without a Date, is empty. At most 5 minutes.
std::optional<Millis> parse_retry_after(std::string_view value, std::string_view date);

}  // namespace inset
