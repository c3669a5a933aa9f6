// SPDX-License-Identifier: GPL-2.0-or-later
// Text from outside, made fit for people, logs and journals. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inset {

// The text with broken UTF-8, control characters and terminal escapes replaced, cut to `longest` bytes at a character.
std::string plain_text(std::string_view text, std::size_t longest = 200);

std::string to_lower(std::string_view text);   // ASCII alone
std::string_view trim(std::string_view text);  // blanks and line ends

}  // namespace inset
