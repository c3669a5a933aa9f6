// SPDX-License-Identifier: GPL-2.0-or-later
// A folder as a canvas.
//
//   N.png        the N-th picture placed in this folder, on the one given by --onto if there is
//   one.
//                Numbers go on from run to run; no N.png is ever written over.
//   canvas.png   a copy of the last one
//   canvas.json  what is known about each of them
//   and each picture's original file, under its own name
//
// A placement appears as a whole or not at all: everything is written under other names first.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "easel/easel.h"
#include "headless/png_file.h"

namespace easel {

// dst = src over dst, for `count` pixels: straight alpha, in 8-bit sRGB values, rounded to the
// nearest.
void blend_over(uint8_t* dst, const uint8_t* src, size_t count);

class Canvas {
 public:
  // Makes the folder if it is not there, and tries to write in it. False and a sentence if that
  // fails.
  bool open(const std::string& folder, std::string* error);

  // What each placement starts from. False and a sentence if the file is no readable PNG.
  bool read_base(const std::string& png, std::string* error);

  // Writes one placement. The image stays the caller's. False and a sentence: the folder is as it
  // was.
  bool place(const easel_image& image, const easel_asset& asset, std::string* error);

  // DIR/canvas.png, and the DIR/N.png that the picture with this original went to (empty if none
  // did).
  std::string last() const { return folder_ + "/canvas.png"; }
  std::string picture_of(std::string_view original) const;

 private:
  std::string folder_;
  Picture base_;
  std::map<std::string, std::string, std::less<>> pictures_;  // by the path of the original
};

}  // namespace easel
