// SPDX-License-Identifier: GPL-2.0-or-later
// Pixels, compared with those that libpng and libjpeg find in the same file, or with what was put
// in.
#include "decode/decode_stream.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>
#include <string_view>

#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;
using namespace std::string_view_literals;

// Two decoders of the same JPEG may differ by the rounding of their arithmetic, no more.
constexpr int jpeg_rounding = 4;

Raster decoded(const Bytes& file, std::string* note = nullptr) {
  const Result<Picture> picture = decode_bytes(file);
  if (!picture) {
    ADD_FAILURE() << picture.error().message << " " << picture.error().detail;
    return {};
  }
  if (note != nullptr) *note = picture->note;
  return raster_of(*picture);
}

Raster without_last_two_columns(const Raster& raster) {
  Raster left{raster.width - std::min(raster.width, 2u), raster.height, {}};
  for (std::uint32_t y = 0; y < left.height; ++y) {
    left.rgba.insert(left.rgba.end(), raster.at(0, y), raster.at(0, y) + std::size_t{left.width} * 4);
  }
  return left;
}

TEST(Decode, GivesEveryKindOfPngExactly) {
  const struct {
    PngColours colours;
    int bits;
  } kinds[] = {{PngColours::gray, 1},        {PngColours::gray, 2},      {PngColours::gray, 4},
               {PngColours::gray, 8},        {PngColours::gray, 16},     {PngColours::rgb, 8},
               {PngColours::rgb, 16},        {PngColours::palette, 1},   {PngColours::palette, 2},
               {PngColours::palette, 4},     {PngColours::palette, 8},   {PngColours::gray_alpha, 8},
               {PngColours::gray_alpha, 16}, {PngColours::rgb_alpha, 8}, {PngColours::rgb_alpha, 16}};
  const struct {
    std::uint32_t width, height;
  } sizes[] = {{1, 1}, {2, 3}, {3, 9}, {5, 5}, {8, 8}, {9, 2}, {17, 31}, {64, 33}};
  for (const auto& kind : kinds) {
    for (const auto& size : sizes) {
      for (const bool interlaced : {false, true}) {
        PngPicture picture = make_png_picture(kind.colours, kind.bits, size.width, size.height);
        picture.interlaced = interlaced;
        const Bytes file = encode_png(picture);
        EXPECT_EQ(largest_difference(decoded(file), decode_with_libpng(file)), 0)
            << static_cast<int>(kind.colours) << "/" << kind.bits << " " << size.width << " x " << size.height
            << (interlaced ? " interlaced" : "");
      }
    }
  }
}

TEST(Decode, GivesBackWhatWasPutIn) {
  const Raster raster = make_raster(61, 43);
  EXPECT_EQ(decoded(encode_png(raster)).rgba, raster.rgba);
}

TEST(Decode, MakesTheTransparentColourTransparent) {
  for (const int bits : {1, 2, 4, 8, 16}) {
    for (const bool interlaced : {false, true}) {
      PngPicture gray = make_png_picture(PngColours::gray, bits, 19, 13);
      gray.interlaced = interlaced;
      gray.transparent = {gray.samples[7]};
      const Bytes file = encode_png(gray);
      const Raster pixels = decoded(file);
      EXPECT_EQ(largest_difference(pixels, decode_with_libpng(file)), 0) << "gray " << bits;
      EXPECT_EQ(pixels.at(7, 0)[3], 0);
    }
  }
  for (const int bits : {8, 16}) {
    PngPicture colour = make_png_picture(PngColours::rgb, bits, 19, 13);
    colour.transparent.assign(colour.samples.begin() + 21, colour.samples.begin() + 24);
    const Bytes file = encode_png(colour);
    const Raster pixels = decoded(file);
    EXPECT_EQ(largest_difference(pixels, decode_with_libpng(file)), 0) << "colour " << bits;
    EXPECT_EQ(pixels.at(7, 0)[3], 0);
  }
  for (const int bits : {1, 2, 4, 8}) {
    PngPicture palette = make_png_picture(PngColours::palette, bits, 19, 13);
    palette.palette_alpha = {0, 77};
    const Bytes file = encode_png(palette);
    EXPECT_EQ(largest_difference(decoded(file), decode_with_libpng(file)), 0) << "palette " << bits;
  }
}

