// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/container_check.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "decode/sniff.h"
#include "decode/verdict.h"

namespace inset {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n"sv;
constexpr std::string_view jpeg_start = "\xff\xd8"sv;

Error unexpected(std::string_view name) {
  return make_error(Stage::decoding, Cause::format_unexpected,
                    "The service sent " + std::string(name) + " instead of a JPEG or PNG picture.");
}

bool may_become(std::string_view head, std::string_view whole) {
  return head.size() < whole.size() && whole.starts_with(head);
}

}  // namespace

Outcome ContainerCheck::feed(std::span<const std::byte> bytes) {
  if (error_) return *error_;
  Outcome good = Nothing{};
  if (facts_.container == Container::unknown) good = sniff(bytes);
  if (good) {
    if (auto* png = std::get_if<PngCheck>(&check_)) good = png->feed(bytes);
    if (auto* jpeg = std::get_if<JpegCheck>(&check_)) good = jpeg->feed(bytes);
  }
  if (!good) error_ = good.error();
  return good;
}

Outcome ContainerCheck::finish() {
  if (error_) return *error_;
  Outcome good = Nothing{};
  if (const auto* png = std::get_if<PngCheck>(&check_)) {
    good = png->finish();
  } else if (const auto* jpeg = std::get_if<JpegCheck>(&check_)) {
    good = jpeg->finish();
  } else {
    const std::string_view head(reinterpret_cast<const char*>(head_.data()), head_used_);
    const bool cut = !head.empty() && (may_become(head, png_signature) || may_become(head, jpeg_start));
    good = cut ? incomplete("the file ends within its first bytes")
               : unexpected(name_by_first_bytes(std::span(head_).first(head_used_)));
  }
  if (!good) error_ = good.error();
  return good;
}

// Takes bytes until it is clear what they begin, and hands those it took to the check that fits.
Outcome ContainerCheck::sniff(std::span<const std::byte>& bytes) {
  const auto taken = bytes.first(std::min(bytes.size(), head_size - head_used_));
  std::copy(taken.begin(), taken.end(), head_.begin() + static_cast<std::ptrdiff_t>(head_used_));
  head_used_ += taken.size();
  bytes = bytes.subspan(taken.size());

  const auto bytes_so_far = std::span<const std::byte>(head_).first(head_used_);
  const std::string_view head(reinterpret_cast<const char*>(head_.data()), head_used_);
  if (head.starts_with(png_signature)) {
    facts_.container = Container::png;
    return check_.emplace<PngCheck>(limits_, facts_).feed(bytes_so_far);
  }
  if (head.starts_with(jpeg_start)) {
    facts_.container = Container::jpeg;
    return check_.emplace<JpegCheck>(limits_, facts_).feed(bytes_so_far);
  }
  if (may_become(head, png_signature) || may_become(head, jpeg_start)) return Nothing{};
  // A transfer as text turns line ends into others, and the signature is made to show it.
  if (head.starts_with(png_signature.substr(0, 4))) return damaged("PNG: wrong signature");
  if (head_used_ < head_size) return Nothing{};
  return unexpected(name_by_first_bytes(bytes_so_far));
}

}  // namespace inset
