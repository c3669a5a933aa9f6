// SPDX-License-Identifier: GPL-2.0-or-later
#include "gimp/placement.h"

#include <algorithm>
#include <cmath>

namespace easel::gimp {
namespace {

// A layer has at least one pixel, and the largest layer GIMP takes is 524288 wide.
int side(double length) { return static_cast<int>(std::clamp(std::lround(length), 1L, 524288L)); }

Box centred(int width, int height, const Box& in) {
  const auto middle = [](int start, int room, int length) {
    return start + static_cast<int>(std::floor((room - length) / 2.0));
  };
  return {middle(in.x, in.width, width), middle(in.y, in.height, height), width, height};
}

Box scaled(const Box& picture, double factor, const Box& in) {
  return centred(side(picture.width * factor), side(picture.height * factor), in);
}

}  // namespace

std::optional<Placement> placement_from(std::string_view name) {
  if (name.empty() || name == "fit") return Placement::fit;
  if (name == "as-is") return Placement::as_is;
  if (name == "fill") return Placement::fill;
  if (name == "selection") return Placement::selection;
  return {};
}

Box place(Placement rule, Box picture, Box image, const std::optional<Box>& selection) {
  const auto ratios = [&picture](const Box& room) {
    return std::minmax({double{1} * room.width / picture.width, double{1} * room.height / picture.height});
  };
  switch (rule) {
    case Placement::as_is: return centred(picture.width, picture.height, image);
    case Placement::fill: return scaled(picture, ratios(image).second, image);
    case Placement::selection:
      if (selection) return scaled(picture, ratios(*selection).first, *selection);
      break;
    case Placement::fit: break;
  }
  return scaled(picture, std::min(1.0, ratios(image).first), image);
}

}  // namespace easel::gimp
