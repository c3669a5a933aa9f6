// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode_picture.h"

#include <cstdio>  // jpeglib.h needs it before it
#include <cstdlib>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace inset::test {

namespace {

[[noreturn]] void stop(const char* what) {
  std::fprintf(stderr, "encode_picture: %s\n", what);
  std::abort();
}

void stop_png(png_structp, png_const_charp message) { stop(message); }
void ignore_png(png_structp, png_const_charp) {}
void stop_jpeg(j_common_ptr) { stop("libjpeg"); }
void ignore_jpeg(j_common_ptr, int) {}

void append_png(png_structp png, png_bytep data, std::size_t size) {
  auto* file = static_cast<Bytes*>(png_get_io_ptr(png));
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  file->insert(file->end(), bytes, bytes + size);
}
void flush_png(png_structp) {}

void put_big_endian(Bytes& to, std::uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i) to.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
}

std::uint32_t big_endian(const Bytes& from, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(from.at(at + i));
  return value;
}

// Samples of one row as PNG stores them: packed from the high bit on, or two bytes each.
std::vector<png_byte> packed_row(const PngPicture& picture, std::uint32_t y) {
  const std::size_t count = std::size_t{picture.width} * static_cast<std::size_t>(channels_of(picture.colours));
  const auto bits = static_cast<std::size_t>(picture.bits);
  std::vector<png_byte> row((count * bits + 7) / 8);
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned sample = picture.samples[y * count + i];
    if (bits == 16) {
      row[i * 2] = static_cast<png_byte>(sample >> 8);
      row[i * 2 + 1] = static_cast<png_byte>(sample & 0xff);
    } else {
      const std::size_t bit = i * bits;
      row[bit / 8] = static_cast<png_byte>(row[bit / 8] | sample << (8 - bits - bit % 8));
    }
  }
  return row;
}

}  // namespace

Raster make_raster(std::uint32_t width, std::uint32_t height, unsigned seed) {
  Raster raster{width, height, std::vector<std::uint8_t>(std::size_t{width} * height * 4)};
  std::minstd_rand random(seed);
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      std::uint8_t* pixel = &raster.rgba[(std::size_t{y} * width + x) * 4];
      pixel[0] = static_cast<std::uint8_t>(20 + x * 200 / width + random() % 4);
      pixel[1] = static_cast<std::uint8_t>(20 + y * 200 / height + random() % 4);
      pixel[2] = static_cast<std::uint8_t>(20 + (x + y) * 100 / (width + height) + seed * 7 % 60 + random() % 4);
      pixel[3] = 255;
    }
  }
  return raster;
}

int channels_of(PngColours colours) {
  switch (colours) {
    case PngColours::gray:
    case PngColours::palette: return 1;
    case PngColours::gray_alpha: return 2;
    case PngColours::rgb: return 3;
    case PngColours::rgb_alpha: return 4;
  }
  return 0;
}

PngPicture make_png_picture(PngColours colours, int bits, std::uint32_t width, std::uint32_t height, unsigned seed) {
  PngPicture picture;
  picture.width = width;
  picture.height = height;
  picture.colours = colours;
  picture.bits = bits;
  std::minstd_rand random(seed);
  const auto draw = [&random](unsigned range) { return static_cast<std::uint16_t>(random() >> 4 & (range - 1)); };
  const unsigned range = 1u << bits;
  if (colours == PngColours::palette) {
    picture.palette.resize(range);
    for (auto& colour : picture.palette) {
      for (auto& sample : colour) sample = static_cast<std::uint8_t>(draw(256));
    }
  }
  picture.samples.resize(std::size_t{width} * height * static_cast<std::size_t>(channels_of(colours)));
  for (auto& sample : picture.samples) sample = draw(range);
  return picture;
}

