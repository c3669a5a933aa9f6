// SPDX-License-Identifier: GPL-2.0-or-later
// A picture in bands looks as it would in one piece.
#include "banded_texture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "bare_obs.h"
#include "texture_spy.h"

namespace obs_test {
namespace {

using inset_obs::BandedTexture;

// Every row differs sharply from the next, so that a wrong neighbour shows; the alpha takes all values.
Picture make_picture(std::uint32_t width, std::uint32_t height) {
  Picture picture{width, height, std::vector<std::uint8_t>(std::size_t{width} * height * 4)};
  std::uint8_t* p = picture.pixels.data();
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x, p += 4) {
      p[0] = static_cast<std::uint8_t>(x * 7 + y * 91);
      p[1] = static_cast<std::uint8_t>((y * 53) ^ x);
      p[2] = (x / 16 + y) % 2 ? 250 : 5;
      p[3] = static_cast<std::uint8_t>(x + y * 3);
    }
  }
  return picture;
}

easel_image image_of(const Picture& picture) {
  easel_image image{};
  image.width = picture.width;
  image.height = picture.height;
  image.stride = std::uint64_t{picture.width} * 4;
  image.format = EASEL_RGBA8;
  image.pixels = picture.pixels.data();
  return image;
}

class Uploaded {
 public:
  explicit Uploaded(const easel_image& image) : bands_(image) {
    for (; !bands_.whole(); ++steps_) {
      obs_enter_graphics();
      const bool good = bands_.upload_band(image);
      obs_leave_graphics();
      if (!good) break;
    }
  }
  ~Uploaded() {
    obs_enter_graphics();
    while (bands_.drop_some()) {
    }
    obs_leave_graphics();
  }
  Uploaded(const Uploaded&) = delete;
  Uploaded& operator=(const Uploaded&) = delete;

  const BandedTexture& bands() const { return bands_; }
  int steps() const { return steps_; }

 private:
  BandedTexture bands_;
  int steps_ = 0;
};

// As OBS draws one texture.
void draw_single(gs_texture_t* texture) {
  gs_effect_t* effect = obs_get_base_effect(OBS_EFFECT_DEFAULT);
  gs_effect_set_texture(gs_effect_get_param_by_name(effect, "image"), texture);
  while (gs_effect_loop(effect, "Draw")) gs_draw_sprite(texture, 0, 0, 0);
}

// As libobs is before its first frame: the backs of pictures are not drawn, and what lies behind others is not either.
void leave_graphics_as_at_the_start() {
  obs_enter_graphics();
  gs_set_cull_mode(GS_BACK);
  gs_enable_depth_test(true);
  obs_leave_graphics();
}

TEST(BandedTexture, ReadsBackExactly) {
  BareObs obs;
  for (const std::uint32_t side : {1u, 3u, 64u, 512u, 1000u, 1024u, 2048u, 4096u}) {
    const Picture picture = make_picture(side, side);
    const Uploaded uploaded(image_of(picture));
    ASSERT_TRUE(uploaded.bands().whole());
    leave_graphics_as_at_the_start();
    const Picture drawn = draw_and_read(side, side, [&] { uploaded.bands().draw(); });
    EXPECT_EQ(largest_difference(picture, drawn), 0) << side;
  }
}

TEST(BandedTexture, TakesRowsWithGaps) {
  BareObs obs;
  const Picture padded = make_picture(1024, 700);
  easel_image image = image_of(padded);
  image.width = 1000;
  Picture cut{1000, 700, {}};
  for (std::uint32_t y = 0; y < 700; ++y) {
    const auto row = padded.pixels.begin() + std::ptrdiff_t{y} * 4096;
    cut.pixels.insert(cut.pixels.end(), row, row + 4000);
  }
  const Uploaded uploaded(image);
  EXPECT_EQ(largest_difference(cut, draw_and_read(1000, 700, [&] { uploaded.bands().draw(); })), 0);
}

