// SPDX-License-Identifier: GPL-2.0-or-later
// The whole way from bytes to pixels. Every pixel of a result is read, so that the sanitizers see
// it.
#include <algorithm>
#include <cstdlib>

#include "decode/decode_stream.h"
#include "png_crc.h"

namespace {

using namespace inset;

class Pieces final : public ByteSource {
 public:
  Pieces(std::span<const std::byte> bytes, std::size_t piece) : bytes_(bytes), piece_(piece) {}
  std::span<const std::byte> next() override {
    const auto part = bytes_.first(std::min(piece_, bytes_.size()));
    bytes_ = bytes_.subspan(part.size());
    return part;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t piece_;
};

// Small, so that a run is short: what goes wrong in a large picture goes wrong in a small one.
constexpr DecodeLimits limits{1024, 1u << 20};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] < 128 ? data[0] + std::size_t{1} : 65536;
  Pieces source(std::as_bytes(std::span(data + 1, size - 1)), piece);
  const Result<Picture> picture = decode_stream(source, limits);
  if (!picture) {
    if (picture.error().message.empty() || picture.error().cause == Cause::decoder_failed) std::abort();
    return 0;
  }
  const std::size_t count = std::size_t{picture->width} * picture->height * 4;
  if (count == 0 || count > limits.pixel_bytes) std::abort();
  unsigned sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += picture->pixels.get()[i];
  volatile unsigned sink = sum;
  (void)sink;
  return 0;
}

// Nearly every change of a PNG breaks a CRC and ends there. With the CRCs made right again, the
// decoder gets its share.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t capacity);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t capacity,
                                               unsigned seed) {
  size = LLVMFuzzerMutate(data, size, capacity);
  if (seed % 8 != 0 && size > 1) test::mend_png_crcs(std::span(data + 1, size - 1));
  return size;
}
