// SPDX-License-Identifier: GPL-2.0-or-later
#include "gimp/canvas3.h"

#include <algorithm>

#include "gimp/common.h"
#include "gimp/facts.h"

namespace easel::gimp {
namespace {

void write_pixels(GimpLayer* layer, const easel_image& picture) {
  const Owned<GeglBuffer> buffer(gimp_drawable_get_buffer(GIMP_DRAWABLE(layer)));
  const GeglRectangle all{0, 0, static_cast<gint>(picture.width), static_cast<gint>(picture.height)};
  gegl_buffer_set(buffer.get(), &all, 0, babl_format("R'G'B'A u8"), picture.pixels, static_cast<gint>(picture.stride));
  gegl_buffer_flush(buffer.get());
}

// In its group, above the layer that is selected.
gboolean insert(GimpImage* image, GimpLayer* layer) {
  GimpLayer** selected = gimp_image_get_selected_layers(image);
  GimpItem* parent =
      selected != nullptr && selected[0] != nullptr ? gimp_item_get_parent(GIMP_ITEM(selected[0])) : nullptr;
  g_free(selected);
  return gimp_image_insert_layer(image, layer, parent != nullptr ? GIMP_LAYER(parent) : nullptr, -1);
}

void move_and_scale(GimpLayer* layer, const Box& box) {
  GimpDrawable* drawable = GIMP_DRAWABLE(layer);
  if (gimp_drawable_get_width(drawable) != box.width || gimp_drawable_get_height(drawable) != box.height) {
    gimp_context_push();
    gimp_context_set_interpolation(GIMP_INTERPOLATION_CUBIC);
    gimp_layer_scale(layer, box.width, box.height, FALSE);
    gimp_context_pop();
  }
  gimp_layer_set_offsets(layer, box.x, box.y);
}

void attach_facts(GimpImage* image, GimpLayer* layer, const easel_asset& asset, bool alone) {
  const std::string text = parasite_text(asset);
  GimpParasite* parasite = gimp_parasite_new(kParasiteName, GIMP_PARASITE_PERSISTENT | GIMP_PARASITE_UNDOABLE,
                                             static_cast<guint32>(text.size()), text.data());
  gimp_item_attach_parasite(GIMP_ITEM(layer), parasite);
  gimp_parasite_free(parasite);

  Owned<GimpMetadata> metadata(gimp_image_get_metadata(image));
  if (!metadata) metadata.reset(gimp_metadata_new());
  add_xmp(GEXIV2_METADATA(metadata.get()), asset, alone);
  gimp_image_set_metadata(image, metadata.get());
}

}  // namespace

Canvas3::~Canvas3() { Canvas3::end_progress(); }

void Canvas3::end_progress() {
  if (std::exchange(progress_begun_, false)) gimp_progress_end();
}

easel_status Canvas3::place(uint64_t target, const easel_image& picture, const easel_asset& asset) {
  GimpImage* image = target > 0 ? gimp_image_get_by_id(static_cast<gint32>(target)) : nullptr;
  if (image != nullptr && gimp_image_is_valid(image)) return new_layer(image, picture, asset);
  return new_image(picture, asset);
}

easel_status Canvas3::new_image(const easel_image& picture, const easel_asset& asset) {
  GimpImage* image = gimp_image_new(static_cast<gint>(picture.width), static_cast<gint>(picture.height), GIMP_RGB);
  if (image == nullptr) return EASEL_FAILED;
  gimp_image_undo_disable(image);
  const easel_status status = new_layer(image, picture, asset);
  gimp_image_undo_enable(image);
  if (status < 0) {
    gimp_image_delete(image);
    return status;
  }
  images_.push_back(image);
  if (displays_) gimp_display_new(image);
  return status;
}

easel_status Canvas3::new_layer(GimpImage* image, const easel_image& picture, const easel_asset& asset) {
  const char* name = asset.name != nullptr ? asset.name : "Generated picture";
  const auto width = static_cast<gint>(picture.width);
  const auto height = static_cast<gint>(picture.height);
  GimpLayer* layer = gimp_layer_new(image, name, width, height, layer_type(gimp_image_get_base_type(image)), 100.0,
                                    GIMP_LAYER_MODE_NORMAL);
  if (layer == nullptr) return EASEL_FAILED;
  write_pixels(layer, picture);

  GimpLayer** others = gimp_image_get_layers(image);
  const bool alone = others == nullptr || others[0] == nullptr;
  g_free(others);
  const bool undoable = gimp_image_undo_is_enabled(image);
  if (undoable) gimp_image_undo_group_start(image);
  const bool inserted = insert(image, layer);
  if (inserted) {
    const Box canvas{0, 0, gimp_image_get_width(image), gimp_image_get_height(image)};
    move_and_scale(layer, easel::gimp::place(placement_, Box{0, 0, width, height}, canvas, selection_of(image)));
    attach_facts(image, layer, asset, alone);
  }
  if (undoable) gimp_image_undo_group_end(image);
  if (!inserted) {
    gimp_item_delete(GIMP_ITEM(layer));
    return EASEL_FAILED;
  }
  layers_.push_back(layer);
  gimp_displays_flush();
  return EASEL_OK;
}

// 3.0 shows it also where no image is open, with a Cancel.
void Canvas3::progress(const std::string& text, double fraction) {
  if (!displays_) return;
  if (!progress_begun_) gimp_progress_init(text.c_str());
  if (progress_begun_ && text != progress_text_) gimp_progress_set_text(text.c_str());
  progress_begun_ = true;
  progress_text_ = text;
  if (fraction < 0) {
    gimp_progress_pulse();
  } else {
    gimp_progress_update(std::clamp(fraction, 0.0, 1.0));
  }
}

void Canvas3::message(const std::string& text) { say(displays_, text); }

}  // namespace easel::gimp
