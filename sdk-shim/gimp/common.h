// SPDX-License-Identifier: GPL-2.0-or-later
// What canvas2.cc and canvas3.cc share. It is compiled once against each libgimp: images are numbers in 2.10 and
// objects in 3.0.
#pragma once

#include <libgimp/gimp.h>

#include <memory>
#include <optional>
#include <string>

#include "gimp/placement.h"

namespace easel::gimp {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
// A reference of ours to an object of GLib's.
template <class T>
using Owned = std::unique_ptr<T, Unref>;

// Of a layer with transparency in an image of this type.
inline GimpImageType layer_type(GimpImageBaseType image) {
  switch (image) {
    case GIMP_GRAY: return GIMP_GRAYA_IMAGE;
    case GIMP_INDEXED: return GIMP_INDEXEDA_IMAGE;
    default: return GIMP_RGBA_IMAGE;
  }
}

template <class Image>
std::optional<Box> selection_of(Image image) {
  gint exists = FALSE, left = 0, top = 0, right = 0, bottom = 0;
  if (!gimp_selection_bounds(image, &exists, &left, &top, &right, &bottom) || !exists) return {};
  return Box{left, top, right - left, bottom - top};
}

// To the person, or to the log where nobody is.
inline void say(bool displays, const std::string& text) {
  if (displays) {
    gimp_message(text.c_str());
  } else {
    g_printerr("inset: %s\n", text.c_str());
  }
}

}  // namespace easel::gimp
