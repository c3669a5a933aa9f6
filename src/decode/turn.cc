// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/turn.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace inset {

namespace {

// Whole pixels: four bytes that are only ever moved together.
using Pixel = std::uint32_t;

// Rows become columns. Tile by tile: a whole column of a large picture would miss the cache at
// every pixel.
void transpose(const Pixel* from, Pixel* to, std::size_t width, std::size_t height) {
  constexpr std::size_t tile = 16;
  for (std::size_t y0 = 0; y0 < height; y0 += tile) {
    for (std::size_t x0 = 0; x0 < width; x0 += tile) {
      for (std::size_t y = y0; y < std::min(y0 + tile, height); ++y) {
        for (std::size_t x = x0; x < std::min(x0 + tile, width); ++x) {
          to[x * height + y] = from[y * width + x];
        }
      }
    }
  }
}

void mirror(Pixel* pixels, std::size_t width, std::size_t height) {
  for (std::size_t y = 0; y < height; ++y) std::reverse(pixels + y * width, pixels + (y + 1) * width);
}

void flip(Pixel* pixels, std::size_t width, std::size_t height) {
  for (std::size_t y = 0; y < height / 2; ++y) {
    Pixel* upper = pixels + y * width;
    std::swap_ranges(upper, upper + width, pixels + (height - 1 - y) * width);
  }
}

}  // namespace

// Each orientation is a transposition or none, then mirroring left and right, then flipping top and
// bottom, or not.
bool turn(Block& block, std::uint32_t& width, std::uint32_t& height, int orientation) {
  if (orientation >= 5) {
    Block turned = make_block(std::size_t{width} * height * sizeof(Pixel));
    if (!turned) return false;
    transpose(reinterpret_cast<const Pixel*>(block.get()), reinterpret_cast<Pixel*>(turned.get()), width, height);
    block = std::move(turned);
    std::swap(width, height);
  }
  auto* pixels = reinterpret_cast<Pixel*>(block.get());
  const bool mirrors = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool flips = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  if (mirrors) mirror(pixels, width, height);
  if (flips) flip(pixels, width, height);
  return true;
}

}  // namespace inset
