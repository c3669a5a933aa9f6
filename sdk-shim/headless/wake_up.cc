// SPDX-License-Identifier: GPL-2.0-or-later
#include "headless/wake_up.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace easel {
namespace {

std::atomic<int> interrupt_count{0};
std::atomic<int> descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler uses these");

constexpr int kEndingSignals[] = {SIGINT, SIGTERM, SIGHUP};

void post(int fd) {
  const uint64_t one = 1;
  // The counter can only be full if nobody has read for 2^64 calls; then the sleeper is awake
  // anyway.
  [[maybe_unused]] const ssize_t ignored = ::write(fd, &one, sizeof one);
}

void on_ending_signal(int) {
  const int saved = errno;
  if (interrupt_count.fetch_add(1) + 1 >= 2)
    for (const int each : kEndingSignals) std::signal(each, SIG_DFL);
  post(descriptor.load());
  errno = saved;
}

// A closed pipe on standard output and a full quota are errors of one write() then. A handler and
// not SIG_IGN: programs that the plugin starts would inherit that.
void on_write_signal(int) {}

void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

WakeUp::WakeUp() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  descriptor = fd_;
  if (fd_ < 0) return;
  for (const int signal : kEndingSignals)
    if (!is_ignored(signal)) install(signal, on_ending_signal);
  for (const int signal : {SIGPIPE, SIGXFSZ}) install(signal, on_write_signal);
}

void WakeUp::notify() const { post(fd_); }

void WakeUp::wait(int milliseconds) const {
  pollfd entry{fd_, POLLIN, 0};
  if (::poll(&entry, 1, milliseconds) <= 0) return;
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t ignored = ::read(fd_, &count, sizeof count);
}

int WakeUp::interrupts() { return interrupt_count.load(); }

}  // namespace easel
