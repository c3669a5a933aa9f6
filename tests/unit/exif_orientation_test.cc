// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/exif_orientation.h"

#include <gtest/gtest.h>

#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;

TEST(ExifOrientation, ReadsBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(exif_orientation(exif_with_orientation(orientation, true)), orientation);
    EXPECT_EQ(exif_orientation(exif_with_orientation(orientation, false)), orientation);
  }
}

TEST(ExifOrientation, TakesNonsenseForUpright) {
  EXPECT_EQ(exif_orientation({}), 1);
  EXPECT_EQ(exif_orientation(exif_with_orientation(0)), 1);
  EXPECT_EQ(exif_orientation(exif_with_orientation(9)), 1);
  EXPECT_EQ(exif_orientation(exif_with_orientation(65535)), 1);
  EXPECT_EQ(exif_orientation(bytes_of("not a TIFF header at all")), 1);
  Bytes far = exif_with_orientation(6);
  for (std::size_t i = 4; i < 8; ++i) far[i] = std::byte{0xff};  // the directory is 4 GiB away
  EXPECT_EQ(exif_orientation(far), 1);
  Bytes wrong_type = exif_with_orientation(6);
  wrong_type[24] = std::byte{2};
  EXPECT_EQ(exif_orientation(wrong_type), 1);
}

TEST(ExifOrientation, SurvivesEveryCutAndEveryChange) {
  const Bytes exif = exif_with_orientation(6);
  for (std::size_t size = 0; size < exif.size(); ++size) {
    const int orientation = exif_orientation(std::span(exif).first(size));
    EXPECT_TRUE(orientation >= 1 && orientation <= 8);
  }
  for (std::size_t i = 0; i < exif.size() * 256; ++i) {
    Bytes changed = exif;
    changed[i / 256] = static_cast<std::byte>(i % 256);
    const int orientation = exif_orientation(changed);
    EXPECT_TRUE(orientation >= 1 && orientation <= 8);
  }
}

}  // namespace
}  // namespace inset
