// SPDX-License-Identifier: GPL-2.0-or-later
// Scans, passes and restarts, as the check alone counts them.
#include "decode/jpeg_scans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;

constexpr std::uint8_t SOF0 = 0xc0, SOF2 = 0xc2, DHT = 0xc4, SOS = 0xda;

Bytes jpeg_with(
    void (*change)(JpegOptions&) = [](JpegOptions&) {}, std::uint32_t width = 33, std::uint32_t height = 21) {
  JpegOptions options;
  change(options);
  return encode_jpeg(make_raster(width, height), options);
}

// The places of two-byte marks in the coded data.
std::vector<std::size_t> find_restarts(const Bytes& jpeg) {
  std::vector<std::size_t> places;
  for (std::size_t at = find_segment(jpeg, SOS); at + 1 < jpeg.size(); ++at) {
    const auto next = std::to_integer<unsigned>(jpeg[at + 1]);
    if (jpeg[at] == std::byte{0xff} && next >= 0xd0 && next <= 0xd7) places.push_back(at);
  }
  return places;
}

TEST(JpegScans, WantsEveryChannel) {
  const Bytes jpeg = jpeg_with([](JpegOptions& o) { o.one_scan_each = true; });
  std::size_t end = find_segment(jpeg, SOS) + 10;  // of the first scan: the next marker
  while (jpeg[end] != std::byte{0xff} || jpeg[end + 1] == std::byte{0}) ++end;
  const Bytes only_first = concat({std::span(jpeg).first(end), bytes_of("\xff\xd9")});
  expect_damaged(only_first, "one channel of three");
  const Bytes nothing = concat({std::span(jpeg).first(find_segment(jpeg, SOS)), bytes_of("\xff\xd9")});
  expect_damaged(nothing, "no scan");
}

TEST(JpegScans, WantsSaneScans) {
  const Bytes jpeg = jpeg_with();
  const std::size_t scan = find_segment(jpeg, SOS);
  expect_damaged(with_byte(jpeg, scan + 4, 0), "no channel");
  expect_damaged(with_byte(jpeg, scan + 4, 4), "four channels");
  expect_damaged(with_byte(jpeg, scan + 5, 9), "a channel that is not there");
  expect_damaged(with_byte(jpeg, scan + 7, 1), "a channel twice");
  expect_damaged(with_byte(jpeg, scan + 11, 1), "not from the first coefficient");
  expect_damaged(with_byte(jpeg, scan + 13, 1), "an approximation");
  EXPECT_TRUE(check_bytes(with_byte(jpeg, scan + 12, 0)).verdict) << "the last coefficient, as some cameras write it";
  const Bytes before_frame = with_inserted(jpeg, 2, std::span(jpeg).subspan(scan, 14));
  expect_damaged(before_frame, "a scan before the frame");
}

TEST(JpegScans, WantsPassesInOrder) {
  const Bytes jpeg = jpeg_with([](JpegOptions& o) { o.progressive = true; });
  const std::size_t scan = find_segment(jpeg, SOS);
  expect_damaged(with_byte(jpeg, scan + 11, 1), "several channels with other than the first coefficient");
  expect_damaged(with_byte(jpeg, scan + 12, 1), "the first coefficient with others");
  expect_damaged(with_byte(jpeg, scan + 13, 0x10), "a refinement of nothing");
  expect_damaged(with_byte(jpeg, scan + 13, 0x0e), "more bits than there are");
}

TEST(JpegScans, TellsWhenPassesAreMissing) {
  const Bytes jpeg = jpeg_with([](JpegOptions& o) { o.progressive = true; });
  EXPECT_FALSE(check_bytes(jpeg).facts.passes_missing);
  std::size_t last_scan = 0;
  for (std::size_t at = find_segment(jpeg, SOS); at + 1 < jpeg.size(); ++at) {
    if (jpeg[at] == std::byte{0xff} && jpeg[at + 1] == std::byte{DHT}) last_scan = at;
  }
  const Checked checked = check_bytes(concat({std::span(jpeg).first(last_scan), bytes_of("\xff\xd9")}));
  EXPECT_TRUE(checked.verdict) << "the format allows it";
  EXPECT_TRUE(checked.facts.passes_missing);
}

TEST(JpegScans, RefusesMorePassesThanAnyPictureHas) {
  // One coefficient after the other, bit by bit: every pass is one that the format allows.
  const Bytes jpeg = jpeg_with([](JpegOptions& o) { o.gray = true; }, 8, 8);
  const auto scan = static_cast<std::ptrdiff_t>(find_segment(jpeg, SOS));
  const auto with_passes = [&](unsigned bits) {
    Bytes file(jpeg.begin(), jpeg.begin() + scan);
    file[find_segment(jpeg, SOF0) + 1] = std::byte{SOF2};
    for (unsigned coefficient = 0; coefficient < 64; ++coefficient) {
      for (unsigned bit = bits; bit-- > 0;) {
        const auto c = static_cast<std::byte>(coefficient);
        const auto high = bit + 1 == bits ? 0 : bit + 1;
        const Bytes header = {std::byte{1}, std::byte{1}, std::byte{0}, c, c, static_cast<std::byte>(high << 4 | bit)};
        file = concat({file, jpeg_segment(SOS, header), bytes_of("x")});
      }
    }
    return concat({file, bytes_of("\xff\xd9")});
  };
  EXPECT_TRUE(check_bytes(with_passes(4)).verdict) << "256 passes";
  expect_refused(with_passes(5), Cause::format_unsupported, "320 passes", "passes");
}

TEST(JpegScans, CountsRestarts) {
  const Bytes jpeg = jpeg_with([](JpegOptions& o) { o.restart_interval = 2; }, 64, 64);
  const auto restarts = find_restarts(jpeg);
  ASSERT_GT(restarts.size(), 10u);
  for (const std::size_t at : restarts) {
    expect_damaged(concat({std::span(jpeg).first(at), std::span(jpeg).subspan(at + 2)}), "one missing");
    expect_damaged(with_inserted(jpeg, at, std::span(jpeg).subspan(at, 2)), "one twice");
    if (at == restarts.back()) break;
    const std::size_t next = *std::upper_bound(restarts.begin(), restarts.end(), at);
    expect_damaged(concat({std::span(jpeg).first(at), std::span(jpeg).subspan(next)}), "an interval missing");
  }
  // Eight intervals cut out leave the numbers in order, but not their number.
  expect_damaged(concat({std::span(jpeg).first(restarts[1]), std::span(jpeg).subspan(restarts[9])}), "eight missing");
  const Bytes plain = jpeg_with();
  expect_damaged(with_inserted(plain, plain.size() - 2, bytes_of("\xff\xd0")), "one where none is due");
}

TEST(JpegScans, AllowsARestartAfterTheLastInterval) {
  const Bytes jpeg = jpeg_with([](JpegOptions& o) { o.restart_interval = 2; }, 32, 32);  // 16 units: 7 between 8
  const Bytes last = {std::byte{0xff}, std::byte{0xd7}};
  EXPECT_TRUE(check_bytes(with_inserted(jpeg, jpeg.size() - 2, last)).verdict);
}

}  // namespace
}  // namespace inset
