// SPDX-License-Identifier: GPL-2.0-or-later
// The container check on any bytes: it must come to the same end however they are cut into pieces.
#include <cstdlib>
#include <string>

#include "decode/container_check.h"

namespace {

using namespace inset;

constexpr DecodeLimits limits{4096, 16u << 20};

std::string told(std::span<const std::byte> bytes, std::size_t piece) {
  ContainerCheck check(limits);
  Outcome verdict = Nothing{};
  while (verdict && !bytes.empty()) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    verdict = check.feed(part);
    bytes = bytes.subspan(part.size());
  }
  if (verdict) verdict = check.finish();
  const PictureFacts& facts = check.facts();
  return (verdict ? std::string("good") : verdict.error().message + verdict.error().detail) + " " +
         std::to_string(facts.width) + " " + std::to_string(facts.height) + " " + std::to_string(facts.orientation) +
         " " + std::to_string(facts.icc_profile.size()) + " " + std::to_string(facts.trailing_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  if (told(bytes, piece) != told(bytes, bytes.size() + 1)) std::abort();
  return 0;
}
