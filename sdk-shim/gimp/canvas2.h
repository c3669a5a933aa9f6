// SPDX-License-Identifier: GPL-2.0-or-later
// Pictures into images of GIMP 2.10: right colours in every type, precision and profile, one undo step, facts attached.
#pragma once

#include <libgimp/gimp.h>

#include <string>
#include <vector>

#include "gimp/placement.h"
#include "gimp/session.h"

namespace easel::gimp {

class Canvas2 : public Editor {
 public:
  // `displays`: new images are shown, messages go to the person, and there is a progress bar.
  explicit Canvas2(bool displays) : displays_(displays) {}
  ~Canvas2() override;

  // In place of GIMP's own bar.
  void show_progress_in(Desk& desk) { desk_ = &desk; }

  void set_placement(Placement placement) { placement_ = placement; }

  // What was made, in this order.
  const std::vector<gint32>& layers() const { return layers_; }
  const std::vector<gint32>& images() const { return images_; }  // new ones alone

  // `target` is the number of an open image, or 0 for a new one. An image that was closed meanwhile is replaced by a
  // new one: the picture may be paid for, and must not depend on a window.
  easel_status place(uint64_t target, const easel_image& image, const easel_asset& asset) override;
  void progress(const std::string& text, double fraction) override;
  void end_progress() override;
  void message(const std::string& text) override;

 private:
  easel_status new_image(const easel_image& picture, const easel_asset& asset);
  easel_status new_layer(gint32 image, const easel_image& picture, const easel_asset& asset);

  bool displays_;
  Desk* desk_ = nullptr;
  bool progress_begun_ = false;
  std::string progress_text_;
  Placement placement_ = Placement::fit;
  std::vector<gint32> layers_;
  std::vector<gint32> images_;
};

}  // namespace easel::gimp
