// SPDX-License-Identifier: GPL-2.0-or-later
// The only file that sees stb_image.
#include "decode/stb_decode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace inset {

namespace {

// These two pass through stb_image's frames, and no further.
struct AssertionFailed {
  const char* condition;
};
struct ReadPastEnd {};

// One decode and the memory it uses. stb_image frees its blocks by itself except when an exception
// passes through it; so they are all kept here, and whatever is left at the end goes with this.
class Run {
 public:
  Run(StbInput& input, const PictureFacts& facts) : input_(input), facts_(facts) {}

  // Why there is no result, when there is none.
  StbPixels::Status status() const { return status_; }

  void breathe() { input_.breathe(); }

  // Past the end stb_image would go on with zeros, even in the middle of a table, where no check
  // has seen them: it ends there instead. A read that finds less than it wants is not past the end,
  // for stb_image reads ahead.
  std::size_t read(std::span<std::byte> into) {
    const std::size_t got = input_.read(into);
    if (got == 0) throw ReadPastEnd{};
    return got;
  }

  void* allocate(std::size_t size) {
    breathe();
    blocks_.reserve(blocks_.size() + 1);
    if (used_ + size > budget()) {
      status_ = StbPixels::Status::over_budget;
      return nullptr;
    }
    Block block = make_block(size);
    if (!block) {
      status_ = StbPixels::Status::no_memory;
      return nullptr;
    }
    used_ += size;
    blocks_.push_back({std::move(block), size});
    return blocks_.back().block.get();
  }

  void* reallocate(void* old, std::size_t size) {
    void* block = allocate(size);
    if (block == nullptr || old == nullptr) return block;
    std::memcpy(block, old, std::min(size, find(old)->size));
    release(old);
    return block;
  }

  Block release(void* data) {
    if (data == nullptr) return {};
    const auto entry = find(data);
    Block block = std::move(entry->block);
    used_ -= entry->size;
    blocks_.erase(entry);
    return block;
  }

 private:
  struct Entry {
    Block block;
    std::size_t size;
  };

  // There are never more than a dozen or two.
  std::vector<Entry>::iterator find(void* data) {
    return std::find_if(blocks_.begin(), blocks_.end(),
                        [data](const Entry& entry) { return entry.block.get() == data; });
  }

  // What an honest picture of this size can need, at most: 16 bits, interlaced, and packed as large
  // as its pixels. A file that unpacks to more than that is a trap.
  std::size_t budget() const { return std::size_t{facts_.width} * facts_.height * 32 + (std::size_t{16} << 20); }

  StbInput& input_;
  const PictureFacts& facts_;
  std::vector<Entry> blocks_;
  std::size_t used_ = 0;
  StbPixels::Status status_ = StbPixels::Status::failed;
};

// stb_image's memory functions are given no context.
thread_local Run* current_run = nullptr;

class CurrentRun {
 public:
  explicit CurrentRun(Run& run) : before_(std::exchange(current_run, &run)) {}
  ~CurrentRun() { current_run = before_; }
  CurrentRun(const CurrentRun&) = delete;
  CurrentRun& operator=(const CurrentRun&) = delete;

 private:
  Run* before_;
};

// Failed assertions must not abort the process. The ones that hold are where a decode that reads
// nothing any more can still be ended: they stand in the slower paths of its loops.
inline void stb_assert(bool holds, const char* condition) {
  if (!holds) throw AssertionFailed{condition};
  current_run->breathe();
}

}  // namespace

}  // namespace inset

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS 16384
#define STBI_MALLOC(size) inset::current_run->allocate(size)
#define STBI_REALLOC(data, size) inset::current_run->reallocate(data, size)
#define STBI_FREE(data) inset::current_run->release(data)
#define STBI_ASSERT(condition) inset::stb_assert(static_cast<bool>(condition), #condition)
#include <stb/stb_image.h>

namespace inset {

namespace {

int read_callback(void* user, char* data, int size) {
  const auto into = std::as_writable_bytes(std::span(data, static_cast<std::size_t>(size)));
  return static_cast<int>(static_cast<Run*>(user)->read(into));
}

void skip_callback(void* user, int size) {
  std::array<std::byte, 512> skipped;
  for (auto left = static_cast<std::size_t>(size); left > 0;) {
    const auto part = std::span(skipped).first(std::min(left, skipped.size()));
    left -= static_cast<Run*>(user)->read(part);
  }
}

// Asked where stb_image looks for more after what it did not expect. "No" makes it read on, and
// that tells.
int eof_callback(void* user) {
  (void)user;
  return 0;
}

// With rounding: stb_image's own reduction cuts off, which darkens by half a step.
Block reduced_to_8_bits(const std::uint16_t* samples, std::size_t count) {
  Block reduced = make_block(count);
  if (!reduced) return reduced;
  for (std::size_t i = 0; i < count; ++i) {
    reduced.get()[i] = static_cast<std::uint8_t>((samples[i] * 255u + 32895u) >> 16);
  }
  return reduced;
}

}  // namespace

StbPixels stb_decode(StbInput& input, const PictureFacts& facts) {
  Run run(input, facts);
  const CurrentRun current(run);
  constexpr stbi_io_callbacks callbacks = {read_callback, skip_callback, eof_callback};
  const bool deep = facts.bits == 16;
  int width = 0;
  int height = 0;
  int channels = 0;
  StbPixels result;
  try {
    void* data = deep ? static_cast<void*>(stbi_load_16_from_callbacks(&callbacks, &run, &width, &height, &channels, 4))
                      : stbi_load_from_callbacks(&callbacks, &run, &width, &height, &channels, 4);
    if (data == nullptr) {
      const char* reason = stbi_failure_reason();
      result.reason = reason != nullptr ? reason : "no reason given";
      result.status = run.status();
      return result;
    }
    result.pixels = run.release(data);
  } catch (const AssertionFailed& failure) {
    result.reason = std::string("assertion failed: ") + failure.condition;
    return result;
  } catch (const ReadPastEnd&) {
    result.status = StbPixels::Status::read_past_end;
    return result;
  }
  result.width = static_cast<std::uint32_t>(width);
  result.height = static_cast<std::uint32_t>(height);
  if (deep) {
    result.pixels = reduced_to_8_bits(reinterpret_cast<const std::uint16_t*>(result.pixels.get()),
                                      std::size_t{result.width} * result.height * 4);
  }
  result.status = result.pixels ? StbPixels::Status::good : StbPixels::Status::no_memory;
  return result;
}

}  // namespace inset
