// SPDX-License-Identifier: GPL-2.0-or-later
// Brings the colours of a picture to sRGB.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "decode/picture_facts.h"

namespace inset {

// Converts RGBA pixels in place, if the file says that they mean something else than sRGB; alpha
// stays. Returns a sentence for people if colours were changed, or if what the file says about them
// cannot be used and sRGB was assumed; else nothing. `breathe` is called every few milliseconds and
// may throw to end the work. [any]
std::string convert_to_srgb(std::uint8_t* rgba, const PictureFacts& facts, const std::function<void()>& breathe);

}  // namespace inset
