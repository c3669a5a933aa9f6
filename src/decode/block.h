// SPDX-License-Identifier: GPL-2.0-or-later
// Memory for pixels: zeroed, and in huge pages where it is large.
//
// The first touch of a fresh page costs more than decoding what is stored in it; huge pages take
// that cost away. Zeroed, so that what comes out of damaged data does not depend on what lay there
// before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace inset {

struct ReleaseBlock {
  std::size_t mapped = 0;  // bytes to unmap; 0: from the heap
  void operator()(std::uint8_t* data) const noexcept;
};

using Block = std::unique_ptr<std::uint8_t, ReleaseBlock>;

// Null if there is no memory. [any]
Block make_block(std::size_t size) noexcept;

}  // namespace inset
