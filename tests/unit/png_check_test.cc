// SPDX-License-Identifier: GPL-2.0-or-later
// The check alone: nothing here decodes, so nothing here leans on the decoder being strict.
#include "decode/png_check.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <string>
#include <string_view>

#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;
using namespace std::string_literals;
using namespace std::string_view_literals;

Bytes small_png() { return encode_png(make_raster(5, 4)); }

Bytes with_chunk_before(const Bytes& png, std::string_view before, std::string_view name, std::string_view data = {}) {
  return with_inserted(png, find_chunk(png, before), png_chunk(name, bytes_of(data)));
}

TEST(PngCheck, AcceptsEveryKindOfPng) {
  const struct {
    PngColours colours;
    int bits;
  } kinds[] = {{PngColours::gray, 1},        {PngColours::gray, 2},      {PngColours::gray, 4},
               {PngColours::gray, 8},        {PngColours::gray, 16},     {PngColours::rgb, 8},
               {PngColours::rgb, 16},        {PngColours::palette, 1},   {PngColours::palette, 2},
               {PngColours::palette, 4},     {PngColours::palette, 8},   {PngColours::gray_alpha, 8},
               {PngColours::gray_alpha, 16}, {PngColours::rgb_alpha, 8}, {PngColours::rgb_alpha, 16}};
  for (const auto& kind : kinds) {
    for (const bool interlaced : {false, true}) {
      PngPicture picture = make_png_picture(kind.colours, kind.bits, 13, 11);
      picture.interlaced = interlaced;
      EXPECT_TRUE(check_bytes(encode_png(picture)).verdict);
    }
  }
}

TEST(PngCheck, RefusesEveryChangeOfOneBit) {
  const Bytes png = small_png();
  for (std::size_t i = 0; i < png.size() * 8; ++i) {
    Bytes changed = png;
    changed[i / 8] ^= std::byte{1} << (i % 8);
    EXPECT_FALSE(check_bytes(changed).verdict) << "bit " << i;
  }
}

TEST(PngCheck, RefusesEveryCutAsIncomplete) {
  const Bytes png = small_png();
  for (std::size_t size = 1; size < png.size(); ++size) {
    expect_refused(Bytes(png.begin(), png.begin() + static_cast<std::ptrdiff_t>(size)), Cause::file_incomplete, "cut");
  }
}

TEST(PngCheck, WantsTheHeaderFirstAndOnce) {
  const Bytes png = small_png();
  expect_damaged(without_chunk(png, "IHDR"), "no IHDR");
  expect_damaged(with_chunk_before(png, "IHDR", "tEXt", "a\0b"sv), "a chunk before IHDR");
  const std::size_t at = find_chunk(png, "IHDR");
  const Bytes header(png.begin() + static_cast<std::ptrdiff_t>(at), png.begin() + static_cast<std::ptrdiff_t>(at + 25));
  expect_damaged(with_inserted(png, at, header), "two IHDR");
}

TEST(PngCheck, WantsASaneHeader) {
  const Bytes png = small_png();
  for (const std::size_t side : {0u, 4u}) {
    expect_damaged(with_chunk_byte(png, "IHDR", side + 3, 0), "no size");
    expect_damaged(with_chunk_byte(png, "IHDR", side, 0x80), "negative size");
  }
  for (const std::uint8_t bits : std::to_array<std::uint8_t>({0, 1, 2, 3, 4, 5, 7, 9, 32})) {
    expect_damaged(with_chunk_byte(png, "IHDR", 8, bits), "bits of a colour picture");
  }
  for (const std::uint8_t type : std::to_array<std::uint8_t>({1, 5, 7, 255}))
    expect_damaged(with_chunk_byte(png, "IHDR", 9, type), "colour type");
  expect_damaged(with_chunk_byte(png, "IHDR", 10, 1), "compression");
  expect_damaged(with_chunk_byte(png, "IHDR", 11, 1), "filter");
  expect_damaged(with_chunk_byte(png, "IHDR", 12, 2), "interlace");
}

