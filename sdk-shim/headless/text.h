// SPDX-License-Identifier: GPL-2.0-or-later
// Text that came from elsewhere, made fit for a terminal: names and messages pass through this
// program from a service, and a terminal obeys some of the characters that a name can hold.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace easel {

// Well-formed UTF-8, as every string of the contract must be.
bool valid_utf8(std::string_view text);

// The same text without anything a terminal would act upon: control characters (C0, DEL, C1), marks
// that turn the direction of writing, and bytes that are no UTF-8 become U+FFFD; line ends and tabs
// become a space.
std::string clean(std::string_view text);

// How many columns clean text takes, near enough for a table: characters, not bytes.
size_t columns(std::string_view text);

// The beginning of clean text that fits.
std::string cut(std::string_view text, size_t most_columns);

// The text, filled with spaces to that many columns.
std::string padded(std::string_view text, size_t to_columns);

}  // namespace easel
