// SPDX-License-Identifier: GPL-2.0-or-later
#include "clock.h"

#include <time.h>

#include <array>
#include <fstream>

namespace inset {
namespace {

Time read_clock(clockid_t which) {
  timespec time{};
  clock_gettime(which, &time);
  return std::chrono::duration_cast<Time>(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

Time awake_now() { return read_clock(CLOCK_MONOTONIC); }
Time boot_now() { return read_clock(CLOCK_BOOTTIME); }

std::string boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

std::string utc_now() {
  const time_t now = ::time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

Timers::Id Timers::at(Time when, std::function<void()> call) {
  const Id id = next_id_++;
  calls_.emplace(std::pair(when, id), std::move(call));
  return id;
}

void Timers::cancel(Id id) {
  std::erase_if(calls_, [&](const auto& entry) { return entry.first.second == id; });
}

void Timers::fire(Time now) {
  // A call may set or cancel others, so each is taken out before it is made.
  while (!calls_.empty() && calls_.begin()->first.first <= now) {
    const auto call = std::move(calls_.begin()->second);
    calls_.erase(calls_.begin());
    call();
  }
}

std::optional<Time> Timers::next() const {
  if (calls_.empty()) return {};
  return calls_.begin()->first.first;
}

}  // namespace inset
