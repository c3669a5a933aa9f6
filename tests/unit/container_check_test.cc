// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/container_check.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;
using namespace std::string_view_literals;

TEST(ContainerCheck, NamesWhatIsNeitherJpegNorPng) {
  const struct {
    std::string_view bytes;
    std::string_view name;
  } cases[] = {
      {""sv, "an empty file"},
      {"RIFF\x24\0\0\0WEBPVP8 "sv, "a WebP picture"},
      {"GIF89a\1\0\1\0"sv, "a GIF picture"},
      {"BM\x46\0\0\0\0\0"sv, "a BMP picture"},
      {"II*\0\x08\0\0\0"sv, "a TIFF picture"},
      {"MM\0*\0\0\0\x08"sv, "a TIFF picture"},
      {"\0\0\0\x20"
       "ftypavif\0\0\0\0"sv,
       "an AVIF picture"},
      {"\0\0\0\x18"
       "ftypheic\0\0\0\0"sv,
       "a HEIC picture"},
      {"\0\0\0\x0cJXL \r\n\x87\n"sv, "a JPEG XL picture"},
      {"\0\0\0\x0cjP  \r\n\x87\n"sv, "a JPEG 2000 picture"},
      {"8BPS\0\1"sv, "a Photoshop document"},
      {"%PDF-1.7\n"sv, "a PDF document"},
      {"PK\3\4\x14\0"sv, "a ZIP archive"},
      {"\x1f\x8b\x08\0"sv, "compressed (gzip) data"},
      {"<svg xmlns='http://www.w3.org/2000/svg'/>"sv, "an SVG drawing"},
      {"<?xml version='1.0'?>\n<svg/>"sv, "an SVG drawing"},
      {"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"sv, "an XML document"},
      {"\xef\xbb\xbf\r\n <!DOCTYPE html><html>"sv, "a web page"},
      {"<HTML><body>Sign in to this network</body></HTML>"sv, "a web page"},
      {"{\"ErrorCode\":\"Expired\"}"sv, "a JSON message"},
      {"Not found\n"sv, "text"},
      {"\x01\x02\x03\x04"sv, "a file of an unknown kind"},
  };
  for (const auto& c : cases) {
    const Checked checked = check_bytes(bytes_of(c.bytes));
    ASSERT_FALSE(checked.verdict) << c.name;
    EXPECT_EQ(checked.verdict.error().cause, Cause::format_unexpected) << c.name;
    EXPECT_NE(checked.verdict.error().message.find(c.name), std::string::npos) << checked.verdict.error().message;
  }
}

TEST(ContainerCheck, NamesALongForeignFileBeforeItsEnd) {
  ContainerCheck check{DecodeLimits{}};
  const Bytes page = bytes_of("<!doctype html>" + std::string(100, ' '));
  EXPECT_FALSE(check.feed(page));
}

TEST(ContainerCheck, CallsTheFirstBytesOfAPictureIncomplete) {
  const Bytes png = encode_png(make_raster(3, 3));
  const Bytes jpeg = encode_jpeg(make_raster(3, 3));
  for (const Bytes* file : {&png, &jpeg}) {
    for (std::size_t size = 1; size < 12; ++size) {
      const Checked checked = check_bytes(std::span(*file).first(size));
      ASSERT_FALSE(checked.verdict);
      EXPECT_EQ(checked.verdict.error().cause, Cause::file_incomplete) << size;
    }
  }
}

TEST(ContainerCheck, SeesThatAPngWasTransferredAsText) {
  Bytes png = encode_png(make_raster(3, 3));
  png.erase(png.begin() + 4);  // \r\n became \n
  const Checked checked = check_bytes(png);
  ASSERT_FALSE(checked.verdict);
  EXPECT_EQ(checked.verdict.error().cause, Cause::file_damaged);
}

TEST(ContainerCheck, LearnsSizeAndKind) {
  const Checked png = check_bytes(encode_png(make_png_picture(PngColours::gray_alpha, 16, 31, 17)));
  ASSERT_TRUE(png.verdict);
  EXPECT_EQ(png.facts.container, Container::png);
  EXPECT_EQ(png.facts.width, 31u);
  EXPECT_EQ(png.facts.height, 17u);
  EXPECT_EQ(png.facts.bits, 16);
  EXPECT_TRUE(png.facts.gray);

  const Checked jpeg = check_bytes(encode_jpeg(make_raster(40, 9)));
  ASSERT_TRUE(jpeg.verdict);
  EXPECT_EQ(jpeg.facts.container, Container::jpeg);
  EXPECT_EQ(jpeg.facts.width, 40u);
  EXPECT_EQ(jpeg.facts.height, 9u);
  EXPECT_EQ(jpeg.facts.bits, 8);
  EXPECT_FALSE(jpeg.facts.gray);
}

