// SPDX-License-Identifier: GPL-2.0-or-later
// Brings the colours of a picture to sRGB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "decode/picture_facts.h"

namespace inset {

struct ColourChange {
  // For people, if colours are changed, or if what the file says about them cannot be used and sRGB is assumed.
  std::string note;
  // Converts so many RGBA pixels in place; alpha stays. Empty if there is nothing to convert.
  std::function<void(std::uint8_t* rgba, std::size_t pixels)> apply;
};

// What must be done with a picture of which all but the pixels is known. [any]
ColourChange change_to_srgb(const PictureFacts& facts);

}  // namespace inset
