// SPDX-License-Identifier: GPL-2.0-or-later
// What a container check learns about a picture while its bytes pass: all that the decode needs to
// know besides the pixels.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace inset {

enum class Container { unknown, png, jpeg };

struct PictureFacts {
  Container container = Container::unknown;
  std::uint32_t width = 0;  // as stored; 0 until the header has passed
  std::uint32_t height = 0;
  int bits = 0;         // per sample
  bool gray = false;    // one colour channel, so that only a gray profile fits
  int orientation = 1;  // EXIF, 1 to 8

  // The colours. At most one of these speaks: see colour.cc for the order.
  std::vector<std::uint8_t> icc_profile;
  bool icc_unreadable = false;  // there is a profile, but it is broken or beyond the cap
  bool srgb = false;            // PNG sRGB
  enum class ColourCode { none, srgb, other } colour_code = ColourCode::none;  // PNG cICP
  std::uint32_t gamma = 0;                                                     // PNG gAMA, in 1/100000; 0: none
  std::optional<std::array<std::uint32_t, 8>> chromaticities;                  // PNG cHRM: white, red, green, blue

  // Things worth telling.
  bool animated = false;             // PNG: more frames follow, which nobody decodes
  bool passes_missing = false;       // JPEG: the progression stops before the last bit of every coefficient
  std::uint64_t trailing_bytes = 0;  // after the end of the picture
};

}  // namespace inset
