// SPDX-License-Identifier: GPL-2.0-or-later
#include "child.h"

#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <filesystem>

namespace inset {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// The next number after this one, from 3, that is neither a descriptor's here nor one's there.
int next_unnamed(int after, const std::vector<std::pair<int, int>>& descriptors) {
  int number = std::max(after + 1, 3);
  while (std::ranges::any_of(descriptors, [&](const auto& d) { return d.first == number || d.second == number; })) {
    ++number;
  }
  return number;
}

// Where this code was loaded from; looked up then, for a relative path means something else once the host has changed
// its folder. Empty: that cannot be told.
const std::string& folder = *new std::string([] {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&pointers), &info) == 0 || !info.dli_fname) return std::string();
  try {
    return std::filesystem::absolute(info.dli_fname).parent_path().string();
  } catch (const std::exception&) {
    return std::string();
  }
}());  // never destroyed: a host may exit while a thread of ours starts a program

}  // namespace

std::string beside_this_library(const std::string& name) {
  return folder.empty() ? std::string() : folder + '/' + name;
}

Child::~Child() {
  if (!pidfd_) return;
  kill();
  reap();
}

int Child::start(const Program& program) {
  exited_ = false;
  const std::vector<char*> words = pointers(program.words);
  const std::vector<char*> environment = pointers(program.environment);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  // First all of them out of each other's way, whatever numbers they have here and are going to have.
  int between = 0;
  for (const auto& [here, there] : program.descriptors) {
    between = next_unnamed(between, program.descriptors);
    posix_spawn_file_actions_adddup2(&actions, here, between);
  }
  between = 0;
  for (const auto& [here, there] : program.descriptors) {
    between = next_unnamed(between, program.descriptors);
    posix_spawn_file_actions_adddup2(&actions, between, there);
    posix_spawn_file_actions_addclose(&actions, between);
  }
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  // Not fork(): that would copy the page tables of a host with gigabytes.
  const int error =
      posix_spawn(&pid_, program.words[0].c_str(), &actions, &attributes, words.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return error;
  pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  // A host that reaps every child may have taken this one already; what it left behind then tells by itself. The number
  // must not be used any more, as it may be another process's by now.
  if (pidfd_ || errno == ESRCH) return 0;
  // It may still run, and nobody could tell when it ends.
  const int unwatchable = errno;
  if (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  return unwatchable;
}

bool Child::has_ended(std::chrono::milliseconds patience) const {
  pollfd watched = {pidfd_.get(), POLLIN, 0};
  return !pidfd_ || ::poll(&watched, 1, static_cast<int>(patience.count())) > 0;
}

std::chrono::nanoseconds Child::computed() const {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void Child::kill() const {
  if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

std::string Child::reap() {
  if (!pidfd_) return "ended unseen";
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED);
  pidfd_.reset();
  if (result != 0) return "ended unseen";  // the host reaped it
  status_ = info.si_status;
  exited_ = info.si_code == CLD_EXITED;
  return exited_ ? "exit status " + std::to_string(status_) : "signal " + std::to_string(status_);
}

}  // namespace inset
