// SPDX-License-Identifier: GPL-2.0-or-later
// The clocks, and what is to happen later. Nothing in the engine is decided by the time of day.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "retry.h"

namespace inset {

Time awake_now();       // stands still while the computer sleeps: for waits and budgets
Time boot_now();        // goes on while it sleeps: for the life of a token
std::string boot_id();  // tells one run of the computer from the next; may be empty
std::string utc_now();  // "2026-01-31T12:00:00Z", for people

// Calls to be made at a time. One thread.
class Timers {
 public:
  using Id = std::uint64_t;
  Id at(Time when, std::function<void()> call);
  void cancel(Id id);  // 0 or a past id: nothing
  void fire(Time now);
  std::optional<Time> next() const;

 private:
  std::map<std::pair<Time, Id>, std::function<void()>> calls_;
  Id next_id_ = 1;
};

}  // namespace inset
