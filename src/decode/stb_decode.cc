// SPDX-License-Identifier: GPL-2.0-or-later
// The only file that sees stb_image.
#include "decode/stb_decode.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "decode/stb_run.h"

namespace inset {

namespace {

// stb_image's memory functions are given no context.
thread_local StbRun* current_run = nullptr;

class CurrentRun {
 public:
  explicit CurrentRun(StbRun& run) : before_(std::exchange(current_run, &run)) {}
  ~CurrentRun() { current_run = before_; }
  CurrentRun(const CurrentRun&) = delete;
  CurrentRun& operator=(const CurrentRun&) = delete;

 private:
  StbRun* before_;
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

#if INSET_STB_IS_KNOWN
#include "decode/stb_rows.h"
#endif

namespace inset {

namespace {

int read_callback(void* user, char* data, int size) {
  const auto into = std::as_writable_bytes(std::span(data, static_cast<std::size_t>(size)));
  return static_cast<int>(static_cast<StbRun*>(user)->read(into));
}

void skip_callback(void* user, int size) {
  std::array<std::byte, 512> skipped;
  for (auto left = static_cast<std::size_t>(size); left > 0;) {
    const auto part = std::span(skipped).first(std::min(left, skipped.size()));
    left -= static_cast<StbRun*>(user)->read(part);
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

constexpr stbi_io_callbacks callbacks = {read_callback, skip_callback, eof_callback};

void decode_whole(StbRun& run, const PictureFacts& facts, StbPixels& result) {
  const bool deep = facts.bits == 16;
  int width = 0;
  int height = 0;
  int channels = 0;
  void* data = deep ? static_cast<void*>(stbi_load_16_from_callbacks(&callbacks, &run, &width, &height, &channels, 4))
                    : stbi_load_from_callbacks(&callbacks, &run, &width, &height, &channels, 4);
  if (data == nullptr) return;
  result.pixels = run.release(data);
  result.width = static_cast<std::uint32_t>(width);
  result.height = static_cast<std::uint32_t>(height);
  result.status = StbPixels::Status::good;
  if (!deep) return;
  result.pixels = reduced_to_8_bits(reinterpret_cast<const std::uint16_t*>(result.pixels.get()),
                                    std::size_t{result.width} * result.height * 4);
  if (!result.pixels) result.status = StbPixels::Status::no_memory;
}

// As decode_whole() does, to the byte; but rows are finished while the rest is read.
void decode_jpeg(StbRun& run, StbRowSink& sink, StbPixels& result) {
#if INSET_STB_IS_KNOWN
  stbi__context context;
  stbi__start_callbacks(&context, const_cast<stbi_io_callbacks*>(&callbacks), &run);
  StbRows(context, run, sink).decode(result);
#else
  decode_whole(run, {}, result);
  (void)sink;
#endif
}

}  // namespace

StbPixels stb_decode(StbInput& input, const PictureFacts& facts, StbRowSink& sink) {
  StbRun run(input, facts);
  const CurrentRun current(run);
  StbPixels result;
  try {
    if (facts.container == Container::jpeg) {
      decode_jpeg(run, sink, result);
    } else {
      decode_whole(run, facts, result);
    }
    if (result.status == StbPixels::Status::failed) {
      const char* reason = stbi_failure_reason();
      result.reason = reason != nullptr ? reason : "no reason given";
      result.status = run.status();
    }
  } catch (const AssertionFailed& failure) {
    result.reason = std::string("assertion failed: ") + failure.condition;
  } catch (const ReadPastEnd&) {
    result.status = StbPixels::Status::read_past_end;
  } catch (const NoMemory&) {
    result.status = run.status();
  }
  return result;
}

}  // namespace inset
