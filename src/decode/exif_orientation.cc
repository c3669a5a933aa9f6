// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/exif_orientation.h"

#include <cstdint>

namespace inset {

namespace {

constexpr std::uint32_t orientation_tag = 0x0112;
constexpr std::uint32_t type_short = 3;

// Reads numbers in the file's own byte order; anything outside the data reads as 0.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes), little_(byte(0) == 'I') {}

  bool valid() const { return (byte(0) == 'I' || byte(0) == 'M') && byte(1) == byte(0) && number(2, 2) == 42; }

  std::uint32_t number(std::size_t at, std::size_t width) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      value = value << 8 | byte(little_ ? at + width - 1 - i : at + i);
    }
    return value;
  }

 private:
  std::uint32_t byte(std::size_t at) const {
    return at < bytes_.size() ? std::to_integer<std::uint32_t>(bytes_[at]) : 0;
  }

  std::span<const std::byte> bytes_;
  bool little_;
};

}  // namespace

int exif_orientation(std::span<const std::byte> bytes) {
  const Tiff tiff(bytes);
  if (!tiff.valid()) return 1;
  const std::size_t directory = tiff.number(4, 4);
  const std::size_t entries = tiff.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * 12;
    if (tiff.number(entry, 2) != orientation_tag) continue;
    const std::uint32_t value = tiff.number(entry + 8, 2);
    const bool sane = tiff.number(entry + 2, 2) == type_short && tiff.number(entry + 4, 4) == 1;
    return sane && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace inset
