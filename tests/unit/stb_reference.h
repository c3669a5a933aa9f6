// SPDX-License-Identifier: GPL-2.0-or-later
// stb_image as everybody uses it: what the pixels must be, to the byte.
#pragma once

#include "encode_picture.h"

namespace inset::test {

// Empty if stb_image refuses the file.
Raster load_with_stb(const Bytes& file);

}  // namespace inset::test