TEST(PngCheck, WantsThePaletteWhereItBelongs) {
  PngPicture picture = make_png_picture(PngColours::palette, 4, 6, 6);
  const Bytes png = encode_png(picture);
  expect_damaged(without_chunk(png, "PLTE"), "no PLTE");
  expect_damaged(with_chunk_before(png, "IDAT", "PLTE", "abc"), "two PLTE");
  expect_damaged(with_chunk_before(png, "IEND", "PLTE", "abc"), "PLTE after IDAT");
  expect_damaged(with_chunk_before(without_chunk(png, "PLTE"), "IDAT", "PLTE", "abcd"), "length");
  expect_damaged(with_chunk_before(without_chunk(png, "PLTE"), "IDAT", "PLTE", ""), "empty");
  expect_damaged(with_chunk_before(without_chunk(png, "PLTE"), "IDAT", "PLTE", std::string(771, 'x')), "long");
  const Bytes gray = encode_png(make_png_picture(PngColours::gray, 8, 6, 6));
  expect_damaged(with_chunk_before(gray, "IDAT", "PLTE", "abc"), "PLTE in gray");
  EXPECT_TRUE(check_bytes(with_chunk_before(small_png(), "IDAT", "PLTE", "abc")).verdict) << "a hint in RGB";
}

TEST(PngCheck, WantsTransparencyThatFits) {
  const Bytes palette = encode_png(make_png_picture(PngColours::palette, 1, 6, 6));
  EXPECT_TRUE(check_bytes(with_chunk_before(palette, "IDAT", "tRNS", "ab")).verdict);
  expect_damaged(with_chunk_before(palette, "IDAT", "tRNS", "abc"), "more than the palette");
  expect_damaged(with_chunk_before(palette, "PLTE", "tRNS", "a"), "before the palette");
  const Bytes gray = encode_png(make_png_picture(PngColours::gray, 8, 6, 6));
  EXPECT_TRUE(check_bytes(with_chunk_before(gray, "IDAT", "tRNS", "ab")).verdict);
  expect_damaged(with_chunk_before(gray, "IDAT", "tRNS", "abc"), "length in gray");
  expect_damaged(with_chunk_before(gray, "IEND", "tRNS", "ab"), "after IDAT");
  expect_damaged(with_chunk_before(small_png(), "IDAT", "tRNS", "ababab"), "with an alpha channel");
}

TEST(PngCheck, WantsTheImageInOnePiece) {
  const Bytes png = small_png();
  expect_damaged(without_chunk(png, "IDAT"), "no IDAT");
  Bytes text_between = with_inserted(png, find_chunk(png, "IDAT"), png_chunk("IDAT", {}));
  EXPECT_TRUE(check_bytes(text_between).verdict) << "an empty IDAT before";
  text_between = with_inserted(text_between, find_chunk(text_between, "IDAT") + 12, png_chunk("tEXt", bytes_of("a")));
  expect_damaged(text_between, "a chunk between two IDAT");
  expect_damaged(with_inserted(without_chunk(png, "IDAT"), find_chunk(png, "IDAT"), png_chunk("IDAT", {})),
                 "nothing in IDAT");
}

TEST(PngCheck, WantsAnEmptyEnd) {
  const Bytes png = small_png();
  expect_damaged(with_inserted(png, find_chunk(png, "IEND"), png_chunk("IEND", bytes_of("x"))), "IEND with data");
  expect_refused(without_chunk(png, "IEND"), Cause::file_incomplete, "no IEND");
}

TEST(PngCheck, RefusesUnknownCriticalChunks) {
  expect_refused(with_chunk_before(small_png(), "IDAT", "NeWc", "x"), Cause::format_unsupported, "unknown");
  expect_refused(with_chunk_before(small_png(), "IHDR", "CgBI", "abcd"), Cause::format_unsupported, "Apple's PNG");
  EXPECT_TRUE(check_bytes(with_chunk_before(small_png(), "IDAT", "neWc", "x")).verdict) << "an ancillary one";
}

TEST(PngCheck, RefusesImpossibleChunks) {
  expect_damaged(with_chunk_before(small_png(), "IDAT", "te1t", "x"), "a digit in the name");
  Bytes png = small_png();
  png[find_chunk(png, "IDAT")] = std::byte{0x80};
  expect_damaged(png, "2 GiB");
}

