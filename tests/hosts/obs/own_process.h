// SPDX-License-Identifier: GPL-2.0-or-later
// What this process holds: memory, descriptors, threads.
#pragma once

#include <string>
#include <vector>

namespace obs_test {

long resident_kib();
// Where the open descriptors lead, but for those of the graphics driver and the like, which come and go by themselves.
std::vector<std::string> open_files();
// Threads whose name begins with this.
std::vector<std::string> threads_named(const std::string& beginning);

}  // namespace obs_test