TEST(Decode, RoundsSixteenBitsToTheNearestOfEightAndSaysSo) {
  PngPicture picture = make_png_picture(PngColours::gray, 16, 256, 256);
  for (std::size_t i = 0; i < picture.samples.size(); ++i) picture.samples[i] = static_cast<std::uint16_t>(i);
  std::string note;
  const Raster pixels = decoded(encode_png(picture), &note);
  for (std::size_t i = 0; i < 65536; ++i) {
    const auto nearest = static_cast<int>(static_cast<double>(i) * 255 / 65535 + 0.5);
    ASSERT_EQ(pixels.rgba[i * 4], nearest) << i;
  }
  EXPECT_NE(note.find("16 bits"), std::string::npos) << note;
}

TEST(Decode, GivesJpegsOfEveryKind) {
  const struct { std::uint32_t width, height; } sizes[] = {{1, 1}, {7, 5}, {16, 16}, {17, 33}, {95, 61}};
  const struct { int h, v; } samplings[] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}};
  for (const auto& size : sizes) {
    for (const auto& sampling : samplings) {
      for (const bool progressive : {false, true}) {
        for (const unsigned restart_interval : {0u, 1u, 5u}) {
          JpegOptions options;
          options.h = sampling.h;
          options.v = sampling.v;
          options.progressive = progressive;
          options.restart_interval = restart_interval;
          const Bytes file = encode_jpeg(make_raster(size.width, size.height), options);
          Raster ours = decoded(file);
          Raster theirs = decode_with_libjpeg(file);
          // stb_image weighs the colours of the last two columns the wrong way round if colours are
          // stored at half the width and full height: a slight error, in colour only.
          if (sampling.h == 2 && sampling.v == 1) {
            ours = without_last_two_columns(ours);
            theirs = without_last_two_columns(theirs);
          }
          EXPECT_LE(largest_difference(ours, theirs), jpeg_rounding)
              << size.width << " x " << size.height << ", " << sampling.h << " x " << sampling.v
              << (progressive ? " progressive" : "");
        }
      }
    }
  }
}

TEST(Decode, GivesGrayAndRgbAndSeparateScansOfAJpeg) {
  const Raster raster = make_raster(45, 37);
  for (int kind = 0; kind < 4; ++kind) {
    JpegOptions options;
    options.gray = kind == 0 || kind == 3;
    options.rgb = kind == 1;
    options.one_scan_each = kind == 2;
    options.progressive = kind == 3;
    const Bytes file = encode_jpeg(raster, options);
    EXPECT_LE(largest_difference(decoded(file), decode_with_libjpeg(file)), jpeg_rounding) << kind;
  }
}

TEST(Decode, KeepsNearWhatWentIntoAGoodJpeg) {
  const Raster raster = make_raster(90, 70);
  JpegOptions options;
  options.quality = 97;
  EXPECT_LE(largest_difference(decoded(encode_jpeg(raster, options)), raster), 12);
}

TEST(Decode, SaysWhatThePictureIs) {
  const Result<Picture> png = decode_bytes(encode_png(make_raster(30, 20)));
  ASSERT_TRUE(png);
  EXPECT_EQ(png->mime, "image/png");
  EXPECT_EQ(png->width, 30u);
  EXPECT_EQ(png->height, 20u);
  EXPECT_EQ(png->note, "");
  const Result<Picture> jpeg = decode_bytes(encode_jpeg(make_raster(30, 20)));
  ASSERT_TRUE(jpeg);
  EXPECT_EQ(jpeg->mime, "image/jpeg");
  EXPECT_EQ(jpeg->note, "");
}

// Where the pixel of a stored picture goes, by the definition of each orientation.
const std::uint8_t* upright(const Raster& stored, int orientation, std::uint32_t x, std::uint32_t y) {
  const std::uint32_t right = stored.width - 1;
  const std::uint32_t bottom = stored.height - 1;
  switch (orientation) {
    case 2: return stored.at(right - x, y);
    case 3: return stored.at(right - x, bottom - y);
    case 4: return stored.at(x, bottom - y);
    case 5: return stored.at(y, x);
    case 6: return stored.at(y, bottom - x);
    case 7: return stored.at(right - y, bottom - x);
    case 8: return stored.at(right - y, x);
    default: return stored.at(x, y);
  }
}

