// SPDX-License-Identifier: GPL-2.0-or-later
// JPEGs whose rows are finished while they arrive: most are there before the file has ended.
#include <gtest/gtest.h>

#include "decode/second_opinion.h"
#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;

// Notes how many bytes of pixels were there before the last piece of the file was asked for.
class Watched final : public ByteSource, public PixelSink {
 public:
  explicit Watched(const Bytes& file) : file_(file), pieces_(file_, 1000) {}
  std::span<const std::byte> next() override {
    const auto piece = pieces_.next();
    if (!piece.empty()) before_last_ = written_;
    return piece;
  }
  bool write(std::span<const std::uint8_t> rgba, std::size_t total) override {
    written_ += rgba.size();
    total_ = total;
    return true;
  }
  double share_before_last_piece() const { return static_cast<double>(before_last_) / static_cast<double>(total_); }
  bool whole() const { return written_ == total_; }

 private:
  Bytes file_;
  BytesInPieces pieces_;
  std::size_t written_ = 0, total_ = 0, before_last_ = 0;
};

TEST(EarlyRows, AreNearlyAllThereBeforeTheLastBytes) {
  JpegOptions options;
  options.h = options.v = 2;
  for (const bool gray : {false, true}) {
    options.gray = gray;
    Watched watched(encode_jpeg(make_raster(1600, 3200), options));  // 80 bands
    SecondOpinion second;
    ASSERT_TRUE(decode_stream(watched, {}, watched, second));
    EXPECT_TRUE(watched.whole());
    EXPECT_GE(watched.share_before_last_piece(), 0.9) << gray;
  }
}

}  // namespace
}  // namespace inset
