// SPDX-License-Identifier: GPL-2.0-or-later
#include "stb_reference.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#include <stb/stb_image.h>

namespace inset::test {

Raster load_with_stb(const Bytes& file) {
  int width = 0;
  int height = 0;
  int channels = 0;
  stbi_uc* pixels = stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()), static_cast<int>(file.size()),
                                          &width, &height, &channels, 4);
  if (pixels == nullptr) return {};
  Raster raster{static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height), {}};
  raster.rgba.assign(pixels, pixels + std::size_t{raster.width} * raster.height * 4);
  stbi_image_free(pixels);
  return raster;
}

}  // namespace inset::test