Bytes encode_png(const PngPicture& picture) {
  Bytes file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, stop_png, ignore_png);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, append_png, flush_png);
  png_set_IHDR(png, info, picture.width, picture.height, picture.bits, static_cast<int>(picture.colours),
               picture.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
               PNG_FILTER_TYPE_BASE);
  std::vector<png_color> palette;
  for (const auto& colour : picture.palette) palette.push_back({colour[0], colour[1], colour[2]});
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  if (!picture.palette_alpha.empty()) {
    png_set_tRNS(png, info, picture.palette_alpha.data(), static_cast<int>(picture.palette_alpha.size()), nullptr);
  }
  if (!picture.transparent.empty()) {
    png_color_16 colour{};
    colour.gray = colour.red = picture.transparent[0];
    if (picture.transparent.size() == 3) {
      colour.green = picture.transparent[1];
      colour.blue = picture.transparent[2];
    }
    png_set_tRNS(png, info, nullptr, 0, &colour);
  }
  if (!picture.icc_profile.empty()) {
    // libpng refuses profiles it finds odd; tests want those too.
    png_set_option(png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
    png_set_iCCP(png, info, "test", PNG_COMPRESSION_TYPE_BASE, picture.icc_profile.data(),
                 static_cast<png_uint_32>(picture.icc_profile.size()));
  }
  png_write_info(png, info);
  std::vector<std::vector<png_byte>> rows;
  std::vector<png_bytep> pointers;
  for (std::uint32_t y = 0; y < picture.height; ++y) rows.push_back(packed_row(picture, y));
  for (auto& row : rows) pointers.push_back(row.data());
  png_write_image(png, pointers.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

Bytes encode_png(const Raster& raster) {
  PngPicture picture;
  picture.width = raster.width;
  picture.height = raster.height;
  picture.colours = PngColours::rgb_alpha;
  picture.samples.assign(raster.rgba.begin(), raster.rgba.end());
  return encode_png(picture);
}

Raster decode_with_libpng(const Bytes& file) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, stop_png, ignore_png);
  png_infop info = png_create_info_struct(png);
  std::span<const std::byte> left = file;
  png_set_read_fn(png, &left, [](png_structp reader, png_bytep data, std::size_t size) {
    auto* bytes = static_cast<std::span<const std::byte>*>(png_get_io_ptr(reader));
    if (bytes->size() < size) png_error(reader, "cut");
    std::memcpy(data, bytes->data(), size);
    *bytes = bytes->subspan(size);
  });
  png_read_info(png, info);
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  Raster raster{png_get_image_width(png, info), png_get_image_height(png, info), {}};
  raster.rgba.resize(std::size_t{raster.width} * raster.height * 4);
  std::vector<png_bytep> rows;
  for (std::uint32_t y = 0; y < raster.height; ++y) rows.push_back(&raster.rgba[std::size_t{y} * raster.width * 4]);
  png_read_image(png, rows.data());
  png_destroy_read_struct(&png, &info, nullptr);
  return raster;
}

Bytes encode_jpeg(const Raster& raster, const JpegOptions& options) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = stop_jpeg;
  jpeg_create_compress(&jpeg);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &data, &size);
  jpeg.image_width = raster.width;
  jpeg.image_height = raster.height;
  jpeg.input_components = 4;
  jpeg.in_color_space = options.cmyk ? JCS_CMYK : JCS_EXT_RGBA;
  jpeg_set_defaults(&jpeg);
  if (options.gray) jpeg_set_colorspace(&jpeg, JCS_GRAYSCALE);
  if (options.rgb) jpeg_set_colorspace(&jpeg, JCS_RGB);
  jpeg_set_quality(&jpeg, options.quality, TRUE);
  for (int i = 0; i < jpeg.num_components; ++i) {
    jpeg.comp_info[i].h_samp_factor = i == 0 ? options.h : 1;
    jpeg.comp_info[i].v_samp_factor = i == 0 ? options.v : 1;
  }
  if (options.progressive) jpeg_simple_progression(&jpeg);
  std::array<jpeg_scan_info, 3> scans{};
  if (options.one_scan_each) {
    for (std::size_t i = 0; i < scans.size(); ++i) scans[i] = {1, {static_cast<int>(i)}, 0, 63, 0, 0};
    jpeg.scan_info = scans.data();
    jpeg.num_scans = jpeg.num_components;
  }
  jpeg.arith_code = options.arithmetic ? TRUE : FALSE;
  jpeg.restart_interval = options.restart_interval;
  jpeg_start_compress(&jpeg, TRUE);
  if (!options.icc_profile.empty()) {
    jpeg_write_icc_profile(&jpeg, options.icc_profile.data(), static_cast<unsigned>(options.icc_profile.size()));
  }
  while (jpeg.next_scanline < jpeg.image_height) {
    // libjpeg does not write to the rows, its type lacks the const.
    JSAMPROW row = const_cast<JSAMPROW>(raster.at(0, jpeg.next_scanline));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  Bytes file(bytes, bytes + size);
  jpeg_destroy_compress(&jpeg);
  std::free(data);
  return file;
}

Raster decode_with_libjpeg(const Bytes& file) {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = stop_jpeg;
  errors.emit_message = ignore_jpeg;
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = JCS_EXT_RGBA;
  jpeg_start_decompress(&jpeg);
  Raster raster{jpeg.output_width, jpeg.output_height, {}};
  raster.rgba.resize(std::size_t{raster.width} * raster.height * 4);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = &raster.rgba[std::size_t{jpeg.output_scanline} * raster.width * 4];
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return raster;
}

