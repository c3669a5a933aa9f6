// SPDX-License-Identifier: GPL-2.0-or-later
// The boxed program: a file comes in through a pipe, a picture goes out into shared memory (box_result.h). By the time
// it reads the first byte it can do nothing else any more.
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "decode/box_result.h"
#include "decode/decode_stream.h"
#include "decode/lock_in.h"
#include "decode/second_opinion.h"

namespace inset {

namespace {

// Written, not mapped: the first touch of mapped shared memory costs more than the decode.
bool write_at(const void* data, std::size_t size, std::size_t offset) {
  constexpr std::size_t band = 1u << 20;
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::pwrite(kBoxOutput, bytes, std::min(size, band), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    offset += static_cast<std::size_t>(count);
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

// The first touch of an ordinary page costs more than what is done with it. The C library takes more of its heap in
// huge pages (GLIBC_TUNABLES, see box.cc), which begin somewhere behind the heap's beginning: so it grows at once by
// more than one of them, and what lies before the first is given out and never touched.
void begin_heap_with_a_huge_page() {
  constexpr std::size_t huge_page = 2u << 20;
  ::mallopt(M_MMAP_THRESHOLD, 16 << 20);  // what is smaller is in the heap
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);   // and what is freed stays there
  // volatile, or the compiler sees that nobody uses them.
  void* volatile growth = std::malloc(2 * huge_page);
  std::free(growth);
  void* volatile beginning = std::malloc(1);
  void* volatile gap = std::malloc(-reinterpret_cast<std::uintptr_t>(beginning) % huge_page);
  static_cast<void>(gap);
}

class Pipe final : public ByteSource {
 public:
  std::span<const std::byte> next() override {
    while (true) {
      const ssize_t count = ::read(kBoxInput, buffer_.data(), buffer_.size());
      if (count < 0 && errno == EINTR) continue;
      return std::span(buffer_).first(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
  }

  // Tells the parent early, because it gives a large picture more time.
  void size_known(std::uint32_t width, std::uint32_t height) override {
    BoxResult result;
    result.state = BoxResult::State::begun;
    result.width = width;
    result.height = height;
    write_at(&result, sizeof result, 0);
  }

 private:
  // Each time it has been emptied somebody wakes up who waits for room.
  std::vector<std::byte> buffer_ = std::vector<std::byte>(256 << 10);
};

void copy_text(std::span<char> to, std::string_view from) {
  const std::size_t length = std::min(from.size(), to.size() - 1);
  std::memcpy(to.data(), from.data(), length);
  to[length] = '\0';
}

bool report(const Error& error) {
  BoxResult result;
  result.state = BoxResult::State::error;
  result.stage = static_cast<std::uint32_t>(error.stage);
  result.cause = static_cast<std::uint32_t>(error.cause);
  copy_text(result.note, error.what);
  copy_text(result.detail, error.detail);
  return write_at(&result, sizeof result, 0);
}

class Output final : public PixelSink {
 public:
  bool write(std::span<const std::uint8_t> rgba, std::size_t /*total*/) override {
    if (!write_at(rgba.data(), rgba.size(), at_)) return false;
    at_ += rgba.size();
    return true;
  }

 private:
  std::size_t at_ = kPixelsAt;
};

bool report(const Picture& picture) {
  BoxResult result;
  result.state = BoxResult::State::picture;
  result.width = picture.width;
  result.height = picture.height;
  result.stored_width = picture.stored_width;
  result.stored_height = picture.stored_height;
  result.is_png = picture.mime == "image/png" ? 1 : 0;
  copy_text(result.note, picture.note);
  return write_at(&result, sizeof result, 0);
}

template <class T>
bool read_number(const char* text, T& value) {
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  return error == std::errc{} && stop == end;
}

}  // namespace

}  // namespace inset

int main(int argc, char** argv) {
  using namespace inset;
  DecodeLimits limits;
  if (argc != 4 || std::string_view(argv[1]) != INSET_RELEASE || !read_number(argv[2], limits.side) ||
      !read_number(argv[3], limits.pixel_bytes)) {
    return kBoxWrongCall;
  }
  // What the host left open is none of this program's business.
  ::close(0);
  ::close(1);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ::close(2);  // a sanitizer has something to say there
#endif
  ::close_range(kBoxOutput + 1, ~0u, 0);
  // lcms2 notes the date in the profiles it makes, for which the C library reads a file: now, or never.
  ::tzset();
  // A heap for each thread would ask for calls that are gone by then.
  ::mallopt(M_ARENA_MAX, 1);
  begin_heap_with_a_huge_page();
  std::optional<SecondOpinion> second;
  try {
    second.emplace();
  } catch (const std::system_error&) {
    return 1;
  }
  if (!lock_in()) ::_exit(1);

  Pipe pipe;
  Output output;
  const Result<Picture> picture = decode_stream(pipe, limits, output, *second);
  const bool reported = picture ? report(*picture) : report(picture.error());
  // Straight out: what libraries do at exit may need calls that are gone.
  ::_exit(reported ? 0 : 1);
}
