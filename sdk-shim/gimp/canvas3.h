// SPDX-License-Identifier: GPL-2.0-or-later
// Pictures into images of GIMP 3.0. As canvas2.h, but for two things: colours are converted by GIMP, whose drawables
// know their colour space since 3.0, and things are objects.
#pragma once

#include <libgimp/gimp.h>

#include <string>
#include <vector>

#include "gimp/placement.h"
#include "gimp/session.h"

namespace easel::gimp {

class Canvas3 : public Editor {
 public:
  // `displays`: new images are shown, messages go to the person, and there is a progress bar.
  explicit Canvas3(bool displays) : displays_(displays) {}
  ~Canvas3() override;

  void set_placement(Placement placement) { placement_ = placement; }

  // What was made, in this order. libgimp owns the objects.
  const std::vector<GimpLayer*>& layers() const { return layers_; }
  const std::vector<GimpImage*>& images() const { return images_; }  // new ones alone

  // `target` is the number of an open image, or 0 for a new one, which also replaces one that was closed meanwhile.
  easel_status place(uint64_t target, const easel_image& image, const easel_asset& asset) override;
  void progress(const std::string& text, double fraction) override;
  void end_progress() override;
  void message(const std::string& text) override;

 private:
  easel_status new_image(const easel_image& picture, const easel_asset& asset);
  easel_status new_layer(GimpImage* image, const easel_image& picture, const easel_asset& asset);

  bool displays_;
  bool progress_begun_ = false;
  std::string progress_text_;
  Placement placement_ = Placement::fit;
  std::vector<GimpLayer*> layers_;
  std::vector<GimpImage*> images_;
};

}  // namespace easel::gimp
