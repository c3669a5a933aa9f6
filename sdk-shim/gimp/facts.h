// SPDX-License-Identifier: GPL-2.0-or-later
// What is known about a licensed picture, written the ways that GIMP keeps: XMP for the image, lines of text for a
// parasite of the layer. The same for GIMP 2.10 and 3.0.
#pragma once

#include <gexiv2/gexiv2.h>

#include <string>
#include <string_view>

#include "easel/easel.h"

namespace easel::gimp {

inline constexpr const char* kParasiteName = "inset-asset";

// The fact of this key, or nothing.
std::string_view fact(const easel_asset& asset, std::string_view key);

// All facts and the place of the original, a line "key=value" each.
std::string parasite_text(const easel_asset& asset);

// Adds the facts to what the image's metadata says already. `alone`: the picture is the whole image; else the image is
// marked as a composite that a generated picture is a part of.
void add_xmp(GExiv2Metadata* metadata, const easel_asset& asset, bool alone);

}  // namespace easel::gimp
