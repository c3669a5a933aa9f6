// SPDX-License-Identifier: GPL-2.0-or-later
// What a source shows: pixels on their way from the plugin to the graphics card. Shared between the source and those
// that bring pixels for it, who may come late: the source may be gone by then.
#pragma once

#include <easel/easel.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "banded_texture.h"

namespace inset_obs {

class Picture {
 public:
  // foreign: the file is not the plugin's, and is not read. refused: by the graphics card.
  enum class State { empty, reading, uploading, shown, missing, damaged, foreign, refused };

  Picture() = default;
  ~Picture();
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  // Takes the image, and shows it once it is on the card; until then what was shown stays. [any]
  void bring(const easel_image& image);
  // There will be no pixels: what is wrong with the file. What was shown stays. [any]
  void give_up(State why);
  void expect() { set_state(State::reading); }

  State state() const;          // [any]
  std::uint32_t width() const;  // of what is shown or on its way; 0 while nothing is known [any]
  std::uint32_t height() const;

  // A step of the upload: at most one band. Outside the graphics context. [graphics]
  void tick();
  void draw() const;  // [graphics]
  // What is on the card is given back. Nothing may be brought after that. Outside the graphics context. [any]
  void close();

 private:
  void set_state(State state);
  void start(const easel_image& image);
  void stop_upload();

  mutable std::mutex mutex_;  // guards these
  State state_ = State::empty;
  std::optional<easel_image> brought_;
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  bool closed_ = false;

  std::optional<easel_image> image_;  // being uploaded [graphics]
  std::unique_ptr<BandedTexture> next_;
  std::unique_ptr<BandedTexture> shown_;
  std::vector<std::unique_ptr<BandedTexture>> old_;
  std::vector<double> steps_;  // milliseconds of processor time
};

}  // namespace inset_obs
