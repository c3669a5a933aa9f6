// SPDX-License-Identifier: GPL-2.0-or-later
// An event of easel.report/1 (see easel.h for kinds and keys), as it came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "easel/easel.h"

namespace easel {

// Valid as long as the call that brought it.
struct Event {
  int64_t job = 0;
  std::string_view kind;
  const easel_pair* pairs = nullptr;
  size_t count = 0;

  // The first value of this key; empty if there is none.
  std::string_view get(std::string_view key) const {
    for (size_t i = 0; i < count; ++i)
      if (pairs[i].key != nullptr && pairs[i].value != nullptr && key == pairs[i].key) return pairs[i].value;
    return {};
  }
};

}  // namespace easel
