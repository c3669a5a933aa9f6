// SPDX-License-Identifier: GPL-2.0-or-later
// The decoder as the worker sees it: a thread of this process that feeds a box and waits for it, so
// that the worker never does. The worker copies bytes into one buffer while the thread writes another
// to the box; when the thread has used up its own, it takes the worker's whole buffer for it. So the
// lock is taken once for many kilobytes and held for no longer than a copy or a swap.
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "decode/box.h"
#include "decode/decoder.h"
#include "signals.h"

namespace inset {

namespace {

constexpr std::size_t buffer_size = 1u << 20;

class BoxDecoder final : public Decoder, private ByteSource {
 public:
  BoxDecoder(const DecodeLimits& limits, std::function<void()> wake) : limits_(limits), wake_(std::move(wake)) {
    try {
      offered_.reserve(buffer_size);
      taken_.reserve(buffer_size);
      const AllSignalsBlocked blocked;
      thread_ = std::thread([this] { run(); });
    } catch (const std::bad_alloc&) {
      fail_to_start();
    } catch (const std::system_error&) {
      fail_to_start();
    }
  }

  ~BoxDecoder() override {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  BoxDecoder(const BoxDecoder&) = delete;
  BoxDecoder& operator=(const BoxDecoder&) = delete;

  std::size_t feed(std::span<const std::byte> bytes) override {
    const std::lock_guard lock(mutex_);
    if (over_ || !thread_.joinable()) return bytes.size();  // there is a result: the rest is of no use
    const auto part = bytes.first(std::min(bytes.size(), buffer_size - offered_.size()));
    const bool was_empty = offered_.empty();
    offered_.insert(offered_.end(), part.begin(), part.end());
    turned_away_ = part.size() < bytes.size();
    if (was_empty && !part.empty()) changed_.notify_one();
    return part.size();
  }

  void finish() override {
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
    }
    changed_.notify_one();
  }

  std::optional<Result<Picture>> take() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(result_, std::nullopt);
  }

 private:
  void fail_to_start() {
    no_memory_.detail = "the decoder's thread could not be started";
    result_.emplace(std::move(no_memory_));
    wake_();
  }

  // What is thrown here would end the host.
  void run() {
    pthread_setname_np(pthread_self(), "inset-decode");
    try {
      end(decode_in_box(*this, limits_));
    } catch (...) {
      end(std::move(no_memory_));
    }
  }

  void end(Result<Picture> result) {
    {
      const std::lock_guard lock(mutex_);
      result_.emplace(std::move(result));
      over_ = true;
      if (stopped_) return;
    }
    wake_();
  }

  std::span<const std::byte> next() override {
    bool room_again = false;
    taken_.clear();
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || finished_ || !offered_.empty(); });
      if (stopped_) return {};
      std::swap(offered_, taken_);
      room_again = std::exchange(turned_away_, false);
    }
    if (room_again) wake_();
    return taken_;
  }

  bool stopped() const override { return stopped_.load(std::memory_order_relaxed); }

  const DecodeLimits limits_;
  const std::function<void()> wake_;
  Error no_memory_ =
      make_error(Stage::decoding, Cause::out_of_memory, "There is not enough memory to open the picture.");  // made now

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::byte> offered_;  // by the worker; the mutex guards all down to result_
  bool turned_away_ = false;        // the worker had more than there was room for
  bool finished_ = false;
  bool over_ = false;
  std::optional<Result<Picture>> result_;

  std::atomic<bool> stopped_ = false;  // set under the mutex, read anywhere
  std::vector<std::byte> taken_;       // the thread's own
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Decoder> start_decoder(const DecodeLimits& limits, std::function<void()> wake) {
  return std::make_unique<BoxDecoder>(limits, std::move(wake));
}

}  // namespace inset
