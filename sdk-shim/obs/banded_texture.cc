// SPDX-License-Identifier: GPL-2.0-or-later
#include "banded_texture.h"

#include <graphics/vec3.h>
#include <obs.h>

#include <algorithm>
#include <cstring>

namespace inset_obs {
namespace {

// A band of this many bytes is uploaded in a few milliseconds even without a graphics card.
constexpr std::uint64_t kBandBytes = 640 << 10;
constexpr std::size_t kDropAtOnce = 8;

std::uint32_t rows_of_a_band(std::uint32_t width) {
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(kBandBytes / (std::uint64_t{width} * 4), 4));
}

// Rows that a band's texture holds beyond its own, where the picture has any.
constexpr std::uint32_t kOverlap = 1;

}  // namespace

BandedTexture::BandedTexture(const easel_image& image)
    : width_(image.width),
      height_(image.height),
      rows_(std::min(rows_of_a_band(image.width), image.height)),
      count_((image.height + rows_ - 1) / rows_) {
  textures_.reserve(count_);
}

std::uint32_t BandedTexture::end_row(std::uint32_t band) const { return std::min((band + 1) * rows_, height_); }

bool BandedTexture::upload_band(const easel_image& image) {
  if (textures_.size() == count_) return vertices_ || make_vertices();
  const auto band = static_cast<std::uint32_t>(textures_.size());
  const std::uint32_t top = std::max(first_row(band), kOverlap) - kOverlap;
  const std::uint32_t bottom = std::min(end_row(band) + kOverlap, height_);
  const std::uint8_t* pixels = image.pixels + image.stride * top;
  std::vector<std::uint8_t> packed;  // textures are made from rows without gaps
  const std::size_t line = std::size_t{width_} * 4;
  if (image.stride != line) {
    packed.resize(line * (bottom - top));
    for (std::uint32_t y = top; y < bottom; ++y) {
      std::memcpy(packed.data() + line * (y - top), image.pixels + image.stride * y, line);
    }
    pixels = packed.data();
  }
  gs_texture_t* texture = gs_texture_create(width_, bottom - top, GS_RGBA, 1, &pixels, 0);
  if (!texture) return false;
  textures_.push_back(texture);
  return textures_.size() < count_ || make_vertices();
}

bool BandedTexture::make_vertices() {
  const std::size_t corners = std::size_t{count_} * 4;
  gs_vb_data* data = gs_vbdata_create();  // goes to the vertex buffer
  data->num = corners;
  data->points = static_cast<vec3*>(bzalloc(sizeof(vec3) * corners));
  data->num_tex = 1;
  data->tvarray = static_cast<gs_tvertarray*>(bzalloc(sizeof(gs_tvertarray)));
  data->tvarray[0].width = 2;
  data->tvarray[0].array = bzalloc(sizeof(float) * 2 * corners);
  auto* uv = static_cast<float*>(data->tvarray[0].array);
  vec3* point = data->points;
  for (std::uint32_t band = 0; band < count_; ++band) {
    const std::uint32_t top = std::max(first_row(band), kOverlap) - kOverlap;
    const std::uint32_t bottom = std::min(end_row(band) + kOverlap, height_);
    for (const std::uint32_t y : {first_row(band), end_row(band)}) {
      for (const std::uint32_t x : {0u, width_}) {
        vec3_set(point++, static_cast<float>(x), static_cast<float>(y), 0.0f);
        *uv++ = x ? 1.0f : 0.0f;
        *uv++ = static_cast<float>(y - top) / static_cast<float>(bottom - top);
      }
    }
  }
  vertices_ = gs_vertexbuffer_create(data, 0);
  return vertices_ != nullptr;
}

void BandedTexture::draw() const {
  gs_effect_t* effect = obs_get_base_effect(OBS_EFFECT_DEFAULT);
  gs_eparam_t* image = gs_effect_get_param_by_name(effect, "image");
  const bool linear = gs_get_linear_srgb();
  const bool previous = gs_framebuffer_srgb_enabled();
  gs_enable_framebuffer_srgb(linear);
  gs_load_vertexbuffer(vertices_);
  gs_load_indexbuffer(nullptr);
  while (gs_effect_loop(effect, "Draw")) {
    for (std::uint32_t band = 0; band < count_; ++band) {
      if (linear) {
        gs_effect_set_texture_srgb(image, textures_[band]);
      } else {
        gs_effect_set_texture(image, textures_[band]);
      }
      gs_draw(GS_TRISTRIP, band * 4, 4);
    }
  }
  gs_load_vertexbuffer(nullptr);
  gs_enable_framebuffer_srgb(previous);
}

bool BandedTexture::drop_some() {
  gs_vertexbuffer_destroy(vertices_);
  vertices_ = nullptr;
  for (std::size_t i = 0; i < kDropAtOnce && !textures_.empty(); ++i) {
    gs_texture_destroy(textures_.back());
    textures_.pop_back();
  }
  return !textures_.empty();
}

}  // namespace inset_obs
