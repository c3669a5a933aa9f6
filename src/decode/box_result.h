// SPDX-License-Identifier: GPL-2.0-or-later
// What the boxed program leaves in the memory that its parent gave it: this header, then the pixels at kPixelsAt. The
// parent believes none of it before it has been compared with what it knows (box.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace inset {

struct BoxResult {
  static constexpr std::uint32_t kMagic = 0x42534e49;  // "INSB"

  enum class State : std::uint32_t {
    nothing = 0,  // as the memory was made
    begun = 1,    // the size is known
    picture = 2,  // whole; written last
    error = 3,    // whole; written last
  };

  std::uint32_t magic = kMagic;
  State state = State::nothing;
  std::uint32_t width = 0;  // after any turn
  std::uint32_t height = 0;
  std::uint32_t stored_width = 0;
  std::uint32_t stored_height = 0;
  std::uint32_t is_png = 0;
  std::uint32_t stage = 0;  // of an error
  std::uint32_t cause = 0;
  char note[1000] = {};  // or what went wrong; zero-terminated
  char detail[1000] = {};
};
static_assert(std::is_trivially_copyable_v<BoxResult>);

constexpr std::size_t kPixelsAt = 65536;  // a whole number of pages, so that a mapping can begin there
static_assert(sizeof(BoxResult) <= kPixelsAt);

// The descriptors that the boxed program inherits, and what it is called with: its own name, the release it must belong
// to, the longest side in pixels, the most bytes of pixels.
constexpr int kBoxInput = 3;
constexpr int kBoxOutput = 4;
constexpr int kBoxWrongCall = 64;  // its exit status when called by another release

}  // namespace inset
