// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/box.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "child.h"
#include "decode/box_memory.h"
#include "decode/box_result.h"
#include "fd.h"
#include "text.h"

namespace inset {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kGlance{50};  // how often a wait looks whether anybody still wants the picture
// What a decode may take, in time of the processor, so that a busy computer does not count against it: this much, and
// more for a large picture and a large file. A photograph needs a tenth of it; the dearest picture known, a PNG of 16
// bits with a colour profile that lies on its side, a third. With a sanitizer in the box, more than all of it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlower = 10;
#else
constexpr int kSlower = 1;
#endif
constexpr milliseconds kPatience = milliseconds(1500) * kSlower;
constexpr milliseconds kPerMegapixel = milliseconds(100) * kSlower;
constexpr milliseconds kPerMegabyte = milliseconds(50) * kSlower;
// A box that does not even compute: longer than a disk that sleeps takes to bring a page of the program. Counted in
// glances, for a computer may stand still, too.
constexpr int kStandstill = milliseconds(10'000) / kGlance;
constexpr std::chrono::seconds kLongest{60};  // by the clock, since it has taken a byte

Error failure(Cause cause, std::string what, std::string detail = {}) {
  return make_error(Stage::decoding, cause, std::move(what), std::move(detail));
}

Error system_failure(const std::string& call, int error) {
  const bool memory = error == ENOMEM || error == ENOSPC;
  return failure(memory ? Cause::out_of_memory : Cause::decoder_failed,
                 memory ? "There is not enough memory to open the picture." : "The picture could not be opened.",
                 call + ": " + std::generic_category().message(error));
}

class Box {
 public:
  Box(ByteSource& source, const DecodeLimits& limits) : source_(source), limits_(limits) {}

  Result<Picture> run() {
    if (auto error = start()) return *error;
    if (auto error = feed()) return *error;
    input_.reset();
    if (auto error = wait_for_end()) return *error;
    const std::string end = process_.reap();
    if (process_.exited_with(kBoxWrongCall)) {
      return failure(Cause::decoder_failed,
                     "The program that opens pictures (inset-decode) belongs to another version; install Inset anew.");
    }
    return read_result(end);
  }

 private:
  std::optional<Error> start() {
    if (!memory_.create()) return system_failure("memfd_create", errno);
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return system_failure("pipe", errno);
    const Fd read_end(pipe[0]);
    input_ = Fd(pipe[1]);
    ::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(input_.get(), F_SETPIPE_SZ, 1 << 20);  // as large as an ordinary user may have it; if not, smaller does
    const std::string program = beside_this_library("inset-decode");
    const int error = process_.start(
        {.words = {program, INSET_RELEASE, std::to_string(limits_.side), std::to_string(limits_.pixel_bytes)},
         // The C library's own memory in huge pages, too: libjpeg keeps a progressive picture there.
         .environment = {"GLIBC_TUNABLES=glibc.malloc.hugetlb=1"},
         .descriptors = {{read_end.get(), kBoxInput}, {memory_.descriptor(), kBoxOutput}}});
    if (error == 0) return {};
    if (error != ENOENT && error != EACCES && error != ENOEXEC) return system_failure("inset-decode", error);
    return failure(Cause::decoder_failed,
                   "The program that opens pictures (" + program + ") cannot be started; install Inset anew.",
                   std::generic_category().message(error));
  }

  // Until the source has no more, or the box takes no more.
  std::optional<Error> feed() {
    for (bool first = true;; first = false) {
      std::span<const std::byte> bytes = source_.next();
      if (source_.stopped()) return stopped();
      if (bytes.empty()) return {};
      // It may have waited for long, and somebody may have ended it: another can do the same.
      if (first && process_.has_ended()) {
        process_.reap();
        if (auto error = start()) return error;
      }
      const std::size_t size = bytes.size();
      fed_ += size;
      auto moved_at = Clock::now();
      while (!bytes.empty()) {
        const ssize_t count = ::write(input_.get(), bytes.data(), bytes.size());
        if (count > 0) {
          bytes = bytes.subspan(static_cast<std::size_t>(count));
          moved_at = Clock::now();
          still_ = 0;
        } else if (count < 0 && errno == EAGAIN) {
          if (hopeless(moved_at)) return too_long();
          if (ended(input_.get())) return {};
        } else if (count < 0 && errno != EINTR) {
          return {};  // it reads no more: what it left behind says why
        }
        if (source_.stopped()) return stopped();
      }
      memory_.make_ready(size, limits_);
    }
  }

  std::optional<Error> wait_for_end() {
    const auto since = Clock::now();
    while (!ended(-1)) {
      if (source_.stopped()) return stopped();
      if (hopeless(since)) return too_long();
    }
    return {};
  }

  // Waits a little, for the end of the process or for room in the pipe. True: it has ended.
  bool ended(int writable) {
    // It had ended, and was reaped, before it could be watched.
    if (process_.pidfd() < 0) return true;
    std::array<pollfd, 2> watched = {pollfd{process_.pidfd(), POLLIN, 0}, pollfd{writable, POLLOUT, 0}};
    ::poll(watched.data(), watched.size(), static_cast<int>(kGlance.count()));
    return (watched[0].revents & POLLIN) != 0;
  }

  // At each glance. The size is what the box itself reports, so it is bounded by the limits; a lie buys some seconds.
  bool hopeless(Clock::time_point since) {
    const BoxResult result = memory_.header();
    const std::uint64_t most = limits_.pixel_bytes / 4;
    const std::uint64_t pixels = std::min(std::uint64_t{result.width} * result.height, most);
    const auto allowed = kPatience + kPerMegapixel * (pixels / 1'000'000) + kPerMegabyte * (fed_ / 1'000'000);
    const auto computed = process_.computed();
    still_ = computed == std::exchange(computed_, computed) ? still_ + 1 : 0;
    // 0: nobody can tell what it computes.
    const bool stands_still = still_ > kStandstill && computed > computed.zero();
    return computed > allowed || stands_still || Clock::now() - since > kLongest;
  }

  Error stopped() const { return failure(Cause::cancelled, "Opening the picture was cancelled."); }
  Error too_long() const {
    return failure(Cause::decoder_failed, "The picture could not be opened: its decoder came to no end.");
  }

  Result<Picture> read_result(const std::string& end) {
    if (!memory_.seal()) {
      return failure(Cause::decoder_failed, "The picture could not be opened: its decoder holds on to it.", end);
    }
    BoxResult result = memory_.header();
    result.note[sizeof result.note - 1] = '\0';
    result.detail[sizeof result.detail - 1] = '\0';
    if (result.magic != BoxResult::kMagic) result.state = BoxResult::State::nothing;
    if (result.state == BoxResult::State::error) return reported_error(result);
    if (result.state != BoxResult::State::picture) {
      return failure(Cause::decoder_failed, "The picture could not be opened: its decoder broke down.", end);
    }
    return map_picture(result);
  }

  static Error reported_error(const BoxResult& result) {
    const auto cause = static_cast<Cause>(result.cause);
    switch (cause) {
      case Cause::file_damaged:
      case Cause::file_incomplete:
      case Cause::format_unexpected:
      case Cause::format_unsupported:
      case Cause::picture_too_large:
      case Cause::out_of_memory: break;
      default: return failure(Cause::decoder_failed, "The picture could not be opened.", plain_text(result.note, 400));
    }
    const auto stage = result.stage == static_cast<std::uint32_t>(Stage::fetching) ? Stage::fetching : Stage::decoding;
    return make_error(stage, cause, plain_text(result.note, 400), plain_text(result.detail, 400));
  }

  Result<Picture> map_picture(const BoxResult& result) {
    const auto lie = [] {
      return failure(Cause::decoder_failed, "The picture could not be opened: its decoder contradicts itself.");
    };
    const std::uint64_t pixels = std::uint64_t{result.width} * result.height;
    const bool turned = result.width == result.stored_height && result.height == result.stored_width;
    const bool straight = result.width == result.stored_width && result.height == result.stored_height;
    if (result.width == 0 || result.height == 0 || result.width > limits_.side || result.height > limits_.side ||
        pixels > limits_.pixel_bytes / 4 || (!turned && !straight)) {
      return lie();
    }
    Picture picture;
    picture.pixels = memory_.map(static_cast<std::size_t>(pixels * 4));
    if (!picture.pixels) return errno != 0 ? system_failure("its memory", errno) : lie();
    picture.width = result.width;
    picture.height = result.height;
    picture.stored_width = result.stored_width;
    picture.stored_height = result.stored_height;
    picture.mime = result.is_png != 0 ? "image/png" : "image/jpeg";
    picture.note = plain_text(result.note, 600);
    return picture;
  }

  ByteSource& source_;
  const DecodeLimits& limits_;
  BoxMemory memory_;
  Fd input_;
  Child process_;
  std::uint64_t fed_ = 0;                 // bytes
  std::chrono::nanoseconds computed_{0};  // at the last glance
  int still_ = 0;                         // glances since it computed
};

}  // namespace

Result<Picture> decode_in_box(ByteSource& source, const DecodeLimits& limits) { return Box(source, limits).run(); }

}  // namespace inset
