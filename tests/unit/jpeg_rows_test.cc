// SPDX-License-Identifier: GPL-2.0-or-later
// JPEGs whose rows are finished while they arrive: the same pixels as stb_image gives, to the byte.
#include <gtest/gtest.h>

#include <string>

#include "decode/second_opinion.h"
#include "decode_helpers.h"
#include "encode_picture.h"
#include "stb_reference.h"

namespace inset {
namespace {

using namespace test;

struct Size {
  std::uint32_t width, height;
};

// One that needs more than one band is the last.
constexpr Size sizes[] = {{1, 1},   {2, 1},   {1, 3},   {7, 5},   {8, 8},    {9, 17},
                          {16, 16}, {17, 33}, {33, 64}, {95, 61}, {333, 257}};
constexpr Size large = {1023, 769};
constexpr struct {
  int h, v;
} samplings[] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}, {4, 2}, {2, 4}, {3, 1}, {1, 3}};
constexpr struct {
  const char* name;
  bool progressive, one_scan_each, gray, rgb;
} kinds[] = {{"baseline", false, false, false, false},
             {"progressive", true, false, false, false},
             {"a scan each", false, true, false, false},
             {"gray", false, false, true, false},
             {"RGB", false, false, false, true}};

#ifdef INSET_STB_IS_LENIENT
// Else it would show nothing that this program has another stb_image.
TEST(StbReference, TakesAFileWithoutItsEnd) {
  const Bytes file = encode_jpeg(make_raster(40, 30));
  EXPECT_GT(load_with_stb(Bytes(file.begin(), file.end() - 2)).width, 0u);
}
#endif

void expect_same(const Bytes& file, const std::string& what, std::size_t piece = 4096) {
  const Raster theirs = load_with_stb(file);
  ASSERT_GT(theirs.width, 0u) << what;
  const Result<Picture> ours = decode_bytes(file, {}, piece);
  ASSERT_TRUE(ours) << what << ": " << ours.error().message << " " << ours.error().detail;
  ASSERT_EQ(ours->width, theirs.width) << what;
  ASSERT_EQ(ours->height, theirs.height) << what;
  ASSERT_TRUE(raster_of(*ours).rgba == theirs.rgba) << what;
}

int compare_all(Size size) {
  int compared = 0;
  for (const auto& sampling : samplings) {
    const std::uint32_t units_across =
        (size.width + 8u * static_cast<unsigned>(sampling.h) - 1) / (8u * static_cast<unsigned>(sampling.h));
    for (const unsigned restart_interval : {0u, 1u, 3u, units_across}) {
      for (const auto& kind : kinds) {
        JpegOptions options;
        options.h = sampling.h;
        options.v = sampling.v;
        options.restart_interval = restart_interval;
        options.progressive = kind.progressive;
        options.one_scan_each = kind.one_scan_each;
        options.gray = kind.gray;
        options.rgb = kind.rgb;
        expect_same(encode_jpeg(make_raster(size.width, size.height), options),
                    std::to_string(size.width) + " x " + std::to_string(size.height) + " " + kind.name + " " +
                        std::to_string(sampling.h) + "x" + std::to_string(sampling.v) + " restart " +
                        std::to_string(restart_interval));
        ++compared;
      }
    }
  }
  return compared;
}

TEST(JpegRows, AreThoseOfStbToTheByte) {
  int compared = 0;
  for (const Size size : sizes) compared += compare_all(size);
  EXPECT_EQ(compared, 2200);
}

TEST(JpegRows, AreThoseOfStbInMoreThanOneBand) { EXPECT_EQ(compare_all(large), 200); }

TEST(JpegRows, AreThoseOfStbWhereverThePiecesEnd) {
  JpegOptions options;
  options.h = options.v = 2;
  const Bytes file = encode_jpeg(make_raster(61, 83), options);
  for (std::size_t piece = 1; piece < 300; ++piece) expect_same(file, std::to_string(piece), piece);
}

class NoRoom final : public PixelSink {
 public:
  bool write(std::span<const std::uint8_t>, std::size_t) override { return false; }
};

TEST(JpegRows, EndTheDecodeWhenThereIsNoRoomForThem) {
  const Bytes file = encode_jpeg(make_raster(600, 600));
  BytesInPieces source(file);
  NoRoom sink;
  SecondOpinion second;
  const Result<Picture> picture = decode_stream(source, {}, sink, second);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::out_of_memory);
}

// A table would be needed to tell which of a picture's rows a late turn is for.
TEST(JpegRows, HeedNoTurnThatComesAfterTheFirstOfThem) {
  JpegOptions options;
  options.one_scan_each = true;
  const Bytes file = encode_jpeg(make_raster(20, 12), options);
  const std::size_t second_scan = file.size() - 2 - [&file] {
    std::size_t back = 2;
    while (!(file[file.size() - back] == std::byte{0xff} && file[file.size() - back + 1] == std::byte{0xda})) ++back;
    return back - 2;
  }();
  const Bytes turned = with_inserted(file, second_scan, exif_segment(6));
  const Result<Picture> picture = decode_bytes(turned);
  ASSERT_TRUE(picture) << picture.error().detail;
  EXPECT_EQ(picture->width, 20u);
}

}  // namespace
}  // namespace inset
