// SPDX-License-Identifier: GPL-2.0-or-later
#include "own_process.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace obs_test {

namespace fs = std::filesystem;

long resident_kib() {
  long size = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

std::vector<std::string> open_files() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = fs::read_symlink(entry.path(), error);
    if (!error && target.find("/proc/") != 0) out.push_back(target.substr(0, target.find(":[")));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> threads_named(const std::string& beginning) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    if (name.rfind(beginning, 0) == 0) out.push_back(name);
  }
  return out;
}

}  // namespace obs_test
