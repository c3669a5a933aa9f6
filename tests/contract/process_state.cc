// SPDX-License-Identifier: GPL-2.0-or-later
#include "process_state.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

extern char** environ;

namespace contract {
namespace {

namespace fs = std::filesystem;

std::string hex(uintptr_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "%zx", static_cast<size_t>(value));
  return text;
}

std::string disposition(int signal) {
  struct sigaction action {};
  if (sigaction(signal, nullptr, &action) != 0) return "unknown";
  // The handler shares its place with the one that takes more arguments.
  return hex(reinterpret_cast<uintptr_t>(action.sa_handler)) + " flags " +
         hex(static_cast<uintptr_t>(action.sa_flags & ~0x04000000));  // SA_RESTORER: libc's own affair
}

std::string blocked_signals() {
  sigset_t set;
  pthread_sigmask(SIG_SETMASK, nullptr, &set);
  std::string out;
  for (int signal = 1; signal < NSIG; ++signal)
    if (sigismember(&set, signal) == 1) out += std::to_string(signal) + " ";
  return out;
}

// Read, not set and set back: another thread could make a file in between.
std::string line_of_status(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":")) return line.substr(name.size() + 1);
  return {};
}

int memory_files_mapped() {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);)
    if (line.find("/memfd:") != std::string::npos) ++count;
  return count;
}

}  // namespace

ProcessState ProcessState::take() {
  ProcessState state;
  auto& facts = state.facts_;
  for (int signal = 1; signal < NSIG; ++signal) facts["signal " + std::to_string(signal)] = disposition(signal);
  facts["blocked signals"] = blocked_signals();
  facts["locale"] = std::setlocale(LC_ALL, nullptr);
  facts["umask"] = line_of_status("Umask");
  std::error_code code;
  facts["folder"] = fs::current_path(code).string();
  facts["dumpable"] = std::to_string(prctl(PR_GET_DUMPABLE));
  facts["name of the thread"] = line_of_status("Name");
  int reaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &reaper);
  facts["subreaper"] = std::to_string(reaper);
  for (int kind = 0; kind < RLIM_NLIMITS; ++kind) {
    rlimit limit{};
    getrlimit(static_cast<__rlimit_resource>(kind), &limit);
    facts["limit " + std::to_string(kind)] = std::to_string(limit.rlim_cur) + "/" + std::to_string(limit.rlim_max);
  }
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    facts["environment " + text.substr(0, text.find('='))] = text;
  }
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", code)) {
    const fs::path target = fs::read_symlink(entry.path(), code);
    // Gone already: the descriptor of this very listing.
    if (!code && target.string().find("/proc/") != 0) facts["descriptor " + entry.path().filename().string()] = target;
  }
  facts["memory files mapped"] = std::to_string(memory_files_mapped());
  return state;
}

std::string ProcessState::difference(const ProcessState& before, const ProcessState& after) {
  std::string out;
  for (const auto& [what, value] : before.facts_) {
    const auto found = after.facts_.find(what);
    const std::string now = found == after.facts_.end() ? "nothing" : found->second;
    if (now != value) out += what + ": was " + value + ", is " + now + "\n";
  }
  for (const auto& [what, value] : after.facts_)
    if (before.facts_.find(what) == before.facts_.end()) out += what + ": was nothing, is " + value + "\n";
  return out;
}

}  // namespace contract
