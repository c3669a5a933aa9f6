// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>

#include "decode/decoder.h"
#include "decode_helpers.h"
#include "encode_picture.h"
#include "this_process.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

// Feeds a decoder the way the worker does: offers, sleeps until woken, offers again.
class Feeder {
 public:
  explicit Feeder(const DecodeLimits& limits = {}) : decoder_(start_decoder(limits, [this] { wake(); })) {}

  void feed(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const std::size_t taken = decoder_->feed(bytes);
      bytes = bytes.subspan(taken);
      if (!bytes.empty()) sleep();
    }
  }
  void finish() { decoder_->finish(); }

  Result<Picture> take() {
    for (;;) {
      if (auto result = decoder_->take()) return *std::move(result);
      sleep();
    }
  }

  Decoder& decoder() { return *decoder_; }
  void let_go() { decoder_.reset(); }

 private:
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    condition_.notify_one();
  }
  void sleep() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(condition_.wait_for(lock, 30s, [this] { return woken_; })) << "never woken";
    woken_ = false;
  }

  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;
  std::unique_ptr<Decoder> decoder_;
};

// A PNG that does not pack: several MiB, more than the decoder's queue.
Bytes large_png() {
  static const Bytes file = encode_png(make_png_picture(PngColours::rgb_alpha, 8, 1100, 1000));
  return file;
}

