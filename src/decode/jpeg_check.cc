// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/jpeg_check.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "decode/decoder.h"
#include "decode/exif_orientation.h"
#include "decode/verdict.h"

namespace inset {

namespace {

constexpr std::size_t profile_cap = 4u << 20;

// Second bytes of markers.
constexpr std::uint8_t SOF0 = 0xc0, DHT = 0xc4, JPG = 0xc8, DAC = 0xcc, SOF15 = 0xcf, RST0 = 0xd0, RST7 = 0xd7,
                       SOI = 0xd8, EOI = 0xd9, SOS = 0xda, DQT = 0xdb, DNL = 0xdc, DRI = 0xdd, DHP = 0xde, EXP = 0xdf,
                       APP0 = 0xe0, APP1 = 0xe1, APP2 = 0xe2, APP14 = 0xee, APP15 = 0xef, SOF55 = 0xf7, COM = 0xfe;

constexpr std::string_view exif_name("Exif\0\0", 6);
constexpr std::string_view jfif_name("JFIF");
constexpr std::string_view adobe_name("Adobe");
constexpr std::string_view profile_name("ICC_PROFILE\0", 12);

bool is_frame_header(std::uint8_t marker) {
  return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

// Segments whose contents are read at their end.
bool is_kept(std::uint8_t marker) {
  switch (marker) {
    case DHT:
    case SOS:
    case DQT:
    case DNL:
    case DRI:
    case APP0:
    case APP1:
    case APP2:
    case APP14: return true;
    default: return is_frame_header(marker);
  }
}

bool begins_with(std::span<const std::byte> bytes, std::string_view name) {
  return bytes.size() >= name.size() && std::memcmp(bytes.data(), name.data(), name.size()) == 0;
}

std::string hex(std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {digits[byte >> 4], digits[byte & 15]};
}

// Whether codes of these lengths can be told apart, the way a decoder builds them: in order, never
// all ones.
bool is_prefix_code(std::span<const std::byte> counts) {
  unsigned code = 0;
  for (unsigned length = 1; length <= 16; ++length) {
    code += std::to_integer<unsigned>(counts[length - 1]);
    if (code >= 1u << length) return false;
    code <<= 1;
  }
  return true;
}

}  // namespace

Outcome JpegCheck::feed(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    switch (step_) {
      case Step::trailing: facts_.trailing_bytes += bytes.size(); return Nothing{};
      case Step::coded_data: take_coded_data(bytes); break;
      case Step::segment:
        if (Outcome good = take_segment(bytes); !good) return good;
        break;
      default:
        if (Outcome good = take_byte(std::to_integer<std::uint8_t>(bytes[0])); !good) return good;
        bytes = bytes.subspan(1);
        break;
    }
  }
  return Nothing{};
}

Outcome JpegCheck::finish() const {
  if (step_ == Step::trailing) return Nothing{};
  return incomplete("JPEG: the file ends before its end marker");
}

Outcome JpegCheck::take_byte(std::uint8_t byte) {
  switch (step_) {
    case Step::marker_start:
      if (byte != 0xff) return damaged("JPEG: bytes where a marker must be");
      step_ = Step::marker;
      return Nothing{};
    case Step::marker: return begin_marker(byte);
    case Step::length_high:
      length_ = std::uint32_t{byte} << 8;
      step_ = Step::length_low;
      return Nothing{};
    case Step::length_low: length_ |= byte; return begin_segment();
    case Step::coded_data_ff: return after_ff_in_coded_data(byte);
    default: return Nothing{};
  }
}

Outcome JpegCheck::begin_marker(std::uint8_t marker) {
  if (!seen_start_) {
    if (marker != SOI) return damaged("JPEG: no start marker");
    seen_start_ = true;
    step_ = Step::marker_start;
    return Nothing{};
  }
  if (marker == 0xff) return Nothing{};  // filling
  if (marker == EOI) {
    step_ = Step::trailing;
    return scans_.finish(facts_);
  }
  if (marker == DHP || marker == EXP) {
    return unsupported("This is a hierarchical JPEG, a form that cannot be read here.");
  }
  if (marker == DAC) return unsupported("This JPEG is packed with arithmetic coding, which cannot be read here.");
  if (marker == SOF55) return unsupported("This is a JPEG-LS picture, a form that cannot be read here.");
  const bool known = is_kept(marker) || (marker >= APP0 && marker <= APP15) || marker == COM;
  if (!known) return damaged("JPEG: unexpected marker ff" + hex(marker));
  marker_ = marker;
  step_ = Step::length_high;
  return Nothing{};
}

Outcome JpegCheck::begin_segment() {
  if (length_ < 2) return damaged("JPEG: segment of an impossible length");
  length_ -= 2;
  left_ = length_;
  keep_ = is_kept(marker_);
  kept_.clear();
  next_table_ = 0;
  step_ = Step::segment;
  return left_ == 0 ? end_segment() : Outcome(Nothing{});
}

Outcome JpegCheck::take_segment(std::span<const std::byte>& bytes) {
  const auto part = bytes.first(std::min<std::size_t>(bytes.size(), left_));
  bytes = bytes.subspan(part.size());
  left_ -= static_cast<std::uint32_t>(part.size());
  if (keep_) kept_.insert(kept_.end(), part.begin(), part.end());
  if (marker_ == DHT) {
    if (Outcome good = read_huffman_tables(); !good) return good;
  }
  return left_ == 0 ? end_segment() : Outcome(Nothing{});
}

Outcome JpegCheck::end_segment() {
  step_ = marker_ == SOS ? Step::coded_data : Step::marker_start;
  const auto number = [this] {
    return std::to_integer<std::uint32_t>(kept_[0]) << 8 | std::to_integer<std::uint32_t>(kept_[1]);
  };
  switch (marker_) {
    case SOS: join_profile(); return scans_.begin_scan(kept_);
    case DHT:
      if (next_table_ != length_ || length_ == 0) return damaged("JPEG: Huffman tables of a wrong length");
      return Nothing{};
    case DQT: return read_quantisation_tables();
    case DRI:
      if (length_ != 2) return damaged("JPEG: restart interval of a wrong length");
      scans_.set_restart_interval(number());
      return Nothing{};
    case DNL:
      if (length_ != 2 || number() != scans_.height()) return damaged("JPEG: a second height that differs");
      return Nothing{};
    case APP0:
    case APP14: return read_colour_header();
    case APP1: read_exif(); return Nothing{};
    case APP2: keep_profile_part(); return Nothing{};
    default: return is_frame_header(marker_) ? scans_.begin_frame(marker_, kept_, limits_, facts_) : Outcome(Nothing{});
  }
}

void JpegCheck::take_coded_data(std::span<const std::byte>& bytes) {
  const void* ff = std::memchr(bytes.data(), 0xff, bytes.size());
  if (ff == nullptr) {
    bytes = {};
    return;
  }
  bytes = bytes.subspan(static_cast<std::size_t>(static_cast<const std::byte*>(ff) - bytes.data()) + 1);
  step_ = Step::coded_data_ff;
}

Outcome JpegCheck::after_ff_in_coded_data(std::uint8_t byte) {
  if (byte == 0xff) return Nothing{};  // filling before a marker
  if (byte == 0x00) {
    step_ = Step::coded_data;
    return Nothing{};
  }
  if (byte >= RST0 && byte <= RST7) {
    step_ = Step::coded_data;
    return scans_.restart(static_cast<unsigned>(byte - RST0));
  }
  if (Outcome good = scans_.end_scan(); !good) return good;
  return begin_marker(byte);
}

// Tables follow one another: class and number in a byte, how many codes there are of each of 16
// lengths, the symbols. Each is judged as soon as its counts are there, before the decoder can have
// seen the last of them: it sizes nothing by them.
Outcome JpegCheck::read_huffman_tables() {
  while (length_ - next_table_ > 0) {
    if (length_ - next_table_ < 17) return damaged("JPEG: Huffman table too short");
    if (kept_.size() < next_table_ + 17) return Nothing{};
    const auto head = std::to_integer<unsigned>(kept_[next_table_]);
    const auto counts = std::span(kept_).subspan(next_table_ + 1, 16);
    std::size_t symbols = 0;
    for (const std::byte count : counts) symbols += std::to_integer<std::size_t>(count);
    if (head >> 4 > 1 || (head & 15) > 3) return damaged("JPEG: impossible Huffman table");
    if (symbols > 256 || !is_prefix_code(counts)) return damaged("JPEG: Huffman table with impossible codes");
    if (length_ - next_table_ < 17 + symbols) return damaged("JPEG: Huffman table too short");
    next_table_ += 17 + symbols;
    scans_.define_huffman_table(head >> 4 == 1, head & 15);
  }
  return Nothing{};
}

Outcome JpegCheck::read_quantisation_tables() {
  std::size_t at = 0;
  while (at < kept_.size()) {
    const auto head = std::to_integer<unsigned>(kept_[at]);
    if (head >> 4 > 1 || (head & 15) > 3) return damaged("JPEG: impossible quantisation table");
    at += head >> 4 == 1 ? 129 : 65;
    scans_.define_quantisation_table(head & 15);
  }
  if (at != kept_.size() || at == 0) return damaged("JPEG: quantisation tables of a wrong length");
  return Nothing{};
}

// JFIF's and Adobe's say what the channels are. Decoders disagree about those that are short, odd or late.
Outcome JpegCheck::read_colour_header() {
  const bool jfif = marker_ == APP0 && begins_with(kept_, jfif_name);
  const bool adobe = marker_ == APP14 && begins_with(kept_, adobe_name);
  if (!jfif && !adobe) return Nothing{};
  const std::size_t least = jfif ? 14 : 12;
  const std::size_t zero = jfif ? 4 : 5;
  if (kept_.size() >= least && kept_[zero] == std::byte{0} && !first_scan_begun_) return Nothing{};
  return unsupported("This JPEG says in an odd way what its colours are.");
}

void JpegCheck::read_exif() {
  if (first_scan_begun_ || facts_.orientation != 1 || !begins_with(kept_, exif_name)) return;
  facts_.orientation = exif_orientation(std::span(kept_).subspan(exif_name.size()));
}

// A profile comes in parts of at most 64 KiB, each with its number (from 1) and how many there are.
void JpegCheck::keep_profile_part() {
  if (!begins_with(kept_, profile_name) || profile_broken_ || first_scan_begun_) return;
  const std::size_t head = profile_name.size() + 2;
  const std::size_t part = kept_.size() < head ? 0 : std::to_integer<std::size_t>(kept_[head - 2]);
  const std::size_t parts = kept_.size() < head ? 0 : std::to_integer<std::size_t>(kept_[head - 1]);
  if (profile_parts_.empty()) profile_parts_.resize(parts);
  profile_bytes_ += kept_.size();
  profile_broken_ = part < 1 || part > parts || parts != profile_parts_.size() || kept_.size() <= head ||
                    profile_bytes_ > profile_cap || !profile_parts_[part - 1].empty();
  if (profile_broken_) {
    profile_parts_ = {};
    return;
  }
  profile_parts_[part - 1].assign(kept_.begin() + static_cast<std::ptrdiff_t>(head), kept_.end());
}

// At the first scan: what comes later would not be believed by other readers either.
void JpegCheck::join_profile() {
  if (std::exchange(first_scan_begun_, true)) return;
  const bool whole =
      std::none_of(profile_parts_.begin(), profile_parts_.end(), [](const auto& part) { return part.empty(); });
  if (profile_broken_ || !whole) facts_.icc_unreadable = true;
  if (!facts_.icc_unreadable) {
    for (const auto& part : profile_parts_) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(part.data());
      facts_.icc_profile.insert(facts_.icc_profile.end(), bytes, bytes + part.size());
    }
  }
  profile_parts_ = {};
}

}  // namespace inset
