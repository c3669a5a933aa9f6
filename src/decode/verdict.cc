// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/verdict.h"

#include <algorithm>
#include <utility>

namespace inset {

namespace {
constexpr std::uint32_t decoder_side = 16384;  // STBI_MAX_DIMENSIONS in stb_decode.cc
}

Error damaged(std::string detail) {
  return make_error(Stage::decoding, Cause::file_damaged, "The downloaded picture is damaged.", std::move(detail));
}

Error incomplete(std::string detail) {
  return make_error(Stage::decoding, Cause::file_incomplete, "The downloaded picture stops before its end.",
                    std::move(detail));
}

Error unsupported(std::string what, std::string detail) {
  return make_error(Stage::decoding, Cause::format_unsupported, std::move(what), std::move(detail));
}

Outcome check_size(std::uint32_t width, std::uint32_t height, const DecodeLimits& limits) {
  const std::uint32_t side = std::min(limits.side, decoder_side);
  const std::uint64_t bytes = std::uint64_t{width} * height * 4;  // at most 2^66 / 2^2: sides are below 2^31
  if (width <= side && height <= side && bytes <= limits.pixel_bytes) return Nothing{};
  return make_error(Stage::decoding, Cause::picture_too_large,
                    "The picture has " + std::to_string(width) + " x " + std::to_string(height) +
                        " pixels, more than can be opened here.",
                    "limits: " + std::to_string(side) + " a side, " + std::to_string(limits.pixel_bytes) + " bytes");
}

}  // namespace inset
