// SPDX-License-Identifier: GPL-2.0-or-later
// Part of stb_decode.cc, behind stb_image itself: decodes a JPEG so that its rows are finished while it is being read.
//
// stb_image decodes whole planes of brightness and colour first, and only then scales the planes and converts their
// colours. But it calls its inverse DCT by a pointer, once for each block of 8 x 8 samples, in the order of the file.
// Put there, take_block() learns how far the picture has come. It lets the blocks fall into a ring of two rows of
// units (MCUs) instead of the planes, which then are never touched, and has every row that can be finished converted by
// stb_image's own functions, with the arguments that load_jpeg_image() would give them. So the pixels are the same to
// the byte.
//
// A file that sends its channels one after the other, or in passes (progressive), fills the planes as stb_image means
// it, and its rows are finished at its end.
//
// All this leans on names that stb_image keeps to itself. It is compiled only with a header whose checksum is known.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/stb_run.h"

namespace inset {

namespace {

class StbRows {
 public:
  StbRows(stbi__context& context, StbRun& run, StbRowSink& sink) : context_(context), run_(run), sink_(sink) {}

  // Leaves result.status alone when stb_image fails.
  void decode(StbPixels& result) {
    jpeg_ = static_cast<stbi__jpeg*>(run_.allocate(sizeof(stbi__jpeg)));
    if (jpeg_ == nullptr) return;
    jpeg_->s = &context_;
    stbi__setup_jpeg(jpeg_);
    transform_ = std::exchange(jpeg_->idct_block_kernel, take_block);
    current_ = this;
    if (stbi__decode_jpeg_image(jpeg_) == 0) return;
    // It calls a scan that breaks off a success.
    if (!begun_ || (ring_units_ > 0 && blocks_ != blocks_due_)) {
      stbi__err("data missing", "Corrupt JPEG");
      return;
    }
    finish_rows(units_down_);
    flush();
    result.width = context_.img_x;
    result.height = context_.img_y;
    if (!rows_are_taken_) result.pixels = run_.release(band_.data());
    result.status = StbPixels::Status::good;
  }

 private:
  struct Plane {
    stbi_uc* rows = nullptr;  // the ring, or stb_image's plane
    int stride = 0;
    int unit_rows = 0;  // rows of samples in a row of units
    stbi__resample scale{};
    stbi_uc* line = nullptr;  // what it scales into

    stbi_uc* row(int y, int ring_units) const {
      const int kept = ring_units > 0 ? y % (ring_units * unit_rows) : y;
      return rows + static_cast<std::size_t>(stride) * static_cast<std::size_t>(kept);
    }
  };

  static void take_block(stbi_uc* out, int stride, short* samples) { current_->block(out, stride, samples); }

  void block(stbi_uc* out, int stride, short* samples) {
    if (!begun_) begin();
    ++blocks_;
    if (ring_units_ == 0) {
      transform_(out, stride, samples);
      return;
    }
    std::size_t k = 0;
    while (!holds(k, out)) ++k;
    const auto offset = static_cast<int>(out - jpeg_->img_comp[k].data);
    const int y = offset / stride;
    const int unit = y / planes_[k].unit_rows;
    if (unit != unit_) {
      unit_ = unit;
      run_.breathe();
      finish_rows(unit);
    }
    transform_(planes_[k].row(y, ring_units_) + offset % stride, stride, samples);
  }

  bool holds(std::size_t k, const stbi_uc* out) const {
    const auto& component = jpeg_->img_comp[k];
    const auto size = static_cast<std::uintptr_t>(component.w2) * static_cast<std::uintptr_t>(component.h2);
    return reinterpret_cast<std::uintptr_t>(out) - reinterpret_cast<std::uintptr_t>(component.data) < size;
  }

  // At the first block all but the pixels is known.
  void begin() {
    begun_ = true;
    channels_ = static_cast<std::size_t>(context_.img_n);
    if (channels_ != 1 && channels_ != 3) throw AssertionFailed{"1 or 3 channels"};
    const bool one_scan = !jpeg_->progressive && jpeg_->scan_n == context_.img_n;
    const bool one_channel = channels_ == 1;
    ring_units_ = one_scan ? 2 : 0;
    units_down_ = one_channel ? (jpeg_->img_comp[0].y + 7) / 8 : jpeg_->img_mcu_y;
    is_rgb_ = channels_ == 3 && (jpeg_->rgb == 3 || (jpeg_->app14_color_transform == 0 && !jpeg_->jfif));
    for (std::size_t k = 0; k < channels_; ++k) {
      const auto& component = jpeg_->img_comp[k];
      Plane& plane = planes_[k];
      plane.stride = component.w2;
      plane.unit_rows = one_channel ? 8 : 8 * component.v;
      plane.rows = component.data;
      if (one_scan) plane.rows = memory(std::size_t{2} * static_cast<unsigned>(plane.unit_rows * plane.stride));
      plane.line = memory(std::size_t{context_.img_x} + 3);
      blocks_due_ += one_channel ? (component.x + 7) / 8 * units_down_
                                 : jpeg_->img_mcu_x * jpeg_->img_mcu_y * component.h * component.v;
      set_scale(plane.scale, component.h, component.v);
    }
    row_bytes_ = std::size_t{context_.img_x} * 4;
    rows_are_taken_ = sink_.takes_rows();
    // Enough rows at once that handing them on costs little, and few enough that they stay in the cache.
    constexpr std::size_t band_bytes = 1u << 18;
    const std::size_t band_rows = rows_are_taken_ ? band_bytes / row_bytes_ : context_.img_y;
    const std::size_t size = std::clamp<std::size_t>(band_rows, 1, context_.img_y) * row_bytes_;
    band_ = std::span(memory(size), size);
  }

