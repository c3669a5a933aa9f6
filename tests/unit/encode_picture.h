// SPDX-License-Identifier: GPL-2.0-or-later
// Small pictures for tests: made up here, written by libpng and libjpeg, and read back by them as
// the judge of what the plugin's own decoder makes of them. Also cuts files open to put in, or
// change, single chunks and segments.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inset::test {

using Bytes = std::vector<std::byte>;

// RGBA, 8 bits, top row first.
struct Raster {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint8_t> rgba;

  const std::uint8_t* at(std::uint32_t x, std::uint32_t y) const { return &rgba[(std::size_t{y} * width + x) * 4]; }
};

// Slow gradients with a little noise on them: something a JPEG keeps well. The same seed gives the
// same picture.
Raster make_raster(std::uint32_t width, std::uint32_t height, unsigned seed = 1);

enum class PngColours { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgb_alpha = 6 };

struct PngPicture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  PngColours colours = PngColours::rgb;
  int bits = 8;
  bool interlaced = false;
  std::vector<std::uint16_t> samples;  // one for each channel of each pixel, from 0 to 2^bits - 1
  std::vector<std::array<std::uint8_t, 3>> palette;
  std::vector<std::uint8_t> palette_alpha;  // tRNS of a palette
  std::vector<std::uint16_t> transparent;   // tRNS of gray (1 sample) or colour (3)
  std::vector<std::uint8_t> icc_profile;
};

int channels_of(PngColours colours);

// A picture of this kind with samples (and a palette) from the seed.
PngPicture make_png_picture(PngColours colours, int bits, std::uint32_t width, std::uint32_t height, unsigned seed = 1);

Bytes encode_png(const PngPicture& picture);
Bytes encode_png(const Raster& raster);
Raster decode_with_libpng(const Bytes& file);

struct JpegOptions {
  int quality = 90;
  int h = 1, v = 1;  // sampling of the first channel; of the others 1 x 1
  bool gray = false;
  bool cmyk = false;
  bool rgb = false;  // stored as RGB, not YCbCr
  bool progressive = false;
  bool arithmetic = false;
  bool one_scan_each = false;  // a scan for each channel
  unsigned restart_interval = 0;
  std::vector<std::uint8_t> icc_profile;
};

Bytes encode_jpeg(const Raster& raster, const JpegOptions& options = {});
Raster decode_with_libjpeg(const Bytes& file);

// The largest difference of any sample; 256 if the sizes differ.
int largest_difference(const Raster& a, const Raster& b);

Bytes bytes_of(std::string_view text);
Bytes concat(std::initializer_list<std::span<const std::byte>> parts);

Bytes with_byte(Bytes file, std::size_t at, std::uint8_t value);
Bytes with_inserted(const Bytes& file, std::size_t at, std::span<const std::byte> bytes);

// A PNG chunk with its length and CRC; the place of the first of a name.
Bytes png_chunk(std::string_view name, std::span<const std::byte> data);
std::size_t find_chunk(const Bytes& png, std::string_view name);
Bytes without_chunk(const Bytes& png, std::string_view name);
// Changes a byte of a chunk's data and makes its CRC right again.
Bytes with_chunk_byte(const Bytes& png, std::string_view name, std::size_t index, std::uint8_t value);

// A JPEG segment with its length; the place of the 0xff of the first with a marker.
Bytes jpeg_segment(std::uint8_t marker, std::span<const std::byte> data);
std::size_t find_segment(const Bytes& jpeg, std::uint8_t marker);
Bytes without_segment(const Bytes& jpeg, std::uint8_t marker);

// EXIF data (from its TIFF header) that holds only an orientation.
Bytes exif_with_orientation(int orientation, bool little_endian = true);
// ... as a JPEG's APP1 segment.
Bytes exif_segment(int orientation);

}  // namespace inset::test
