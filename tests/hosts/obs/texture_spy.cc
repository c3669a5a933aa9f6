// SPDX-License-Identifier: GPL-2.0-or-later
#include "texture_spy.h"

#include <dlfcn.h>
#include <obs.h>
#include <unistd.h>

#include <mutex>

namespace obs_test {
namespace {
std::mutex mutex;
std::vector<TextureMade> made;
}  // namespace

std::vector<TextureMade> textures_made() {
  const std::lock_guard lock(mutex);
  return made;
}

void forget_textures() {
  const std::lock_guard lock(mutex);
  made.clear();
}

}  // namespace obs_test

extern "C" gs_texture_t* gs_texture_create(uint32_t width, uint32_t height, gs_color_format format, uint32_t levels,
                                           const uint8_t** data, uint32_t flags) {
  static const auto real = reinterpret_cast<decltype(&gs_texture_create)>(dlsym(RTLD_NEXT, "gs_texture_create"));
  Dl_info caller{};
  if (data && dladdr(__builtin_return_address(0), &caller) && caller.dli_fname) {
    const std::string path = caller.dli_fname;
    const std::lock_guard lock(obs_test::mutex);
    obs_test::made.push_back({path.substr(path.find_last_of('/') + 1),
                              std::uint64_t{width} * height * gs_get_format_bpp(format) / 8, static_cast<int>(gettid()),
                              obs_get_total_frames()});
  }
  return real(width, height, format, levels, data, flags);
}
