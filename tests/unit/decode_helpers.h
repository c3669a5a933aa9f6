// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the container check, and the whole decode, over bytes in memory.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "decode/container_check.h"
#include "decode/decode_stream.h"
#include "encode_picture.h"

namespace inset::test {

// Hands out a file in pieces of one size.
class BytesInPieces final : public ByteSource {
 public:
  explicit BytesInPieces(std::span<const std::byte> bytes, std::size_t piece = 4096) : bytes_(bytes), piece_(piece) {}

  std::span<const std::byte> next() override {
    const auto part = bytes_.first(std::min(piece_, bytes_.size()));
    bytes_ = bytes_.subspan(part.size());
    return part;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t piece_;
};

inline Result<Picture> decode_bytes(std::span<const std::byte> bytes, const DecodeLimits& limits = {},
                                    std::size_t piece = 4096) {
  BytesInPieces source(bytes, piece);
  return decode_stream(source, limits);
}

// The check alone, with nothing decoded.
struct Checked {
  Outcome verdict = Nothing{};
  PictureFacts facts;
};

inline Checked check_bytes(std::span<const std::byte> bytes, const DecodeLimits& limits = {},
                           std::size_t piece = 4096) {
  ContainerCheck check(limits);
  BytesInPieces source(bytes, piece);
  Outcome verdict = Nothing{};
  for (auto part = source.next(); verdict && !part.empty(); part = source.next()) verdict = check.feed(part);
  if (verdict) verdict = check.finish();
  return {std::move(verdict), check.facts()};
}

// That the check alone refuses a file, for this cause, with this word in what it tells people.
inline void expect_refused(std::span<const std::byte> file, Cause cause, std::string_view what,
                           std::string_view word = {}) {
  const Checked checked = check_bytes(file);
  ASSERT_FALSE(checked.verdict) << what;
  const Error& error = checked.verdict.error();
  EXPECT_EQ(error.cause, cause) << what << ": " << error.detail;
  EXPECT_NE(error.message.find(word), std::string::npos) << error.message;
}

inline void expect_damaged(std::span<const std::byte> file, std::string_view what) {
  expect_refused(file, Cause::file_damaged, what);
}

inline Raster raster_of(const Picture& picture) {
  const std::uint8_t* pixels = picture.pixels.get();
  return {picture.width, picture.height, {pixels, pixels + std::size_t{picture.width} * picture.height * 4}};
}

}  // namespace inset::test
