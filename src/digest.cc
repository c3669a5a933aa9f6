// SPDX-License-Identifier: GPL-2.0-or-later
#include "digest.h"

#include <nettle/base64.h>

namespace inset {

Digest::Digest() {
  sha256_init(&sha256_);
  md5_init(&md5_);
}

void Digest::update(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  sha256_update(&sha256_, bytes.size(), data);
  md5_update(&md5_, bytes.size(), data);
}

std::array<std::uint8_t, 32> Digest::sha256() const {
  sha256_ctx copy = sha256_;  // taking the digest resets the context
  std::array<std::uint8_t, 32> out{};
  sha256_digest(&copy, out.size(), out.data());
  return out;
}

std::array<std::uint8_t, 16> Digest::md5() const {
  md5_ctx copy = md5_;
  std::array<std::uint8_t, 16> out{};
  md5_digest(&copy, out.size(), out.data());
  return out;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string text(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  base64_encode_raw(text.data(), bytes.size(), bytes.data());
  return text;
}

std::string sha256_hex(std::string_view text) {
  Digest digest;
  digest.update(std::as_bytes(std::span(text)));
  return to_hex(digest.sha256());
}

}  // namespace inset
