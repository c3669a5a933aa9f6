// SPDX-License-Identifier: GPL-2.0-or-later
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <span>

#include "decode/decoder.h"
#include "module_fixture.h"

namespace obs_test {

Picture decode_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::mutex mutex;
  std::condition_variable awake;
  const auto decoder = inset::start_decoder({}, [&] { awake.notify_all(); });
  auto rest = std::as_bytes(std::span(bytes));
  bool finished = false;
  for (;;) {
    rest = rest.subspan(decoder->feed(rest));
    if (rest.empty() && !std::exchange(finished, true)) decoder->finish();
    if (auto result = decoder->take()) {
      if (!*result) return {};
      const inset::Picture& decoded = **result;
      const std::size_t size = std::size_t{decoded.width} * decoded.height * 4;
      return {decoded.width, decoded.height, {decoded.pixels.get(), decoded.pixels.get() + size}};
    }
    std::unique_lock lock(mutex);
    awake.wait_for(lock, 5ms);
  }
}

}  // namespace obs_test