TEST(PngCheck, CountsWhatFollowsTheEnd) {
  const Checked checked = check_bytes(concat({small_png(), bytes_of("tail")}));
  EXPECT_TRUE(checked.verdict);
  EXPECT_EQ(checked.facts.trailing_bytes, 4u);
}

TEST(PngCheck, TellsWhenThereAreMoreFrames) {
  EXPECT_FALSE(check_bytes(with_chunk_before(small_png(), "IDAT", "acTL", "\0\0\0\1\0\0\0\0"sv)).facts.animated);
  EXPECT_TRUE(check_bytes(with_chunk_before(small_png(), "IDAT", "acTL", "\0\0\0\2\0\0\0\0"sv)).facts.animated);
}

TEST(PngCheck, ReadsWhatIsSaidAboutColours) {
  const Bytes png = small_png();
  EXPECT_TRUE(check_bytes(with_chunk_before(png, "IDAT", "sRGB", "\0"sv)).facts.srgb);
  using Code = PictureFacts::ColourCode;
  EXPECT_EQ(check_bytes(with_chunk_before(png, "IDAT", "cICP", "\1\x0d\0\1"sv)).facts.colour_code, Code::srgb);
  EXPECT_EQ(check_bytes(with_chunk_before(png, "IDAT", "cICP", "\x09\x10\0\1"sv)).facts.colour_code, Code::other);
  EXPECT_EQ(check_bytes(with_chunk_before(png, "IDAT", "gAMA", "\0\1\x86\xa0"sv)).facts.gamma, 100000u);
  EXPECT_EQ(check_bytes(with_chunk_before(png, "IEND", "gAMA", "\0\1\x86\xa0"sv)).facts.gamma, 0u) << "too late";
  EXPECT_EQ(check_bytes(with_chunk_before(png, "IDAT", "gAMA", "\0\1\x86"sv)).facts.gamma, 0u) << "too short";
  std::string chromaticities;
  for (char i = 1; i <= 8; ++i) chromaticities += std::string("\0\0\0", 3) + i;
  const auto facts = check_bytes(with_chunk_before(png, "IDAT", "cHRM", chromaticities)).facts;
  ASSERT_TRUE(facts.chromaticities);
  EXPECT_EQ(*facts.chromaticities, (std::array<std::uint32_t, 8>{1, 2, 3, 4, 5, 6, 7, 8}));
}

std::string packed(std::string_view data) {
  std::string out(compressBound(data.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(data.data()), data.size());
  out.resize(size);
  return out;
}

TEST(PngCheck, UnpacksAProfile) {
  const std::string profile(200'000, 'p');
  const auto facts = check_bytes(with_chunk_before(small_png(), "IDAT", "iCCP", "name\0\0"s + packed(profile))).facts;
  EXPECT_FALSE(facts.icc_unreadable);
  EXPECT_EQ(std::string(facts.icc_profile.begin(), facts.icc_profile.end()), profile);
}

TEST(PngCheck, SaysWhenAProfileCannotBeRead) {
  const std::string good = packed(std::string(1000, 'p'));
  const std::string cases[] = {
      "name\0\0"s + good.substr(0, good.size() / 2),
      "name\0\0"s + "nonsense",
      "name\0\1"s + good,
      "\0\0"s + good,
      "name",
      "",
      std::string(90, 'n') + "\0\0"s + good,
      "name\0\0"s + packed(std::string((4u << 20) + 1, 'p')),  // 4 KiB that unpack to more than the cap
  };
  for (const std::string& data : cases) {
    const Checked checked = check_bytes(with_chunk_before(small_png(), "IDAT", "iCCP", data));
    EXPECT_TRUE(checked.verdict);
    EXPECT_TRUE(checked.facts.icc_unreadable);
    EXPECT_TRUE(checked.facts.icc_profile.empty());
  }
}

TEST(PngCheck, FindsTheOrientationBeforeAndAfterTheImage) {
  for (const std::string_view before : {"IDAT", "IEND"}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const Bytes png = small_png();
      const Bytes chunk = png_chunk("eXIf", exif_with_orientation(orientation, orientation % 2 == 0));
      EXPECT_EQ(check_bytes(with_inserted(png, find_chunk(png, before), chunk)).facts.orientation, orientation);
    }
  }
}

}  // namespace
}  // namespace inset
