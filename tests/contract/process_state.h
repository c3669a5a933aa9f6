// SPDX-License-Identifier: GPL-2.0-or-later
// What a guest in somebody else's process must leave as it was. Taken before and after, and
// compared.
#pragma once

#include <map>
#include <string>

namespace contract {

class ProcessState {
 public:
  static ProcessState take();

  // A line for each thing that differs; empty if all is as it was.
  static std::string difference(const ProcessState& before, const ProcessState& after);

 private:
  // Signal dispositions, signal mask, locale, umask, folder, limits, environment, descriptors,
  // shared pictures.
  std::map<std::string, std::string> facts_;
};

}  // namespace contract
