// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the CRCs of a damaged PNG right again.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace inset::test {

// Walks the chunks as far as they make sense. Does nothing to what is no PNG.
inline void mend_png_crcs(std::span<std::uint8_t> file) {
  if (file.size() < 8 || file[0] != 0x89) return;
  std::size_t at = 8;
  while (at + 12 <= file.size()) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | file[at + i];
    if (length > file.size() - at - 12) return;
    const auto crc = crc32_z(0, &file[at + 4], length + 4);
    for (std::size_t i = 0; i < 4; ++i) {
      file[at + 8 + length + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
    }
    at += 12 + length;
  }
}

}  // namespace inset::test
