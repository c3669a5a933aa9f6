// SPDX-License-Identifier: GPL-2.0-or-later
// What libjpeg says, from a thread of its own.
#include "decode/second_opinion.h"

#include <gtest/gtest.h>

#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;

Bytes progressive() {
  JpegOptions options;
  options.progressive = true;
  options.h = options.v = 2;
  return encode_jpeg(make_raster(1200, 900), options);
}

Outcome opinion(std::span<const std::byte> file, std::size_t piece) {
  SecondOpinion second;
  BytesInPieces source(file, piece);
  for (auto part = source.next(); !part.empty(); part = source.next()) {
    if (Outcome good = second.feed(part); !good) return good;
  }
  return second.finish();
}

TEST(SecondOpinion, IsTheSameWhereverThePiecesEnd) {
  const Bytes file = progressive();
  Bytes damaged = file;
  damaged.erase(damaged.end() - 900, damaged.end() - 400);
  for (const std::size_t piece : {7u, 100u, 4096u, 1u << 20}) {
    EXPECT_TRUE(opinion(file, piece)) << piece;
    const Outcome bad = opinion(damaged, piece);
    ASSERT_FALSE(bad) << piece;
    EXPECT_EQ(bad.error().cause, Cause::file_damaged);
    EXPECT_NE(bad.error().detail.find("libjpeg"), std::string::npos) << bad.error().detail;
  }
}

TEST(SecondOpinion, ComesToFeedOnceItIsKnown) {
  SecondOpinion second;
  const Bytes nonsense(64, std::byte{1});
  bool refused = false;
  // Until the thread has looked; a good opinion of these bytes would let the loop go on to the time limit.
  while (!refused) refused = !second.feed(nonsense);
  EXPECT_FALSE(second.finish());
}

TEST(SecondOpinion, IsGoodWhenNobodyAsked) {
  SecondOpinion second;
  EXPECT_TRUE(second.finish());
}

TEST(SecondOpinion, FindsNoEndInAFileWithoutOne) {
  const Bytes file = progressive();
  const Outcome bad = opinion(std::span(file).first(file.size() - 2), 4096);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().cause, Cause::file_damaged);
}

TEST(SecondOpinion, IsDroppedInTheMiddle) {
  const Bytes file = progressive();
  for (int i = 0; i < 200; ++i) {
    SecondOpinion second;
    EXPECT_TRUE(second.feed(std::span(file).first(file.size() * static_cast<unsigned>(i) / 200)));
  }
}

}  // namespace
}  // namespace inset
