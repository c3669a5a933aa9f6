// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/png_check.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "decode/decoder.h"
#include "decode/exif_orientation.h"
#include "decode/verdict.h"

namespace inset {

namespace {

constexpr std::array<unsigned char, 8> signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::uint32_t longest_chunk = 0x7fffffff;
constexpr std::size_t profile_cap = 4u << 20;
constexpr std::size_t exif_cap = 64u << 10;

constexpr std::uint32_t tag(const char (&name)[5]) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(name[i]);
  return value;
}

constexpr std::uint32_t IHDR = tag("IHDR"), PLTE = tag("PLTE"), IDAT = tag("IDAT"), IEND = tag("IEND"),
                        tRNS = tag("tRNS"), iCCP = tag("iCCP"), sRGB = tag("sRGB"), gAMA = tag("gAMA"),
                        cHRM = tag("cHRM"), cICP = tag("cICP"), eXIf = tag("eXIf"), acTL = tag("acTL"),
                        CgBI = tag("CgBI");

// Colour types, as the format numbers them.
constexpr int gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgb_alpha = 6;

std::uint32_t big_endian(const std::byte* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

// A chunk's name is four ASCII letters; a set bit 5 of the first makes it one that a reader may
// skip.
bool is_name(std::uint32_t type) {
  for (int shift = 0; shift < 32; shift += 8) {
    const std::uint32_t letter = (type >> shift & 0xff) | 0x20;
    if (letter < 'a' || letter > 'z') return false;
  }
  return true;
}

bool is_critical(std::uint32_t type) { return (type & 0x20000000) == 0; }

// How much of a chunk's data is kept to be read at its end; 0 for those that only pass.
std::size_t kept_size(std::uint32_t type) {
  switch (type) {
    case IHDR: return 13;
    case gAMA: return 4;
    case cHRM: return 32;
    case sRGB: return 1;
    case cICP: return 4;
    case acTL: return 8;
    case eXIf: return exif_cap;
    case iCCP: return profile_cap;
    default: return 0;
  }
}

bool depth_allowed(int colour_type, int depth) {
  switch (colour_type) {
    case gray: return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case palette: return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case rgb:
    case gray_alpha:
    case rgb_alpha: return depth == 8 || depth == 16;
    default: return false;
  }
}

// Inflates a zlib stream that must end within `cap` bytes; empty if it does not, or is broken.
std::vector<std::uint8_t> inflate_all(std::span<const std::byte> packed, std::size_t cap) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return {};
  // zlib reads but does not write through next_in; its type lacks the const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::vector<std::uint8_t> out;
  int status = Z_OK;
  while (status == Z_OK && out.size() < cap) {
    const std::size_t before = out.size();
    out.resize(std::min(cap, before + (64u << 10)));
    stream.next_out = out.data() + before;
    stream.avail_out = static_cast<uInt>(out.size() - before);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END) out.clear();
  return out;
}

}  // namespace

Outcome PngCheck::feed(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (step_ == Step::trailing) {
      facts_.trailing_bytes += bytes.size();
      return Nothing{};
    }
    const auto part = bytes.first(std::min<std::size_t>(bytes.size(), left_));
    bytes = bytes.subspan(part.size());
    left_ -= static_cast<std::uint32_t>(part.size());
    if (step_ == Step::chunk_data) {
      crc_ = static_cast<std::uint32_t>(crc32_z(crc_, reinterpret_cast<const Bytef*>(part.data()), part.size()));
      if (keep_) kept_.insert(kept_.end(), part.begin(), part.end());
    } else {
      std::copy(part.begin(), part.end(), field_.begin() + static_cast<std::ptrdiff_t>(field_size_));
      field_size_ += part.size();
    }
    if (left_ > 0) continue;
    if (Outcome done = end_of_step(); !done) return done;
    field_size_ = 0;
  }
  return Nothing{};
}

Outcome PngCheck::finish() const {
  if (step_ == Step::trailing) return Nothing{};
  return incomplete("PNG: the file ends before IEND");
}

Outcome PngCheck::end_of_step() {
  switch (step_) {
    case Step::signature:
      if (std::memcmp(field_.data(), signature.data(), signature.size()) != 0) {
        return damaged("PNG: wrong signature");
      }
      step_ = Step::chunk_header;
      left_ = 8;
      return Nothing{};
    case Step::chunk_header: return begin_chunk();
    case Step::chunk_data:
      step_ = Step::chunk_crc;
      left_ = 4;
      return Nothing{};
    case Step::chunk_crc:
      if (big_endian(field_.data()) != crc_) return damaged("PNG: wrong CRC of " + chunk_name());
      step_ = type_ == IEND ? Step::trailing : Step::chunk_header;
      left_ = 8;
      return end_chunk();
    case Step::trailing: break;
  }
  return Nothing{};
}

Outcome PngCheck::begin_chunk() {
  length_ = big_endian(field_.data());
  type_ = big_endian(field_.data() + 4);
  if (!is_name(type_)) return damaged("PNG: bytes that are no chunk name");
  if (length_ > longest_chunk) return damaged("PNG: impossible length of " + chunk_name());
  if (type_ == CgBI) {
    return unsupported("This PNG is in a form that only Apple's own programs read (CgBI).");
  }
  if (seen_header_ != (type_ != IHDR)) {
    return damaged(seen_header_ ? "PNG: a second IHDR" : "PNG: the first chunk is not IHDR");
  }
  if (seen_image_ && type_ != IDAT) image_over_ = true;
  if (Outcome order = begin_known_chunk(); !order) return order;

  crc_ = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(&field_[4]), 4));
  kept_.clear();
  keep_ = length_ <= kept_size(type_);
  step_ = length_ > 0 ? Step::chunk_data : Step::chunk_crc;
  left_ = length_ > 0 ? length_ : 4;
  return Nothing{};
}

