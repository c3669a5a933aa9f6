// SPDX-License-Identifier: GPL-2.0-or-later
// The check alone: nothing here decodes, so nothing here leans on the decoder being strict.
#include "decode/jpeg_check.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;
using namespace std::string_view_literals;

constexpr std::uint8_t SOF0 = 0xc0, DHT = 0xc4, SOS = 0xda, DQT = 0xdb, DNL = 0xdc, DRI = 0xdd;

Bytes jpeg_with(
    void (*change)(JpegOptions&) = [](JpegOptions&) {}, std::uint32_t width = 33, std::uint32_t height = 21) {
  JpegOptions options;
  change(options);
  return encode_jpeg(make_raster(width, height), options);
}

TEST(JpegCheck, AcceptsEveryKindItShould) {
  EXPECT_TRUE(check_bytes(jpeg_with()).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.gray = true; })).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.rgb = true; })).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.h = 2; })).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.h = o.v = 2; })).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.h = 4; })).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.progressive = true; })).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.progressive = o.gray = true; })).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.one_scan_each = true; })).verdict);
  EXPECT_TRUE(check_bytes(jpeg_with([](JpegOptions& o) { o.restart_interval = 1; })).verdict);
  for (std::uint32_t width = 1; width < 40; width += 5) {
    for (std::uint32_t height = 1; height < 40; height += 7) {
      // Restarts in every kind of scan: their number depends on how its blocks are counted.
      const auto restarting = [](JpegOptions& o) { o.progressive = true, o.h = o.v = 2, o.restart_interval = 3; };
      EXPECT_TRUE(check_bytes(jpeg_with(restarting, width, height)).verdict) << width << " x " << height;
      const auto separate = [](JpegOptions& o) { o.one_scan_each = true, o.h = 2, o.restart_interval = 2; };
      EXPECT_TRUE(check_bytes(jpeg_with(separate, width, height)).verdict) << width << " x " << height;
    }
  }
}

TEST(JpegCheck, RefusesEveryCutAsIncomplete) {
  for (const Bytes& jpeg : {jpeg_with(), jpeg_with([](JpegOptions& o) { o.progressive = true; })}) {
    for (std::size_t size = 1; size < jpeg.size(); ++size) {
      const auto cut = static_cast<std::ptrdiff_t>(size);
      expect_refused(Bytes(jpeg.begin(), jpeg.begin() + cut), Cause::file_incomplete, "cut");
    }
  }
}

TEST(JpegCheck, RefusesCmykWithAReason) {
  expect_refused(jpeg_with([](JpegOptions& o) { o.cmyk = true; }), Cause::format_unsupported, "CMYK", "CMYK");
}

TEST(JpegCheck, RefusesArithmeticCodingWithAReason) {
  const Bytes jpeg = jpeg_with([](JpegOptions& o) { o.arithmetic = true; });
  expect_refused(jpeg, Cause::format_unsupported, "arithmetic", "arithmetic");
}

TEST(JpegCheck, RefusesTwelveBitsWithAReason) {
  const Bytes jpeg = jpeg_with();
  expect_refused(with_byte(jpeg, find_segment(jpeg, SOF0) + 4, 12), Cause::format_unsupported, "12 bit", "12 bits");
}

TEST(JpegCheck, RefusesOtherProcessesWithAReason) {
  const Bytes jpeg = jpeg_with();
  const std::size_t frame = find_segment(jpeg, SOF0);
  const struct {
    std::uint8_t marker;
    std::string_view word;
  } processes[] = {{0xc3, "lossless"},   {0xc5, "hierarchical"}, {0xc6, "hierarchical"}, {0xc7, "hierarchical"},
                   {0xc9, "arithmetic"}, {0xca, "arithmetic"},   {0xcb, "arithmetic"},   {0xcc, "arithmetic"},
                   {0xcf, "arithmetic"}, {0xde, "hierarchical"}, {0xf7, "JPEG-LS"}};
  for (const auto& process : processes) {
    expect_refused(with_byte(jpeg, frame + 1, process.marker), Cause::format_unsupported, "process", process.word);
  }
}

TEST(JpegCheck, RefusesTwoChannelsWithAReason) {
  Bytes jpeg = jpeg_with();
  expect_refused(with_byte(jpeg, find_segment(jpeg, SOF0) + 9, 2), Cause::format_unsupported, "two",
                 "2 colour channels");
}

TEST(JpegCheck, RefusesAHeightThatComesLaterWithAReason) {
  Bytes jpeg = jpeg_with();
  const std::size_t frame = find_segment(jpeg, SOF0);
  jpeg[frame + 5] = jpeg[frame + 6] = std::byte{0};
  expect_refused(jpeg, Cause::format_unsupported, "no height", "height");
}

