// SPDX-License-Identifier: GPL-2.0-or-later
// Text made fit to be shown stays as it is when made so again, and holds nothing that a terminal would obey.
#include <cstdlib>
#include <string>

#include "text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string plain = inset::plain_text(text, data[0]);
  if (plain.size() > data[0]) std::abort();
  if (inset::plain_text(plain, data[0]) != plain) std::abort();
  for (const char c : plain) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
  }
  const std::string_view trimmed = inset::trim(text);
  if (trimmed.size() > text.size() || inset::trim(trimmed) != trimmed) std::abort();
  return 0;
}
