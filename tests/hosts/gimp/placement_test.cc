// SPDX-License-Identifier: GPL-2.0-or-later
// The rule for where a picture lies.
#include "gimp/placement.h"

#include <gtest/gtest.h>

#include <ostream>

namespace easel::gimp {

void PrintTo(const Box& box, std::ostream* out) {
  *out << box.width << "x" << box.height << "+" << box.x << "+" << box.y;
}

namespace {

Box of(int width, int height) { return {0, 0, width, height}; }

TEST(Placement, FitShrinksAndNeverEnlarges) {
  EXPECT_EQ(place(Placement::fit, of(4096, 2304), of(1024, 1024), {}), (Box{0, 224, 1024, 576}));
  EXPECT_EQ(place(Placement::fit, of(3072, 4096), of(1024, 1024), {}), (Box{128, 0, 768, 1024}));
  EXPECT_EQ(place(Placement::fit, of(100, 50), of(1000, 1000), {}), (Box{450, 475, 100, 50}));
  EXPECT_EQ(place(Placement::fit, of(640, 480), of(640, 480), {}), of(640, 480));
}

TEST(Placement, FitIsInsideForAnySize) {
  for (int width = 1; width < 40; ++width) {
    for (int height = 1; height < 40; ++height) {
      const Box box = place(Placement::fit, of(37, 23), of(width, height), {});
      EXPECT_GE(box.x, 0);
      EXPECT_GE(box.y, 0);
      EXPECT_GE(box.width, 1);
      EXPECT_GE(box.height, 1);
      EXPECT_LE(box.x + box.width, width);
      EXPECT_LE(box.y + box.height, height);
    }
  }
}

TEST(Placement, AsIsKeepsTheSizeAndHangsOverEvenly) {
  EXPECT_EQ(place(Placement::as_is, of(100, 50), of(1000, 1000), {}), (Box{450, 475, 100, 50}));
  EXPECT_EQ(place(Placement::as_is, of(301, 100), of(100, 100), {}), (Box{-101, 0, 301, 100}));
}

TEST(Placement, FillCovers) {
  EXPECT_EQ(place(Placement::fill, of(400, 200), of(1000, 1000), {}), (Box{-500, 0, 2000, 1000}));
  EXPECT_EQ(place(Placement::fill, of(4000, 4000), of(1000, 500), {}), (Box{0, -250, 1000, 1000}));
}

TEST(Placement, SelectionIsFittedBothWays) {
  EXPECT_EQ(place(Placement::selection, of(400, 200), of(1000, 1000), Box{100, 300, 800, 600}),
            (Box{100, 400, 800, 400}));
  EXPECT_EQ(place(Placement::selection, of(400, 200), of(1000, 1000), Box{10, 20, 40, 40}), (Box{10, 30, 40, 20}));
}

TEST(Placement, WithoutASelectionItFitsTheImage) {
  EXPECT_EQ(place(Placement::selection, of(400, 200), of(200, 200), {}), (Box{0, 50, 200, 100}));
}

TEST(Placement, OtherRulesIgnoreTheSelection) {
  EXPECT_EQ(place(Placement::fit, of(10, 10), of(100, 100), Box{0, 0, 5, 5}), (Box{45, 45, 10, 10}));
}

TEST(Placement, Names) {
  EXPECT_EQ(placement_from(""), Placement::fit);
  EXPECT_EQ(placement_from("as-is"), Placement::as_is);
  EXPECT_EQ(placement_from("selection"), Placement::selection);
  EXPECT_FALSE(placement_from("Fit"));
}

}  // namespace
}  // namespace easel::gimp