TEST(JpegCheck, RefusesColoursAtAFractionalScaleWithAReason) {
  Bytes jpeg = jpeg_with();
  const std::size_t frame = find_segment(jpeg, SOF0);
  jpeg[frame + 11] = std::byte{0x31};
  jpeg[frame + 14] = std::byte{0x21};
  expect_refused(jpeg, Cause::format_unsupported, "3 to 2", "fractional");
}

TEST(JpegCheck, WantsASaneFrameHeader) {
  const Bytes jpeg = jpeg_with();
  const std::size_t frame = find_segment(jpeg, SOF0);
  expect_damaged(with_byte(with_byte(jpeg, frame + 7, 0), frame + 8, 0), "no width");
  expect_damaged(with_byte(jpeg, frame + 11, 0x01), "sampling 0");
  expect_damaged(with_byte(jpeg, frame + 11, 0x51), "sampling 5");
  expect_damaged(with_byte(jpeg, frame + 12, 4), "quantisation table 4");
  expect_damaged(with_byte(jpeg, frame + 13, 1), "two channels of one name");
  expect_damaged(without_segment(jpeg, SOF0), "no frame header");
  const Bytes second =
      Bytes(jpeg.begin() + static_cast<std::ptrdiff_t>(frame), jpeg.begin() + static_cast<std::ptrdiff_t>(frame + 19));
  expect_damaged(with_inserted(jpeg, frame, second), "two frame headers");
}

TEST(JpegCheck, WantsTheTablesThatAScanUses) {
  const Bytes jpeg = jpeg_with();
  expect_damaged(without_segment(jpeg, DQT), "no quantisation table");
  expect_damaged(without_segment(jpeg, DHT), "no Huffman table");
  const std::size_t scan = find_segment(jpeg, SOS);
  expect_damaged(with_byte(jpeg, scan + 6, 0x22), "tables that were never defined");
  expect_damaged(with_byte(jpeg, scan + 6, 0x44), "tables that cannot be");
  const Bytes progressive = jpeg_with([](JpegOptions& o) { o.progressive = true; });
  expect_damaged(without_segment(progressive, DHT), "no Huffman table for the first pass");
}

// A Huffman table with these counts of codes, and as many symbols.
Bytes huffman_segment(std::uint8_t head, const std::array<std::uint8_t, 16>& counts) {
  Bytes data = {std::byte{head}};
  std::size_t symbols = 0;
  for (const std::uint8_t count : counts) {
    data.push_back(std::byte{count});
    symbols += count;
  }
  data.resize(data.size() + symbols);
  return jpeg_segment(DHT, data);
}

TEST(JpegCheck, RefusesHuffmanTablesThatTheDecoderCouldNotHold) {
  const Bytes jpeg = jpeg_with();
  const auto with_table = [&jpeg](std::uint8_t head, const std::array<std::uint8_t, 16>& counts) {
    return with_inserted(jpeg, find_segment(jpeg, SOS), huffman_segment(head, counts));
  };
  EXPECT_TRUE(check_bytes(with_table(0x03, {0, 1, 5, 1})).verdict);
  EXPECT_TRUE(check_bytes(with_table(0x13, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 255})).verdict)
      << "256 symbols";
  expect_damaged(with_table(0x13, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 255}), "257 symbols");
  expect_damaged(with_table(0x13, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255}), "1275 symbols");
  expect_damaged(with_table(0x03, {3}), "three codes of one bit");
  expect_damaged(with_table(0x03, {2}), "a code of all ones");
  expect_damaged(with_table(0x03, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}), "a code of all ones, long");
  expect_damaged(with_table(0x23, {1}), "class 2");
  expect_damaged(with_table(0x04, {1}), "number 4");
}

TEST(JpegCheck, JudgesAHuffmanTableBeforeTheDecoderCanHaveReadIt) {
  // The decoder builds its table when it has read the counts. By then they must have been refused.
  const Bytes jpeg = jpeg_with();
  const Bytes table = huffman_segment(0x03, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 255});
  ContainerCheck check{DecodeLimits{}};
  const std::size_t scan = find_segment(jpeg, SOS);
  ASSERT_TRUE(check.feed(std::span(jpeg).first(scan)));
  EXPECT_TRUE(check.feed(std::span(table).first(4 + 16)));
  EXPECT_FALSE(check.feed(std::span(table).subspan(4 + 16, 1)));
}

TEST(JpegCheck, WantsTablesThatFillTheirSegments) {
  const Bytes jpeg = jpeg_with();
  const std::size_t scan = find_segment(jpeg, SOS);
  const auto with_segment = [&](std::uint8_t marker, std::size_t size) {
    return with_inserted(jpeg, scan, jpeg_segment(marker, Bytes(size)));
  };
  for (const std::size_t size : {0u, 1u, 16u, 18u, 33u}) expect_damaged(with_segment(DHT, size), "DHT");
  for (const std::size_t size : {0u, 1u, 64u, 66u, 129u}) expect_damaged(with_segment(DQT, size), "DQT");
  for (const std::size_t size : {0u, 1u, 3u}) expect_damaged(with_segment(DRI, size), "DRI");
  for (const std::size_t size : {0u, 1u, 2u, 3u}) expect_damaged(with_segment(DNL, size), "DNL");
  EXPECT_TRUE(check_bytes(with_segment(DHT, 17)).verdict) << "an empty table";
  EXPECT_TRUE(check_bytes(with_segment(DQT, 65)).verdict);
  expect_damaged(with_byte(with_segment(DQT, 65), scan + 4, 0x20), "precision 2");
  expect_damaged(with_byte(with_segment(DQT, 65), scan + 4, 0x04), "number 4");
}