// Narrow, wide, high, and the largest there is.
TEST(BandedTexture, UploadsOneSmallTextureAStep) {
  BareObs obs;
  for (const auto& [width, height] : {std::pair{1u, 4096u}, {16u, 9000u}, {4096u, 4096u}, {16384u, 300u}}) {
    const Picture picture = make_picture(width, height);
    forget_textures();
    const Uploaded uploaded(image_of(picture));
    ASSERT_TRUE(uploaded.bands().whole());
    EXPECT_EQ(static_cast<std::uint32_t>(uploaded.steps()), uploaded.bands().bands());
    const auto made = textures_made();
    EXPECT_EQ(made.size(), uploaded.bands().bands());
    for (const TextureMade& texture : made) EXPECT_LE(texture.bytes, 1u << 20) << width << " × " << height;
  }
}

// Whole and broken scales, up and down, moved by parts of a pixel, turned, mirrored.
TEST(BandedTexture, HasNoSeams) {
  BareObs obs;
  const Picture picture = make_picture(2048, 2048);
  const Uploaded uploaded(image_of(picture));
  ASSERT_GT(uploaded.bands().bands(), 8u);
  obs_enter_graphics();
  const std::uint8_t* pixels = picture.pixels.data();
  gs_texture_t* single = gs_texture_create(2048, 2048, GS_RGBA, 1, &pixels, 0);
  obs_leave_graphics();

  struct View {
    float scale_x, scale_y, x, y, turn;
  };
  std::vector<View> views;
  for (const float scale : {0.1234f, 720.0f / 2048, 1 / 2.4f, 0.5f, 0.731f, 0.99f, 1.0f, 1.01f, 1.37f, 2.0f, 3.3f}) {
    views.push_back({scale, scale, 0, 0, 0});
    views.push_back({scale, scale * 0.87f, 0.3f, 0.77f, 0});
  }
  views.push_back({0.6f, 0.6f, 300, 20, 0.3f});
  views.push_back({1.3f, 1.3f, 700, -500, 1.1f});
  views.push_back({-0.7f, 0.7f, 1200, 3, 0});
  views.push_back({0.7f, -0.7f, 3, 900, 0});

  for (const View& view : views) {
    const auto drawn = [&](const std::function<void()>& draw) {
      return draw_and_read(1280, 720, [&] {
        gs_matrix_push();
        gs_matrix_translate3f(view.x, view.y, 0);
        gs_matrix_rotaa4f(0, 0, 1, view.turn);
        gs_matrix_scale3f(view.scale_x, view.scale_y, 1);
        draw();
        gs_matrix_pop();
      });
    };
    const Picture banded = drawn([&] { uploaded.bands().draw(); });
    const Picture reference = drawn([&] { draw_single(single); });
    // The outline of a turned picture is cut into pieces at the bands, and graphics cards round the ends of edges: a
    // pixel of the outline may be on the other side. Nothing inside may differ.
    Picture inside = banded;
    int on_outline = 0;
    for (std::size_t i = 0; view.turn != 0 && i < inside.pixels.size(); i += 4) {
      const auto nothing = [&](const Picture& what) {
        return std::all_of(&what.pixels[i], &what.pixels[i] + 4, [](int v) { return v == 0; });
      };
      if (nothing(banded) == nothing(reference)) continue;
      ++on_outline;
      std::copy_n(&reference.pixels[i], 4, &inside.pixels[i]);
    }
    EXPECT_LE(on_outline, 8);
    const int difference = largest_difference(inside, reference);
    EXPECT_LE(difference, 2) << "scale " << view.scale_x << " × " << view.scale_y << ", at " << view.x << ", " << view.y
                             << ", turned by " << view.turn;
    std::printf("scale %6.3f turned %.1f: largest difference %d of 255\n", static_cast<double>(view.scale_x),
                static_cast<double>(view.turn), difference);
  }
  obs_enter_graphics();
  gs_texture_destroy(single);
  obs_leave_graphics();
}

}  // namespace
}  // namespace obs_test
