// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the one EXIF entry that changes how a picture looks.
#pragma once

#include <cstddef>
#include <span>

namespace inset {

// The orientation (1 to 8) in EXIF data that begins with its TIFF header, as in a PNG's eXIf chunk,
// or after "Exif\0\0" in a JPEG's APP1. 1, which asks for nothing, if there is none or the data
// makes no sense. [any]
int exif_orientation(std::span<const std::byte> bytes);

}  // namespace inset