TEST(JpegCheck, WantsMarkersWhereMarkersBelong) {
  const Bytes jpeg = jpeg_with();
  const std::size_t scan = find_segment(jpeg, SOS);
  expect_damaged(with_inserted(jpeg, scan, bytes_of("x")), "a stray byte");
  EXPECT_TRUE(check_bytes(with_inserted(jpeg, scan, bytes_of("\xff\xff\xff"))).verdict) << "filling";
  for (const int marker : {0x00, 0x01, 0x02, 0xc8, 0xd0, 0xd8, 0xf0}) {
    const Bytes mark = {std::byte{0xff}, static_cast<std::byte>(marker)};
    expect_damaged(with_inserted(jpeg, scan, mark), "a marker that cannot be here");
  }
  Bytes short_segment = jpeg_segment(0xfe, {});
  EXPECT_TRUE(check_bytes(with_inserted(jpeg, scan, short_segment)).verdict) << "an empty comment";
  short_segment[3] = std::byte{1};
  expect_damaged(with_inserted(jpeg, scan, short_segment), "length 1");
}

TEST(JpegCheck, CountsWhatFollowsTheEnd) {
  const Checked checked = check_bytes(concat({jpeg_with(), bytes_of("tail")}));
  EXPECT_TRUE(checked.verdict);
  EXPECT_EQ(checked.facts.trailing_bytes, 4u);
}

TEST(JpegCheck, FindsTheOrientation) {
  const Bytes jpeg = jpeg_with();
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(check_bytes(with_inserted(jpeg, 2, exif_segment(orientation))).facts.orientation, orientation);
  }
}

Bytes profile_part(std::uint8_t part, std::uint8_t parts, std::string_view data) {
  return jpeg_segment(0xe2,
                      concat({bytes_of("ICC_PROFILE\0"sv), Bytes{std::byte{part}, std::byte{parts}}, bytes_of(data)}));
}

std::string profile_in(const Bytes& segments) {
  const Checked checked = check_bytes(with_inserted(jpeg_with(), 2, segments));
  EXPECT_TRUE(checked.verdict);
  if (checked.facts.icc_unreadable) return "unreadable";
  return {checked.facts.icc_profile.begin(), checked.facts.icc_profile.end()};
}

TEST(JpegCheck, JoinsAProfileInAnyOrder) {
  EXPECT_EQ(profile_in({}), "");
  EXPECT_EQ(profile_in(profile_part(1, 1, "whole")), "whole");
  EXPECT_EQ(profile_in(concat({profile_part(1, 2, "first "), profile_part(2, 2, "second")})), "first second");
  EXPECT_EQ(profile_in(concat({profile_part(2, 2, "second"), profile_part(1, 2, "first ")})), "first second");
}

TEST(JpegCheck, SaysWhenAProfileCannotBeRead) {
  EXPECT_EQ(profile_in(profile_part(1, 2, "half")), "unreadable");
  EXPECT_EQ(profile_in(profile_part(0, 1, "none")), "unreadable");
  EXPECT_EQ(profile_in(profile_part(2, 1, "beyond")), "unreadable");
  EXPECT_EQ(profile_in(profile_part(1, 1, "")), "unreadable");
  EXPECT_EQ(profile_in(concat({profile_part(1, 2, "a"), profile_part(1, 2, "a")})), "unreadable");
  EXPECT_EQ(profile_in(concat({profile_part(1, 2, "a"), profile_part(2, 3, "b")})), "unreadable");
  EXPECT_EQ(profile_in(jpeg_segment(0xe2, bytes_of("ICC_PROFILE\0"sv))), "unreadable");
  Bytes large;
  const std::string piece(65000, 'p');
  for (int i = 1; i <= 70; ++i) large = concat({large, profile_part(static_cast<std::uint8_t>(i), 70, piece)});
  EXPECT_EQ(profile_in(large), "unreadable") << "4.5 MB are over the cap";
}

TEST(JpegCheck, IgnoresOtherApplicationData) {
  EXPECT_EQ(profile_in(jpeg_segment(0xe2, bytes_of("MPF\0..."sv))), "");
  EXPECT_EQ(profile_in(jpeg_segment(0xe1, bytes_of("http://ns.adobe.com/xap/1.0/\0..."sv))), "");
}

}  // namespace
}  // namespace inset
