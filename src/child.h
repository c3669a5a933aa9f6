// SPDX-License-Identifier: GPL-2.0-or-later
// A program that this process starts and that ends with it. The host's signals, descriptors and memory are not passed
// on.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "fd.h"

namespace inset {

// The file with this name beside the one that this code was loaded from; empty if that cannot be told.
std::string beside_this_library(const std::string& name);

// One thread at a time. The program ends with this object at the latest, whatever it is doing.
class Child {
 public:
  struct Program {
    std::vector<std::string> words;                // a path, and its arguments
    std::vector<std::string> environment;          // "NAME=value"; all of it
    std::vector<std::pair<int, int>> descriptors;  // one here, and its number there. Those below 3 that are not named
                                                   // are inherited; every other one of ours is close-on-exec.
  };

  Child() = default;
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // 0, or an errno: then nothing runs, also if it is this process that has no descriptor left to watch it by. May be
  // called again after reap() and after an error.
  int start(const Program& program);

  // Readable when it has ended; -1 if it had ended, and the host had reaped it, before it could be watched.
  int pidfd() const { return pidfd_.get(); }

  // Waits so long for its end.
  bool has_ended(std::chrono::milliseconds patience = {}) const;

  // Time of the processor so far; 0 if nobody can tell.
  std::chrono::nanoseconds computed() const;

  void kill() const;

  // Waits for its end and says how that was, if this process hears of it.
  std::string reap();

  // After reap(): it ended by itself, with this status.
  bool exited_with(int status) const { return exited_ && status_ == status; }

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
  bool exited_ = false;
  int status_ = 0;
};

}  // namespace inset