TEST(Decode, TurnsThePictureUpright) {
  const struct { std::uint32_t width, height; } sizes[] = {{3, 2}, {1, 5}, {40, 23}, {16, 16}, {700, 900}};
  for (const auto& size : sizes) {
    const Raster stored = make_raster(size.width, size.height);
    const Bytes file = encode_png(stored);
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const Bytes turned =
          with_inserted(file, find_chunk(file, "IDAT"), png_chunk("eXIf", exif_with_orientation(orientation)));
      const Result<Picture> picture = decode_bytes(turned);
      ASSERT_TRUE(picture);
      EXPECT_EQ(picture->stored_width, size.width);
      EXPECT_EQ(picture->stored_height, size.height);
      const bool sideways = orientation >= 5;
      ASSERT_EQ(picture->width, sideways ? size.height : size.width);
      ASSERT_EQ(picture->height, sideways ? size.width : size.height);
      const Raster pixels = raster_of(*picture);
      bool same = true;
      for (std::uint32_t y = 0; y < pixels.height; ++y) {
        for (std::uint32_t x = 0; x < pixels.width; ++x) {
          same = same && std::equal(pixels.at(x, y), pixels.at(x, y) + 4, upright(stored, orientation, x, y));
        }
      }
      EXPECT_TRUE(same) << "orientation " << orientation << " of " << size.width << " x " << size.height;
    }
  }
}

TEST(Decode, TurnsAJpegToo) {
  const Bytes file = encode_jpeg(make_raster(30, 20));
  const Raster plain = decoded(file);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Result<Picture> picture = decode_bytes(with_inserted(file, 2, exif_segment(orientation)));
    ASSERT_TRUE(picture);
    const Raster pixels = raster_of(*picture);
    ASSERT_EQ(pixels.width, orientation >= 5 ? 20u : 30u);
    ASSERT_EQ(pixels.height, orientation >= 5 ? 30u : 20u);
    bool same = true;
    for (std::uint32_t y = 0; y < pixels.height; ++y) {
      for (std::uint32_t x = 0; x < pixels.width; ++x) {
        same = same && std::equal(pixels.at(x, y), pixels.at(x, y) + 4, upright(plain, orientation, x, y));
      }
    }
    EXPECT_TRUE(same) << "orientation " << orientation;
  }
}

TEST(Decode, IgnoresATailAndSaysSo) {
  for (const Bytes& file : {encode_png(make_raster(9, 9)), encode_jpeg(make_raster(9, 9))}) {
    std::string note;
    const Raster pixels = decoded(concat({file, bytes_of("tail")}), &note);
    EXPECT_EQ(pixels.rgba, decoded(file).rgba);
    EXPECT_NE(note.find("4 bytes"), std::string::npos) << note;
  }
}

TEST(Decode, TellsThatThereAreMoreFrames) {
  const Bytes png = encode_png(make_raster(9, 9));
  std::string note;
  decoded(with_inserted(png, find_chunk(png, "IDAT"), png_chunk("acTL", bytes_of("\0\0\0\2\0\0\0\0"sv))), &note);
  EXPECT_NE(note.find("animated"), std::string::npos) << note;
}

TEST(Decode, DrawsAnIndexWithoutAPaletteEntryAlwaysTheSame) {
  PngPicture picture = make_png_picture(PngColours::palette, 8, 16, 16);
  Bytes file = encode_png(picture);
  const std::size_t at = find_chunk(file, "PLTE");
  file = with_inserted(without_chunk(file, "PLTE"), at, png_chunk("PLTE", bytes_of("abc")));  // one entry of 256
  const Raster pixels = decoded(file);
  for (std::size_t i = 0; i < picture.samples.size(); ++i) {
    if (picture.samples[i] == 0) continue;
    for (std::size_t k = 0; k < 4; ++k) ASSERT_EQ(pixels.rgba[i * 4 + k], 0) << "transparent";
  }
}