TEST(ContainerCheck, RefusesALargePictureByItsHeaderAlone) {
  const DecodeLimits small{100, 100 * 50 * 4};
  const struct {
    std::uint32_t width, height;
    bool fits;
  } cases[] = {{100, 50, true}, {50, 100, true}, {101, 1, false}, {1, 101, false}, {100, 51, false}};
  for (const auto& c : cases) {
    const Bytes png = encode_png(make_raster(c.width, c.height));
    const Bytes jpeg = encode_jpeg(make_raster(c.width, c.height));
    EXPECT_EQ(static_cast<bool>(check_bytes(png, small).verdict), c.fits) << c.width << " x " << c.height;
    EXPECT_EQ(static_cast<bool>(check_bytes(jpeg, small).verdict), c.fits) << c.width << " x " << c.height;
    if (c.fits) continue;
    ContainerCheck png_check(small);
    EXPECT_FALSE(png_check.feed(std::span(png).first(33)));
    ContainerCheck jpeg_check(small);
    const Outcome verdict = jpeg_check.feed(std::span(jpeg).first(find_segment(jpeg, 0xc0) + 19));
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().cause, Cause::picture_too_large);
  }
}

TEST(ContainerCheck, CountsPixelsInEnoughBits) {
  // 2^31 - 1 squared times 4 is beyond 32 and, wrapped, beyond any care with signs.
  Bytes png = encode_png(make_raster(1, 1));
  for (const std::size_t index : {0u, 4u}) {
    png = with_chunk_byte(png, "IHDR", index, 0x7f);
    for (std::size_t i = 1; i < 4; ++i) png = with_chunk_byte(png, "IHDR", index + i, 0xff);
  }
  DecodeLimits limits;
  limits.side = 0xffffffff;
  const Checked checked = check_bytes(png, limits);
  ASSERT_FALSE(checked.verdict);
  EXPECT_EQ(checked.verdict.error().cause, Cause::picture_too_large);

  Bytes jpeg = encode_jpeg(make_raster(1, 1));
  const std::size_t frame = find_segment(jpeg, 0xc0);
  for (std::size_t i = 5; i < 9; ++i) jpeg[frame + i] = std::byte{0xff};
  const Checked huge = check_bytes(jpeg, limits);
  ASSERT_FALSE(huge.verdict);
  EXPECT_EQ(huge.verdict.error().cause, Cause::picture_too_large);
}

TEST(ContainerCheck, AnErrorIsFinal) {
  ContainerCheck check{DecodeLimits{}};
  Bytes png = encode_png(make_raster(3, 3));
  png[20] ^= std::byte{1};
  const Outcome first = check.feed(png);
  ASSERT_FALSE(first);
  const Outcome second = check.feed(encode_png(make_raster(3, 3)));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().detail, first.error().detail);
  const Outcome third = check.finish();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().detail, first.error().detail);
}

// What a check says, in a form that can be compared.
std::string told(const Checked& checked) {
  const PictureFacts& facts = checked.facts;
  return (checked.verdict ? std::string("good") : checked.verdict.error().detail) + " " + std::to_string(facts.width) +
         "x" + std::to_string(facts.height) + " " + std::to_string(facts.bits) + " " +
         std::to_string(facts.orientation) + " " + std::to_string(facts.icc_profile.size()) + " " +
         std::to_string(facts.trailing_bytes) + " " + std::to_string(facts.passes_missing);
}

TEST(ContainerCheck, AnyPiecesGiveTheSameVerdict) {
  PngPicture profiled = make_png_picture(PngColours::rgb, 8, 20, 20);
  JpegOptions progressive;
  progressive.progressive = true;
  progressive.h = progressive.v = 2;
  progressive.restart_interval = 2;
  progressive.icc_profile.assign(70000, 7);
  const Bytes jpeg = encode_jpeg(make_raster(50, 40), progressive);
  std::vector<Bytes> files = {
      encode_png(profiled),
      encode_png(make_png_picture(PngColours::palette, 2, 9, 9)),
      jpeg,
      with_inserted(jpeg, 2, exif_segment(6)),
      concat({jpeg, bytes_of("more after the end")}),
      encode_jpeg(make_raster(33, 21)),
      bytes_of("<!doctype html><title>no</title>"),
      {},
  };
  std::minstd_rand random(5);
  const std::size_t whole = files.size();
  for (std::size_t i = 0; i < 120; ++i) {  // the same files with damage
    Bytes file = files[i % (whole - 2)];
    file[random() % file.size()] ^= static_cast<std::byte>(1 + random() % 255);
    if (i % 3 == 0) file.resize(random() % file.size());
    files.push_back(file);
  }
  for (const Bytes& file : files) {
    const std::string expected = told(check_bytes(file, {}, 1u << 20));
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 64u, 1000u}) {
      EXPECT_EQ(told(check_bytes(file, {}, piece)), expected) << "in pieces of " << piece;
    }
  }
}

}  // namespace
}  // namespace inset
