// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel says of the program that runs the tests.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>
#include <vector>

namespace inset::test {

// The programs that it has started and not yet seen the end of.
inline std::vector<pid_t> children() {
  std::vector<pid_t> found;
  std::error_code error;
  for (std::filesystem::directory_iterator task("/proc/self/task", error), end; task != end; task.increment(error)) {
    std::ifstream list(task->path() / "children");
    for (pid_t child = 0; list >> child;) found.push_back(child);
  }
  return found;
}

// How many threads it has: the least of a while, since one that was joined is listed a moment longer, and one that was
// left behind for good.
inline std::size_t threads() {
  std::size_t least = SIZE_MAX;
  for (int i = 0; i < 50; ++i) {
    const auto list = std::filesystem::directory_iterator("/proc/self/task");
    least = std::min(least, static_cast<std::size_t>(std::distance(begin(list), end(list))));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return least;
}

}  // namespace inset::test