TEST(ThreadDecoder, DecodesWhatItIsFed) {
  for (const Bytes& file : {encode_png(make_raster(50, 40)), encode_jpeg(make_raster(50, 40)), large_png()}) {
    Feeder feeder;
    feeder.feed(file);
    feeder.finish();
    const Result<Picture> picture = feeder.take();
    ASSERT_TRUE(picture) << picture.error().detail;
    EXPECT_EQ(raster_of(*picture).rgba, raster_of(*decode_bytes(file)).rgba);
    EXPECT_FALSE(feeder.decoder().take()) << "given once";
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ThreadDecoder, DecodesInACell) {
  Feeder feeder;
  const Bytes png = large_png();
  feeder.feed(std::span(png).first(100'000));
  const auto status = [] {
    const auto found = children();
    std::ifstream file("/proc/" + (found.size() == 1 ? std::to_string(found[0]) : "self") + "/status");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  // Whoever runs the tests may have a filter already.
  const auto filters = [](const std::string& text) {
    const std::size_t at = text.find("Seccomp_filters:");
    return at == std::string::npos ? -1 : std::stoi(text.substr(at + 16));
  };
  std::ifstream own("/proc/self/status");
  const int before = filters(std::string(std::istreambuf_iterator<char>(own), {}));
  for (int i = 0; i < 2000 && filters(status()) <= before; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_GT(filters(status()), before);
  EXPECT_NE(status().find("NoNewPrivs:\t1"), std::string::npos);
}
#endif

TEST(ThreadDecoder, TakesNoMoreThanItHasRoomFor) {
  Feeder feeder;
  const Bytes file = large_png();
  std::size_t taken = 0;
  for (int i = 0; i < 100 && taken < file.size(); ++i) {
    const std::size_t now = feeder.decoder().feed(std::span(file).subspan(taken));
    EXPECT_LE(now, 4u << 20);
    taken += now;
  }
  feeder.feed(std::span(file).subspan(taken));
  feeder.finish();
  EXPECT_TRUE(feeder.take());
}

TEST(ThreadDecoder, DecodesWhileBytesAreStillToCome) {
  // The error of a bad file comes although its end never does.
  Feeder feeder;
  Bytes file = encode_png(make_raster(50, 40));
  file[20] ^= std::byte{1};
  feeder.feed(std::span(file).first(60));
  // It is noticed when more bytes come, as they do.
  std::optional<Result<Picture>> picture_or_not;
  for (int i = 0; i < 3000 && !picture_or_not; ++i) {
    std::this_thread::sleep_for(10ms);
    feeder.decoder().feed(std::span(file).first(1));
    picture_or_not = feeder.decoder().take();
  }
  ASSERT_TRUE(picture_or_not);
  const Result<Picture>& picture = *picture_or_not;
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::file_damaged);
  EXPECT_EQ(feeder.decoder().feed(large_png()), large_png().size()) << "and swallows what is left";
  EXPECT_FALSE(feeder.decoder().take());
}

TEST(ThreadDecoder, SaysThatAFileIsIncomplete) {
  const Bytes file = encode_jpeg(make_raster(50, 40));
  for (const std::size_t size : {std::size_t{0}, std::size_t{2}, file.size() / 2, file.size() - 1}) {
    Feeder feeder;
    feeder.feed(std::span(file).first(size));
    feeder.finish();
    const Result<Picture> picture = feeder.take();
    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().cause, size == 0 ? Cause::format_unexpected : Cause::file_incomplete);
  }
}

TEST(ThreadDecoder, KeepsToTheLimits) {
  Feeder feeder(DecodeLimits{20, 1u << 20});
  feeder.feed(encode_png(make_raster(21, 5)));
  feeder.finish();
  const Result<Picture> picture = feeder.take();
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::picture_too_large);
}

TEST(ThreadDecoder, LeavesNothingBehindInAnyState) {
  const Bytes png = large_png();
  const Bytes jpeg = encode_jpeg(make_raster(2000, 1500));
  std::thread([] {}).join();  // what libraries keep from their first thread on, they keep
  const std::size_t threads_before = threads();
  std::chrono::steady_clock::duration slowest{};
  for (const Bytes* file : {&png, &jpeg}) {
    for (int state = 0; state < 24; ++state) {
      Feeder feeder;
      if (state > 0)
        feeder.feed(std::span(*file).first(file->size() * static_cast<std::size_t>(state) / 20 % file->size()));
      if (state >= 20) feeder.feed(*file);
      if (state % 2 == 1) feeder.finish();
      if (state % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(state));
      const auto start = std::chrono::steady_clock::now();
      feeder.let_go();
      slowest = std::max(slowest, std::chrono::steady_clock::now() - start);
    }
  }
  EXPECT_LT(slowest, 500ms) << "a busy machine, or a sanitizer, may take its time, but not that long";
  EXPECT_EQ(threads(), threads_before);
}

TEST(ThreadDecoder, PixelsOutliveTheDecoder) {
  Picture picture;
  {
    Feeder feeder;
    feeder.feed(encode_png(make_raster(900, 800)));
    feeder.finish();
    picture = *feeder.take();
  }
  EXPECT_EQ(raster_of(picture).rgba, make_raster(900, 800).rgba);
  std::thread([last = std::move(picture)]() mutable { last = {}; }).join();
}

// What /proc says about a thread of ours.
std::string status_of_decode_thread(const std::string& line_name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream comm(entry.path() / "comm");
    std::string name;
    std::getline(comm, name);
    if (name != "inset-decode") continue;
    std::ifstream status(entry.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(line_name)) return line;
    }
  }
  return {};
}

TEST(ThreadDecoder, HasANameAndNoSignals) {
  Feeder feeder;
  std::string blocked;
  for (int i = 0; i < 1000 && blocked.empty(); ++i) {
    std::this_thread::sleep_for(1ms);  // until the thread has named itself
    blocked = status_of_decode_thread("SigBlk:");
  }
  ASSERT_FALSE(blocked.empty());
  const auto mask = std::stoull(blocked.substr(blocked.find('\t')), nullptr, 16);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGCHLD, SIGHUP, SIGUSR1}) {
    EXPECT_NE(mask >> (signal - 1) & 1, 0u) << signal;
  }
  sigset_t here;
  pthread_sigmask(SIG_SETMASK, nullptr, &here);
  EXPECT_EQ(sigismember(&here, SIGTERM), 0) << "the caller's own mask is as it was";
}

TEST(ThreadDecoder, ManyWorkAtOnce) {
  const Bytes file = encode_jpeg(make_raster(300, 200));
  const auto expected = raster_of(*decode_bytes(file)).rgba;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        Feeder feeder;
        feeder.feed(file);
        feeder.finish();
        const Result<Picture> picture = feeder.take();
        if (picture && raster_of(*picture).rgba == expected) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 40);
}

}  // namespace
}  // namespace inset
