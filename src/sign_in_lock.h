// SPDX-License-Identifier: GPL-2.0-or-later
// Of all programs of the person one at a time changes what is kept of the sign-in: a refresh token that two of them use
// may be taken for a stolen one, and a renewed one that is stored late would undo a sign-out. One thread; nothing
// waits.
#pragma once

#include <filesystem>
#include <functional>

#include "clock.h"
#include "fd.h"

namespace inset {

class SignInLock {
 public:
  SignInLock(Timers& timers, std::filesystem::path file);
  ~SignInLock();
  SignInLock(const SignInLock&) = delete;
  SignInLock& operator=(const SignInLock&) = delete;

  // `then` comes once, never from inside, unless release() comes first. False: it cannot be had, or was not to be had
  // for two minutes.
  void take(std::function<void(bool)> then);

  // Whoever else has the descriptor goes on holding it.
  void release();

  int descriptor() const { return file_.get(); }  // -1 while it is not held

 private:
  void attempt();

  Timers& timers_;
  const std::filesystem::path path_;
  std::function<void(bool)> then_;
  Timers::Id timer_ = 0;
  Time wanted_{0};
  Fd file_;
};

}  // namespace inset
