// SPDX-License-Identifier: GPL-2.0-or-later
#include "sign_in_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <utility>

namespace inset {
namespace {

constexpr Millis kRetry{50};
// Longer than one program holds it that reads what is kept, renews it and stores it, all of it slowly. In front of a
// longer queue, or of a program that was stopped, going on is better than never.
constexpr Millis kLimit = std::chrono::seconds(120);

}  // namespace

SignInLock::SignInLock(Timers& timers, std::filesystem::path file) : timers_(timers), path_(std::move(file)) {}

SignInLock::~SignInLock() { release(); }

void SignInLock::take(std::function<void(bool)> then) {
  release();
  then_ = std::move(then);
  wanted_ = awake_now();
  timer_ = timers_.at(wanted_, [this] { attempt(); });
}

void SignInLock::attempt() {
  timer_ = 0;
  Fd file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const bool held = file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
  const bool held_elsewhere = file && !held && errno == EWOULDBLOCK;
  if (held_elsewhere && awake_now() - wanted_ < kLimit) {
    timer_ = timers_.at(awake_now() + kRetry, [this] { attempt(); });
    return;
  }
  if (held) file_ = std::move(file);
  const auto then = std::exchange(then_, {});
  then(held);
}

void SignInLock::release() {
  timers_.cancel(std::exchange(timer_, 0));
  then_ = {};
  file_.reset();
}

}  // namespace inset