TEST(Decode, TakesImageDataInManyChunks) {
  const Raster raster = make_raster(20, 16);
  const Bytes png = encode_png(raster);
  const std::size_t at = find_chunk(png, "IDAT");
  const std::size_t end = find_chunk(png, "IEND");
  Bytes chunks = png_chunk("IDAT", {});
  for (std::size_t i = at + 8; i < end - 4; ++i) {
    chunks = concat({chunks, png_chunk("IDAT", std::span(png).subspan(i, 1))});
  }
  chunks = concat({chunks, png_chunk("IDAT", {})});
  EXPECT_EQ(decoded(with_inserted(without_chunk(png, "IDAT"), at, chunks)).rgba, raster.rgba);
}

// Bits, colours and interlacing as a PNG's header has them.
struct PngKind {
  std::uint8_t bits = 8;
  std::uint8_t colours = 0;
  std::uint8_t interlaced = 0;
};

Bytes png_with_image_data(std::uint32_t width, std::uint32_t height, const std::string& rows, PngKind kind = {},
                          int level = Z_DEFAULT_COMPRESSION) {
  std::string packed(compressBound(rows.size()), '\0');
  uLongf size = packed.size();
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()), rows.size(),
            level);
  packed.resize(size);
  Bytes png = encode_png(make_png_picture(PngColours::gray, 8, width, height));
  png = with_chunk_byte(png, "IHDR", 8, kind.bits);
  png = with_chunk_byte(png, "IHDR", 9, kind.colours);
  png = with_chunk_byte(png, "IHDR", 12, kind.interlaced);
  const std::size_t at = find_chunk(png, "IDAT");
  return with_inserted(without_chunk(png, "IDAT"), at, png_chunk("IDAT", bytes_of(packed)));
}

TEST(Decode, RefusesAPngWhoseDataIsShort) {
  EXPECT_TRUE(decode_bytes(png_with_image_data(10, 10, std::string(110, '\0'))));
  const Result<Picture> picture = decode_bytes(png_with_image_data(10, 10, std::string(109, '\0')));
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::file_damaged);
}

TEST(Decode, RefusesAPngThatUnpacksToFarMoreThanItsPixels) {
  const Result<Picture> picture = decode_bytes(png_with_image_data(10, 10, std::string(100u << 20, '\0')));
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::file_damaged);
  EXPECT_NE(picture.error().detail.find("unpacks"), std::string::npos) << picture.error().detail;
}

// The costliest honest picture: 16 bits, interlaced, with data that does not pack.
TEST(Decode, HasMemoryForAPngThatPacksBadly) {
  constexpr std::uint32_t side = 2080;
  std::minstd_rand random(7);
  std::string rows;
  rows.reserve(std::size_t{side} * side * 8 + (std::size_t{side} << 3));
  // Adam7: where each pass begins, and how far apart its pixels are.
  constexpr std::uint32_t passes[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                          {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  for (const auto& [x, y, across, down] : passes) {
    for (std::uint32_t row = y; row < side; row += down) {
      rows += '\0';
      for (std::uint32_t column = x; column < side; column += across) {
        for (int byte = 0; byte < 8; ++byte) rows += static_cast<char>(random() >> 8);
      }
    }
  }
  const Result<Picture> picture = decode_bytes(png_with_image_data(side, side, rows, {16, 6, 1}, 0), {}, 1 << 20);
  ASSERT_TRUE(picture) << picture.error().detail;
  EXPECT_EQ(picture->width, side);
}

TEST(Decode, RefusesALargePictureBeforeDecoding) {
  const DecodeLimits small{100, 1u << 20};
  const Result<Picture> picture = decode_bytes(encode_png(make_raster(101, 1)), small);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::picture_too_large);
  EXPECT_EQ(picture.error().stage, Stage::decoding);
}

TEST(Decode, EndsAtOnceWhenNobodyWantsThePicture) {
  struct Stopped final : ByteSource {
    std::span<const std::byte> next() override { return {}; }
    bool stopped() const override { return true; }
  } source;
  const Result<Picture> picture = decode_stream(source, {});
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::cancelled);
}

}  // namespace
}  // namespace inset
