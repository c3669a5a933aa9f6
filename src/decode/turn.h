// SPDX-License-Identifier: GPL-2.0-or-later
// Turns a picture upright.
#pragma once

#include <cstdint>

#include "decode/block.h"

namespace inset {

// Moves RGBA pixels to where an EXIF orientation (1 to 8) wants them; width and height change
// places where it says so. False, and nothing changed, if there is no memory for it. [any]
bool turn(Block& block, std::uint32_t& width, std::uint32_t& height, int orientation);

}  // namespace inset
