// SPDX-License-Identifier: GPL-2.0-or-later
//
// Colours. GIMP 2.10 hands drawables to plug-ins without their colour space: bytes that a plug-in writes are taken as
// values of the image's own profile. So for an image with a profile this file converts from sRGB to that profile
// itself, and writes the result in the encoding (linear or not) that the image's precision has, so that nothing is
// curved twice. Without a profile the image is in GIMP's own sRGB or gray, and babl converts on the way into the layer.
#include "gimp/canvas2.h"

#include <libgimp/gimp.h>

#include <algorithm>

#include "gimp/common.h"
#include "gimp/facts.h"

namespace easel::gimp {
namespace {

// Rows go over in strips of whole tiles; the float copy of one strip of a 4096 wide picture is 8 MiB.
constexpr guint32 kStrip = 128;

bool is_linear(gint32 image) {
  switch (gimp_image_get_precision(image)) {
    case GIMP_PRECISION_U8_LINEAR:
    case GIMP_PRECISION_U16_LINEAR:
    case GIMP_PRECISION_U32_LINEAR:
    case GIMP_PRECISION_HALF_LINEAR:
    case GIMP_PRECISION_FLOAT_LINEAR:
    case GIMP_PRECISION_DOUBLE_LINEAR: return true;
    default: return false;
  }
}

// The values of the image's profile, as floats that go into the layer as they are.
const Babl* raw_format(gint32 image) {
  const bool linear = is_linear(image);
  if (gimp_image_base_type(image) == GIMP_GRAY) return babl_format(linear ? "YA float" : "Y'A float");
  return babl_format(linear ? "RGBA float" : "R'G'B'A float");
}

// From sRGB to the profile of the image; null if that has none, or sRGB.
Owned<GimpColorTransform> transform_to(gint32 image, const Babl* from, const Babl* to) {
  const Owned<GimpColorProfile> profile(gimp_image_get_color_profile(image));
  if (!profile) return nullptr;
  const Owned<GimpColorProfile> srgb(gimp_color_profile_new_rgb_srgb());
  if (gimp_color_profile_is_equal(profile.get(), srgb.get()) && !is_linear(image)) return nullptr;
  return Owned<GimpColorTransform>(gimp_color_transform_new(srgb.get(), from, profile.get(), to,
                                                            GIMP_COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC,
                                                            GIMP_COLOR_TRANSFORM_FLAGS_BLACK_POINT_COMPENSATION));
}

void write_pixels(gint32 image, gint32 layer, const easel_image& picture) {
  const Babl* srgb = babl_format("R'G'B'A u8");
  const Babl* raw = raw_format(image);
  const Owned<GimpColorTransform> transform = transform_to(image, srgb, raw);
  const auto width = static_cast<gint>(picture.width);
  const auto stride = static_cast<gint>(picture.stride);
  std::vector<float> converted;
  if (transform) converted.resize(size_t{picture.width} * kStrip * 4);

  const Owned<GeglBuffer> buffer(gimp_drawable_get_buffer(layer));
  for (guint32 top = 0; top < picture.height; top += kStrip) {
    const guint32 rows = std::min(kStrip, picture.height - top);
    const GeglRectangle strip{0, static_cast<gint>(top), width, static_cast<gint>(rows)};
    const uint8_t* pixels = picture.pixels + top * picture.stride;
    if (!transform) {
      gegl_buffer_set(buffer.get(), &strip, 0, srgb, pixels, stride);
      continue;
    }
    const size_t components = static_cast<size_t>(babl_format_get_n_components(raw));
    for (guint32 row = 0; row < rows; ++row) {
      gimp_color_transform_process_pixels(transform.get(), srgb, pixels + row * picture.stride, raw,
                                          converted.data() + row * components * picture.width, picture.width);
    }
    gegl_buffer_set(buffer.get(), &strip, 0, raw, converted.data(), GEGL_AUTO_ROWSTRIDE);
  }
  gegl_buffer_flush(buffer.get());
}

// In its group, above the layer that is active.
gboolean insert(gint32 image, gint32 layer) {
  const gint32 active = gimp_image_get_active_layer(image);
  const gint32 group = active >= 0 ? gimp_item_get_parent(active) : -1;
  return gimp_image_insert_layer(image, layer, std::max(group, 0), -1);
}

void move_and_scale(gint32 layer, const Box& box) {
  if (gimp_drawable_width(layer) != box.width || gimp_drawable_height(layer) != box.height) {
    gimp_context_push();
    gimp_context_set_interpolation(GIMP_INTERPOLATION_CUBIC);
    gimp_layer_scale(layer, box.width, box.height, FALSE);
    gimp_context_pop();
  }
  gimp_layer_set_offsets(layer, box.x, box.y);
}

void attach_facts(gint32 image, gint32 layer, const easel_asset& asset, bool alone) {
  const std::string text = parasite_text(asset);
  GimpParasite* parasite = gimp_parasite_new(kParasiteName, GIMP_PARASITE_PERSISTENT | GIMP_PARASITE_UNDOABLE,
                                             static_cast<guint32>(text.size()), text.data());
  gimp_item_attach_parasite(layer, parasite);
  gimp_parasite_free(parasite);

  Owned<GimpMetadata> metadata(gimp_image_get_metadata(image));
  if (!metadata) metadata.reset(gimp_metadata_new());
  add_xmp(GEXIV2_METADATA(metadata.get()), asset, alone);
  gimp_image_set_metadata(image, metadata.get());
}

}  // namespace

Canvas2::~Canvas2() { Canvas2::end_progress(); }

void Canvas2::end_progress() {
  if (std::exchange(progress_begun_, false)) gimp_progress_end();
}

easel_status Canvas2::place(uint64_t target, const easel_image& picture, const easel_asset& asset) {
  const auto image = static_cast<gint32>(target);
  if (target > 0 && gimp_image_is_valid(image)) return new_layer(image, picture, asset);
  return new_image(picture, asset);
}

easel_status Canvas2::new_image(const easel_image& picture, const easel_asset& asset) {
  const gint32 image = gimp_image_new(static_cast<gint>(picture.width), static_cast<gint>(picture.height), GIMP_RGB);
  if (image < 0) return EASEL_FAILED;
  // The picture is what a new image begins with, not a step that can be undone.
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

easel_status Canvas2::new_layer(gint32 image, const easel_image& picture, const easel_asset& asset) {
  const char* name = asset.name != nullptr ? asset.name : "Generated picture";
  const auto width = static_cast<gint>(picture.width);
  const auto height = static_cast<gint>(picture.height);
  const gint32 layer = gimp_layer_new(image, name, width, height, layer_type(gimp_image_base_type(image)), 100.0,
                                      GIMP_LAYER_MODE_NORMAL);
  if (layer < 0) return EASEL_FAILED;
  write_pixels(image, layer, picture);

  gint layer_count = 0;
  g_free(gimp_image_get_layers(image, &layer_count));
  const bool undoable = gimp_image_undo_is_enabled(image);
  if (undoable) gimp_image_undo_group_start(image);
  const bool inserted = insert(image, layer);
  if (inserted) {
    const Box canvas{0, 0, gimp_image_width(image), gimp_image_height(image)};
    move_and_scale(layer, easel::gimp::place(placement_, Box{0, 0, width, height}, canvas, selection_of(image)));
    attach_facts(image, layer, asset, layer_count == 0);
  }
  if (undoable) gimp_image_undo_group_end(image);
  if (!inserted) {
    gimp_item_delete(layer);
    return EASEL_FAILED;
  }
  layers_.push_back(layer);
  gimp_displays_flush();
  return EASEL_OK;
}

void Canvas2::progress(const std::string& text, double fraction) {
  if (!displays_) return;
  if (desk_ != nullptr) return desk_->progress(text, fraction);
  if (!progress_begun_) {
    gimp_progress_init(text.c_str());
    progress_begun_ = true;
    progress_text_ = text;
  }
  if (text != progress_text_) gimp_progress_set_text(text.c_str());
  progress_text_ = text;
  if (fraction < 0) {
    gimp_progress_pulse();
  } else {
    gimp_progress_update(std::clamp(fraction, 0.0, 1.0));
  }
}

void Canvas2::message(const std::string& text) { say(displays_, text); }

}  // namespace easel::gimp
