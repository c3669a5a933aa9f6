// SPDX-License-Identifier: GPL-2.0-or-later
// Where a picture lies in an open image, and how large. One rule in words, so that nothing is ever cut off silently:
//
//   fit        the default: at most as large as the image, in the middle. A picture that fits is not scaled.
//   as-is      never scaled, in the middle. What hangs over the edge stays in the layer.
//   fill       scaled until the image is covered, in the middle. What hangs over the edge stays in the layer.
//   selection  scaled to fit inside the selection's bounds, in their middle; without a selection, as `fit`.
#pragma once

#include <optional>
#include <string_view>

namespace easel::gimp {

struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;

  bool operator==(const Box&) const = default;
};

enum class Placement { fit, as_is, fill, selection };

// An empty name means the default. Nothing for a name that is no rule.
std::optional<Placement> placement_from(std::string_view name);

// `picture` gives width and height alone.
Box place(Placement rule, Box picture, Box image, const std::optional<Box>& selection);

}  // namespace easel::gimp
