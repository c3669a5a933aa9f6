// SPDX-License-Identifier: GPL-2.0-or-later
// JpegStrict in a thread of its own, so that nobody who decodes a picture has to wait for it. A progressive file costs
// it nearly half as much as the decode itself.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "error.h"

namespace inset {

class SecondOpinion {
 public:
  // Starts the thread, and may throw std::system_error. To start and to end it takes system calls that a process may
  // have given up meanwhile; so it runs when this returns, and lasts until the destructor.
  SecondOpinion();
  ~SecondOpinion();
  SecondOpinion(const SecondOpinion&) = delete;
  SecondOpinion& operator=(const SecondOpinion&) = delete;

  // The next bytes of a JPEG. They are copied; waits only for one that is a megabyte behind. Fails with what was found
  // so far, which may be about bytes that came long before.
  Outcome feed(std::span<const std::byte> bytes);

  // There are no more bytes. Waits for the last word; good at once if there never were any.
  Outcome finish();

 private:
  void run();
  Outcome read();
  bool next(std::vector<std::byte>& bytes);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::byte> offered_;  // the mutex guards all down to verdict_
  bool running_ = false;
  bool begun_ = false;
  bool finished_ = false;
  bool stopped_ = false;
  std::optional<Outcome> verdict_;
  std::thread thread_;
};

}  // namespace inset