  void set_scale(stbi__resample& scale, int h, int v) const {
    scale.hs = jpeg_->img_h_max / h;
    scale.vs = jpeg_->img_v_max / v;
    scale.ystep = scale.vs >> 1;
    scale.w_lores = (static_cast<int>(context_.img_x) + scale.hs - 1) / scale.hs;
    if (scale.hs == 1 && scale.vs == 1) {
      scale.resample = resample_row_1;
    } else if (scale.hs == 1 && scale.vs == 2) {
      scale.resample = stbi__resample_row_v_2;
    } else if (scale.hs == 2 && scale.vs == 1) {
      scale.resample = stbi__resample_row_h_2;
    } else if (scale.hs == 2 && scale.vs == 2) {
      scale.resample = jpeg_->resample_row_hv_2_kernel;
    } else {
      scale.resample = stbi__resample_row_generic;
    }
  }

  // All rows for which so many rows of units are enough. A row needs two of a plane, the nearer one and the next.
  void finish_rows(int units) {
    const bool all = units >= units_down_;
    for (; y_ < context_.img_y; ++y_) {
      for (std::size_t k = 0; k < channels_ && !all; ++k) {
        if (planes_[k].scale.ypos >= units * planes_[k].unit_rows) return;
      }
      finish_row();
    }
  }

  void finish_row() {
    std::array<stbi_uc*, 3> lines{};
    for (std::size_t k = 0; k < channels_; ++k) {
      Plane& plane = planes_[k];
      stbi__resample& scale = plane.scale;
      const int last = jpeg_->img_comp[k].y - 1;
      stbi_uc* above = plane.row(std::clamp(scale.ypos - 1, 0, last), ring_units_);
      stbi_uc* below = plane.row(std::min(scale.ypos, last), ring_units_);
      const bool lower_half = scale.ystep >= scale.vs >> 1;
      lines[k] =
          scale.resample(plane.line, lower_half ? below : above, lower_half ? above : below, scale.w_lores, scale.hs);
      if (++scale.ystep >= scale.vs) {
        scale.ystep = 0;
        ++scale.ypos;
      }
    }
    if (filled_ == band_.size()) flush();
    stbi_uc* out = band_.data() + filled_;
    filled_ += row_bytes_;
    if (channels_ == 3 && !is_rgb_) {
      jpeg_->YCbCr_to_RGB_kernel(out, lines[0], lines[1], lines[2], static_cast<int>(context_.img_x), 4);
      return;
    }
    const std::size_t second = channels_ == 3 ? 1 : 0;
    const std::size_t third = channels_ == 3 ? 2 : 0;
    for (std::size_t x = 0; x < context_.img_x; ++x, out += 4) {
      out[0] = lines[0][x];
      out[1] = lines[second][x];
      out[2] = lines[third][x];
      out[3] = 255;
    }
  }

  void flush() {
    if (rows_are_taken_ && filled_ > 0) sink_.take_rows(band_.first(filled_));
    if (rows_are_taken_) filled_ = 0;
  }

  stbi_uc* memory(std::size_t size) {
    void* data = run_.allocate(size);
    if (data == nullptr) throw NoMemory{};
    return static_cast<stbi_uc*>(data);
  }

  static inline thread_local StbRows* current_ = nullptr;  // the one whose blocks are coming

  stbi__context& context_;
  StbRun& run_;
  StbRowSink& sink_;
  stbi__jpeg* jpeg_ = nullptr;
  void (*transform_)(stbi_uc*, int, short*) = nullptr;  // stb_image's own

  bool begun_ = false;
  std::size_t channels_ = 0;
  bool is_rgb_ = false;
  std::array<Plane, 3> planes_{};
  int ring_units_ = 0;  // rows of units in the ring; 0: no ring
  int units_down_ = 0;
  int unit_ = 0;  // the row of units that is being filled
  int blocks_ = 0;
  int blocks_due_ = 0;

  std::uint32_t y_ = 0;  // the next row to finish
  std::size_t row_bytes_ = 0;
  bool rows_are_taken_ = false;
  std::span<std::uint8_t> band_;  // finished rows, until they are enough to hand on; if they are not taken, all
  std::size_t filled_ = 0;
};

}  // namespace

}  // namespace inset