// The rules that need no more than a chunk's name and length.
Outcome PngCheck::begin_known_chunk() {
  switch (type_) {
    case IHDR:
      if (length_ != 13) return damaged("PNG: IHDR of a wrong length");
      return Nothing{};
    case PLTE:
      if (palette_entries_ > 0) return damaged("PNG: a second PLTE");
      if (seen_image_) return damaged("PNG: PLTE after IDAT");
      if (facts_.gray) return damaged("PNG: PLTE in a gray picture");
      if (length_ == 0 || length_ > 768 || length_ % 3 != 0) return damaged("PNG: PLTE of a wrong length");
      palette_entries_ = length_ / 3;
      return Nothing{};
    case IDAT:
      if (image_over_) return damaged("PNG: another chunk between the IDATs");
      if (colour_type_ == palette && palette_entries_ == 0) return damaged("PNG: no PLTE");
      seen_image_ = true;
      image_bytes_ += length_;
      return Nothing{};
    case IEND:
      if (image_bytes_ == 0) return damaged("PNG: no image data");
      if (length_ != 0) return damaged("PNG: IEND of a wrong length");
      return Nothing{};
    case tRNS: return check_transparency();
    default:
      if (is_critical(type_)) {
        return unsupported("This PNG needs an extension of the format that is not known here.",
                           "PNG: unknown critical chunk " + chunk_name());
      }
      return Nothing{};
  }
}

Outcome PngCheck::check_transparency() const {
  if (seen_image_) return damaged("PNG: tRNS after IDAT");
  bool good = false;
  switch (colour_type_) {
    case gray: good = length_ == 2; break;
    case rgb: good = length_ == 6; break;
    case palette: good = length_ <= palette_entries_; break;
    default: break;
  }
  return good ? Outcome(Nothing{}) : Outcome(damaged("PNG: tRNS does not fit the picture"));
}

Outcome PngCheck::end_chunk() {
  if (type_ == IHDR) return read_image_header();
  read_ancillary_chunk();
  return Nothing{};
}

Outcome PngCheck::read_image_header() {
  const auto at = [this](std::size_t i) { return std::to_integer<int>(kept_[i]); };
  const std::uint32_t width = kept_number(0);
  const std::uint32_t height = kept_number(4);
  colour_type_ = at(9);
  if (width == 0 || height == 0 || width > longest_chunk || height > longest_chunk) {
    return damaged("PNG: impossible size");
  }
  if (!depth_allowed(colour_type_, at(8))) return damaged("PNG: impossible bit depth or colour type");
  if (at(10) != 0 || at(11) != 0 || at(12) > 1) return damaged("PNG: unknown compression, filter or interlace method");
  if (Outcome size = check_size(width, height, limits_); !size) return size;
  seen_header_ = true;
  facts_.width = width;
  facts_.height = height;
  facts_.bits = at(8);
  facts_.gray = colour_type_ == gray || colour_type_ == gray_alpha;
  return Nothing{};
}

// These say how the pixels are meant. One that is out of its place or broken says nothing; of two,
// the first counts.
void PngCheck::read_ancillary_chunk() {
  if (type_ == eXIf) {
    if (keep_ && facts_.orientation == 1) facts_.orientation = exif_orientation(kept_);
    return;
  }
  if (seen_image_) return;
  switch (type_) {
    case iCCP: read_profile(); break;
    case sRGB: facts_.srgb = true; break;
    case cICP:  // BT.709 primaries with the sRGB curve, full range: sRGB by another name
      facts_.colour_code = keep_ && kept_.size() == 4 && kept_number(0) == 0x010d0001 ? PictureFacts::ColourCode::srgb
                                                                                      : PictureFacts::ColourCode::other;
      break;
    case gAMA:
      if (keep_ && kept_.size() == 4 && facts_.gamma == 0) facts_.gamma = kept_number(0);
      break;
    case cHRM:
      if (keep_ && kept_.size() == 32 && !facts_.chromaticities) {
        facts_.chromaticities.emplace();
        for (std::size_t i = 0; i < 8; ++i) (*facts_.chromaticities)[i] = kept_number(i * 4);
      }
      break;
    case acTL:  // the number of frames, the number of plays
      facts_.animated = keep_ && kept_.size() == 8 && kept_number(0) > 1;
      break;
    default: break;
  }
}

// iCCP: a name of 1 to 79 bytes, a zero, the method (0), a zlib stream.
void PngCheck::read_profile() {
  if (std::exchange(seen_profile_, true)) return;
  const auto name_end = std::find(kept_.begin(), kept_.end(), std::byte{0});
  const auto name_size = static_cast<std::size_t>(name_end - kept_.begin());
  if (keep_ && name_size >= 1 && name_size <= 79 && name_size + 2 < kept_.size() &&
      kept_[name_size + 1] == std::byte{0}) {
    facts_.icc_profile = inflate_all(std::span(kept_).subspan(name_size + 2), profile_cap);
  }
  facts_.icc_unreadable = facts_.icc_profile.empty();
  kept_ = {};  // up to 4 MiB that nothing else will need
}

std::uint32_t PngCheck::kept_number(std::size_t at) const { return big_endian(kept_.data() + at); }

std::string PngCheck::chunk_name() const {
  std::string name(4, ' ');
  for (std::size_t i = 0; i < 4; ++i) name[i] = static_cast<char>(type_ >> (24 - 8 * i) & 0x7f);
  return name;
}

}  // namespace inset
