// SPDX-License-Identifier: GPL-2.0-or-later
// A picture on the graphics card that got there without holding up a frame: a band of rows at a time, each a texture of
// its own.
//
// Theory of operation
//
// Uploading a large picture at once costs many frames, and so does the first write into one large texture, even piece
// by piece; a small texture made with its pixels costs what its pixels cost. So the picture stays in bands. What makes
// them one picture again:
//
//   - Each texture holds one row more on either side than its band shows. A bilinear filter that samples between two
//     pixels of the band, or half a pixel beyond its edge, finds the same neighbours as in one large texture,
//     whatever the scale.
//   - The bands' edges are the same vertices, number for number, in one vertex buffer. Neighbours therefore meet
//     exactly, under any transform, and no pixel is drawn twice or left out.
//
// All of this class is for the graphics thread, inside the graphics context, unless it says otherwise.
#pragma once

#include <easel/easel.h>
#include <graphics/graphics.h>

#include <cstdint>
#include <vector>

namespace inset_obs {

class BandedTexture {
 public:
  // Looks at the image, copies nothing yet. `image` must stay until the texture is whole.
  explicit BandedTexture(const easel_image& image);
  // Textures that are left must have been given back by drop_some().
  ~BandedTexture() = default;
  BandedTexture(const BandedTexture&) = delete;
  BandedTexture& operator=(const BandedTexture&) = delete;

  // Uploads the next band. False if the card refused it.
  bool upload_band(const easel_image& image);
  bool whole() const { return textures_.size() == count_ && vertices_; }
  std::uint32_t bands() const { return count_; }

  // Draws all of it, its top left at the origin, a unit a pixel. Only when whole.
  void draw() const;

  // Frees a few textures, so that no frame has to wait for all of them. True while there is something left.
  bool drop_some();

 private:
  std::uint32_t first_row(std::uint32_t band) const { return band * rows_; }
  std::uint32_t end_row(std::uint32_t band) const;
  bool make_vertices();

  std::uint32_t width_;
  std::uint32_t height_;
  std::uint32_t rows_;   // of a band, but the last
  std::uint32_t count_;  // of bands
  std::vector<gs_texture_t*> textures_;
  gs_vertbuffer_t* vertices_ = nullptr;
};

}  // namespace inset_obs
