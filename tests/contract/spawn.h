// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a program and gathers what it says.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace contract {

struct Spawn {
  std::vector<std::string> words;                                 // the program first
  std::string folder;                                             // empty: this one's
  std::optional<std::map<std::string, std::string>> environment;  // all of it; none: this one's
  uint64_t most_bytes_in_a_file = 0;                              // 0: no limit
  bool terminal = false;           // both outputs are one terminal of 60 columns; its text is `out`
  bool ignores_interrupt = false;  // as in the background of a script
};

struct Finished {
  int status = -1;  // exit status, or -1 if a signal ended it
  int signal = 0;
  std::string out;
  std::string err;
};

class Program {
 public:
  explicit Program(const Spawn& spawn);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();  // kills what still runs

  void send(int signal) const;
  pid_t pid() const { return pid_; }

  // Reads until this text has come on either output. False if it ended, or the time was up, before.
  bool says(const std::string& text, std::chrono::milliseconds time = std::chrono::seconds(20));

  // Reads until it has ended; kills it when the time is up.
  Finished finish(std::chrono::milliseconds time = std::chrono::seconds(60));

 private:
  bool read_some(std::chrono::milliseconds time);

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Finished finished_;
};

Finished run(const Spawn& spawn);

}  // namespace contract
