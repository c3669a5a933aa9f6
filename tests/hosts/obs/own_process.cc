// SPDX-License-Identifier: GPL-2.0-or-later
#include "own_process.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

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
    const std::string name = name_of_thread(std::stoi(entry.path().filename()));
    if (name.rfind(beginning, 0) == 0) out.push_back(name);
  }
  return out;
}

std::string name_of_thread(int thread) {
  std::string name;
  std::getline(std::ifstream("/proc/self/task/" + std::to_string(thread) + "/comm"), name);
  return name;
}

std::uint64_t bytes_read_by(int thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/io");
  std::string key;
  std::uint64_t bytes = 0;
  while (file >> key >> bytes) {
    if (key == "rchar:") return bytes;
  }
  throw std::runtime_error("Linux does not say what a thread has read");
}

}  // namespace obs_test
