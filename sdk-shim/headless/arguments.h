// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of `easel`, read and checked as far as possible without a plugin.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace easel {

struct Arguments {
  enum class Command { help, version, actions, run };

  Command command = Command::help;
  std::string plugin;  // empty: looked for beside the program
  std::string action;
  std::vector<std::pair<std::string, std::string>> pairs;
  std::string onto;  // empty: an empty canvas
  std::string out = ".";
  std::string data_dir;  // absolute; empty: the plugin's own
  std::optional<std::chrono::milliseconds> timeout;
  bool json = false;
  bool verbose = false;
};

// False, and a sentence in `error`, if the line cannot be understood.
bool parse_arguments(int count, const char* const* words, Arguments* arguments, std::string* error);

extern const char kHelpText[];

}  // namespace easel
