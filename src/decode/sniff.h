// SPDX-License-Identifier: GPL-2.0-or-later
// Names what a file is by its first bytes, when it is not what was expected.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace inset {

// "a WebP picture", "a web page", "an empty file", ..., to stand after "The service sent". [any]
std::string_view name_by_first_bytes(std::span<const std::byte> bytes);

}  // namespace inset
