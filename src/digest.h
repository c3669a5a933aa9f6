// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256 and MD5 over bytes that arrive in pieces. SHA-256 names jobs and proves kept files; MD5 is here because file
// hosts send it as a checksum.
#pragma once

#include <nettle/md5.h>
#include <nettle/sha2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace inset {

class Digest {
 public:
  Digest();
  void update(std::span<const std::byte> bytes);

  // The digest of all bytes so far. update() may go on afterwards.
  std::array<std::uint8_t, 32> sha256() const;
  std::array<std::uint8_t, 16> md5() const;

 private:
  sha256_ctx sha256_;
  md5_ctx md5_;
};

std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_base64(std::span<const std::uint8_t> bytes);
std::string sha256_hex(std::string_view text);

}  // namespace inset
