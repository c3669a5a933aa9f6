// SPDX-License-Identifier: GPL-2.0-or-later
// What this process holds and does: memory, descriptors, threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace obs_test {

long resident_kib();
// Where the open descriptors lead, but for those of the graphics driver and the like, which come and go by themselves.
std::vector<std::string> open_files();
// Threads whose name begins with this.
std::vector<std::string> threads_named(const std::string& beginning);

// The name of a thread, as far as Linux keeps it (15 bytes).
std::string name_of_thread(int thread);
// Bytes that a thread has read by calls so far, from whatever there is to read from.
std::uint64_t bytes_read_by(int thread);

}  // namespace obs_test
