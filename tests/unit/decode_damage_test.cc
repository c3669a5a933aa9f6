// SPDX-License-Identifier: GPL-2.0-or-later
// Damage: files cut after every byte and files with one byte changed.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;

std::vector<Bytes> small_pngs() {
  std::vector<Bytes> files;
  for (const auto& [colours, bits] :
       {std::pair{PngColours::rgb_alpha, 8}, {PngColours::gray, 1}, {PngColours::palette, 4}, {PngColours::rgb, 16}}) {
    for (const bool interlaced : {false, true}) {
      PngPicture picture = make_png_picture(colours, bits, 12, 9);
      picture.interlaced = interlaced;
      files.push_back(encode_png(picture));
    }
  }
  return files;
}

std::vector<Bytes> small_jpegs() {
  std::vector<Bytes> files;
  for (int kind = 0; kind < 8; ++kind) {
    JpegOptions options;
    options.quality = 60;
    options.progressive = kind % 2 == 1;
    options.h = options.v = kind % 4 >= 2 ? 2 : 1;
    options.restart_interval = kind >= 4 ? 1 : 0;
    files.push_back(encode_jpeg(make_raster(20, 18), options));
  }
  return files;
}

TEST(DecodeDamage, NeverAcceptsACutFile) {
  std::size_t cuts = 0;
  for (const auto& files : {small_pngs(), small_jpegs()}) {
    for (const Bytes& file : files) {
      ASSERT_TRUE(decode_bytes(file));
      for (std::size_t size = 0; size < file.size(); ++size, ++cuts) {
        const Result<Picture> picture = decode_bytes(std::span(file).first(size));
        ASSERT_FALSE(picture) << size << " of " << file.size();
        const Cause cause = picture.error().cause;
        EXPECT_TRUE(size == 0 ? cause == Cause::format_unexpected
                              : cause == Cause::file_incomplete || cause == Cause::file_damaged)
            << size;
        if (size > 12) {
          EXPECT_EQ(cause, Cause::file_incomplete) << picture.error().detail;
        }
      }
    }
  }
  RecordProperty("cuts", static_cast<int>(cuts));
  EXPECT_GT(cuts, 5000u);
}

// A file that ends within the counts of a Huffman table. The decoder would fill in zeros, and build
// from counts that nobody has checked a table that is larger than its memory for it: only a
// sanitizer sees that, so this is for runs with one.
TEST(DecodeDamage, ShowsTheDecoderNothingBeyondTheEnd) {
  const Bytes jpeg = encode_jpeg(make_raster(20, 18));
  const std::size_t table = find_segment(jpeg, 0xc4);
  for (std::size_t counts = 1; counts < 15; ++counts) {
    Bytes file(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(table + 5));
    file.resize(file.size() + counts - 1, std::byte{0});
    file.push_back(std::byte{255});
    file.push_back(std::byte{255});
    const Result<Picture> picture = decode_bytes(file);
    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().cause, Cause::file_incomplete) << counts << picture.error().detail;
  }
}

TEST(DecodeDamage, NeverAcceptsAPngWithAByteChanged) {
  const auto files = small_pngs();
  std::minstd_rand random(3);
  for (int i = 0; i < 2000; ++i) {
    Bytes file = files[static_cast<std::size_t>(i) % files.size()];
    const std::size_t at = random() % file.size();
    file[at] ^= static_cast<std::byte>(1 + random() % 255);
    EXPECT_FALSE(decode_bytes(file)) << "byte " << at;
  }
}

// Nothing in a JPEG tells most of these; but they must end in a picture of the right size, or in an
// error.
TEST(DecodeDamage, SurvivesAJpegWithBytesChanged) {
  const auto files = small_jpegs();
  std::minstd_rand random(4);
  for (int i = 0; i < 4000; ++i) {
    Bytes file = files[static_cast<std::size_t>(i) % files.size()];
    for (int changes = 0; changes <= i % 3; ++changes) {
      file[random() % file.size()] ^= static_cast<std::byte>(1 + random() % 255);
    }
    const Result<Picture> picture = decode_bytes(file);
    if (!picture) {
      EXPECT_NE(picture.error().message, "");
      continue;
    }
    EXPECT_EQ(check_bytes(file).facts.width, picture->stored_width);
    EXPECT_EQ(check_bytes(file).facts.height, picture->stored_height);
  }
}

TEST(DecodeDamage, AnyPiecesGiveTheSamePixels) {
  for (const auto& files : {small_pngs(), small_jpegs()}) {
    for (const Bytes& file : files) {
      const Result<Picture> whole = decode_bytes(file, {}, file.size());
      ASSERT_TRUE(whole);
      for (const std::size_t piece : {1u, 2u, 31u, 32u, 33u, 34u, 127u, 128u, 129u}) {
        const Result<Picture> picture = decode_bytes(file, {}, piece);
        ASSERT_TRUE(picture) << piece;
        EXPECT_EQ(raster_of(*picture).rgba, raster_of(*whole).rgba) << piece;
      }
    }
  }
}

}  // namespace
}  // namespace inset
