// SPDX-License-Identifier: GPL-2.0-or-later
// A signal that the host expects on its own threads must not arrive on ours.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace inset {

// While it lives, the calling thread takes no signal; a thread made meanwhile inherits that for good. [any]
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace inset
