// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdlib>
#include <string_view>

#include "retry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const auto date = line == std::string_view::npos ? "Sun, 06 Nov 1994 08:49:37 GMT" : text.substr(line + 1);
  const auto wait = inset::parse_retry_after(text.substr(0, line), date);
  if (wait && (wait->count() < 0 || *wait > std::chrono::minutes(5))) std::abort();
  return 0;
}