int largest_difference(const Raster& a, const Raster& b) {
  if (a.width != b.width || a.height != b.height) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.rgba.size(); ++i) largest = std::max(largest, std::abs(a.rgba[i] - b.rgba[i]));
  return largest;
}

Bytes bytes_of(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return Bytes(bytes, bytes + text.size());
}

Bytes concat(std::initializer_list<std::span<const std::byte>> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes png_chunk(std::string_view name, std::span<const std::byte> data) {
  Bytes chunk;
  put_big_endian(chunk, static_cast<std::uint32_t>(data.size()), 4);
  for (const char c : name) chunk.push_back(static_cast<std::byte>(c));
  chunk.insert(chunk.end(), data.begin(), data.end());
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(chunk.data() + 4), chunk.size() - 4);
  put_big_endian(chunk, static_cast<std::uint32_t>(crc), 4);
  return chunk;
}

std::size_t find_chunk(const Bytes& png, std::string_view name) {
  for (std::size_t at = 8; at + 12 <= png.size(); at += 12 + big_endian(png, at)) {
    if (std::memcmp(&png[at + 4], name.data(), 4) == 0) return at;
  }
  stop("no such chunk");
}

Bytes with_byte(Bytes file, std::size_t at, std::uint8_t value) {
  file.at(at) = std::byte{value};
  return file;
}

Bytes with_inserted(const Bytes& file, std::size_t at, std::span<const std::byte> bytes) {
  return concat({std::span(file).first(at), bytes, std::span(file).subspan(at)});
}

Bytes without_chunk(const Bytes& png, std::string_view name) {
  const std::size_t at = find_chunk(png, name);
  return concat({std::span(png).first(at), std::span(png).subspan(at + 12 + big_endian(png, at))});
}

Bytes with_chunk_byte(const Bytes& png, std::string_view name, std::size_t index, std::uint8_t value) {
  const std::size_t at = find_chunk(png, name);
  const std::size_t length = big_endian(png, at);
  Bytes data(png.begin() + static_cast<std::ptrdiff_t>(at + 8),
             png.begin() + static_cast<std::ptrdiff_t>(at + 8 + length));
  data.at(index) = std::byte{value};
  const Bytes chunk = png_chunk(name, data);
  return concat({std::span(png).first(at), chunk, std::span(png).subspan(at + chunk.size())});
}

Bytes jpeg_segment(std::uint8_t marker, std::span<const std::byte> data) {
  Bytes segment = {std::byte{0xff}, std::byte{marker}};
  put_big_endian(segment, static_cast<std::uint32_t>(data.size() + 2), 2);
  segment.insert(segment.end(), data.begin(), data.end());
  return segment;
}

std::size_t find_segment(const Bytes& jpeg, std::uint8_t marker) {
  for (std::size_t at = 2; at + 4 <= jpeg.size();) {
    const auto found = std::to_integer<std::uint8_t>(jpeg[at + 1]);
    if (found == marker) return at;
    if (found == 0xda) break;  // coded data follows
    at += 2 + (std::to_integer<std::size_t>(jpeg[at + 2]) << 8 | std::to_integer<std::size_t>(jpeg[at + 3]));
  }
  stop("no such segment");
}

Bytes without_segment(const Bytes& jpeg, std::uint8_t marker) {
  const std::size_t at = find_segment(jpeg, marker);
  const auto length = std::to_integer<std::size_t>(jpeg[at + 2]) << 8 | std::to_integer<std::size_t>(jpeg[at + 3]);
  return concat({std::span(jpeg).first(at), std::span(jpeg).subspan(at + 2 + length)});
}

Bytes exif_with_orientation(int orientation, bool little_endian) {
  Bytes tiff;
  const auto put = [&](std::uint32_t value, int width) {
    for (int i = 0; i < width; ++i) {
      tiff.push_back(static_cast<std::byte>(value >> (8 * (little_endian ? i : width - 1 - i)) & 0xff));
    }
  };
  tiff = bytes_of(little_endian ? "II" : "MM");
  put(42, 2);
  put(8, 4);                                         // the directory follows at once
  put(2, 2);                                         // it has two entries
  put(0x0100, 2), put(4, 2), put(1, 4), put(77, 4);  // a width, which nobody asks for
  put(0x0112, 2), put(3, 2), put(1, 4), put(static_cast<std::uint32_t>(orientation), 2), put(0, 2);
  put(0, 4);  // no further directory
  return tiff;
}

Bytes exif_segment(int orientation) {
  return jpeg_segment(0xe1, concat({bytes_of(std::string_view("Exif\0\0", 6)), exif_with_orientation(orientation)}));
}

}  // namespace inset::test
