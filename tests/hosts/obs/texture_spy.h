// SPDX-License-Identifier: GPL-2.0-or-later
// What is handed to the graphics card, by whom and when: this program's own gs_texture_create() stands before that of
// libobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace obs_test {

struct TextureMade {
  std::string by;       // file name of the library or program that called
  std::uint64_t bytes;  // of its pixels
  int thread;           // as in /proc/self/task
  std::uint32_t frame;  // OBS' count of frames at that moment
};

// All since the program began, or since forget_textures().
std::vector<TextureMade> textures_made();
void forget_textures();

}  // namespace obs_test
