// SPDX-License-Identifier: GPL-2.0-or-later
#include <fstream>
#include <iterator>
#include <span>

#include "decode/decode_stream.h"
#include "module_fixture.h"

namespace obs_test {
namespace {

class WholeFile final : public inset::ByteSource {
 public:
  explicit WholeFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::span<const std::byte> next() override {
    return std::exchange(given_, true) ? std::span<const std::byte>() : std::as_bytes(std::span(bytes_));
  }

 private:
  std::string bytes_;
  bool given_ = false;
};

}  // namespace

Picture decode_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  WholeFile bytes(std::string{std::istreambuf_iterator<char>(file), {}});
  const auto decoded = inset::decode_stream(bytes, {});
  if (!decoded) return {};
  const std::size_t size = std::size_t{decoded->width} * decoded->height * 4;
  return {decoded->width, decoded->height, {decoded->pixels.get(), decoded->pixels.get() + size}};
}

}  // namespace obs_test
