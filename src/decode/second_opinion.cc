// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/second_opinion.h"

#include <new>
#include <utility>

#include "decode/jpeg_strict.h"
#include "signals.h"

namespace inset {

namespace {

constexpr std::size_t kAhead = 1u << 20;

}  // namespace

SecondOpinion::SecondOpinion() {
  const AllSignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return running_; });
}

SecondOpinion::~SecondOpinion() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Outcome SecondOpinion::feed(std::span<const std::byte> bytes) {
  std::unique_lock lock(mutex_);
  begun_ = true;
  changed_.wait(lock, [this] { return verdict_ || offered_.size() < kAhead; });
  if (verdict_) return *verdict_;
  const bool was_empty = offered_.empty();
  offered_.insert(offered_.end(), bytes.begin(), bytes.end());
  lock.unlock();
  if (was_empty) changed_.notify_all();
  return Nothing{};
}

Outcome SecondOpinion::finish() {
  std::unique_lock lock(mutex_);
  if (!begun_) return Nothing{};
  finished_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return verdict_.has_value(); });
  return *verdict_;
}

void SecondOpinion::run() {
  {
    const std::lock_guard lock(mutex_);
    running_ = true;
  }
  changed_.notify_all();
  Outcome verdict = Nothing{};
  try {
    verdict = read();
  } catch (const std::bad_alloc&) {
    verdict = make_error(Stage::decoding, Cause::out_of_memory, "There is not enough memory to open the picture.");
  }
  std::unique_lock lock(mutex_);
  verdict_ = std::move(verdict);
  changed_.notify_all();
  changed_.wait(lock, [this] { return stopped_; });
}

Outcome SecondOpinion::read() {
  JpegStrict strict;
  for (std::vector<std::byte> bytes; next(bytes); bytes.clear()) {
    if (Outcome good = strict.feed(bytes); !good) return good;
  }
  return strict.finish();
}

// False: there are no more.
bool SecondOpinion::next(std::vector<std::byte>& bytes) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || finished_ || !offered_.empty(); });
    if (stopped_) return false;
    std::swap(offered_, bytes);
  }
  changed_.notify_all();
  return !bytes.empty();
}

}  // namespace inset
