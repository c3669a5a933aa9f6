// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/sniff.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace inset {

namespace {

struct Mark {
  std::size_t at;
  std::string_view bytes;
  std::string_view name;
};

using namespace std::string_view_literals;

constexpr std::array marks = {
    Mark{8, "WEBP"sv, "a WebP picture"},
    Mark{0, "GIF8"sv, "a GIF picture"},
    Mark{0, "BM"sv, "a BMP picture"},
    Mark{0, "II*\0"sv, "a TIFF picture"},
    Mark{0, "MM\0*"sv, "a TIFF picture"},
    Mark{4, "ftypavi"sv, "an AVIF picture"},
    Mark{4, "ftyphei"sv, "a HEIC picture"},
    Mark{4, "ftyphev"sv, "a HEIC picture"},
    Mark{4, "ftypmif1"sv, "a HEIF picture"},
    Mark{4, "ftyp"sv, "a video"},
    Mark{4, "JXL \r\n"sv, "a JPEG XL picture"},
    Mark{0, "\xff\x0a"sv, "a JPEG XL picture"},
    Mark{4, "jP  \r\n"sv, "a JPEG 2000 picture"},
    Mark{0, "8BPS"sv, "a Photoshop document"},
    Mark{0, "%PDF"sv, "a PDF document"},
    Mark{0, "PK\x03\x04"sv, "a ZIP archive"},
    Mark{0, "\x1f\x8b"sv, "compressed (gzip) data"},
};

constexpr std::array text_marks = {
    Mark{0, "<!doctype html"sv, "a web page"}, Mark{0, "<html"sv, "a web page"},      Mark{0, "<head"sv, "a web page"},
    Mark{0, "<svg"sv, "an SVG drawing"},       Mark{0, "<?xml"sv, "an XML document"}, Mark{0, "<!--"sv, "a web page"},
    Mark{0, "{"sv, "a JSON message"},          Mark{0, "["sv, "a JSON message"},
};

// The text without a byte order mark and leading space, in lower case; empty if it is not text.
std::string as_text(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  const auto is_text = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 || std::isspace(byte) != 0;
  };
  if (!std::all_of(head.begin(), head.end(), is_text)) return {};
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  std::string text(head);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

std::string_view name_by_first_bytes(std::span<const std::byte> bytes) {
  if (bytes.empty()) return "an empty file";
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Mark& mark : marks) {
    if (head.size() > mark.at && head.substr(mark.at).starts_with(mark.bytes)) return mark.name;
  }
  const std::string text = as_text(head);
  if (text.find("<svg") != std::string::npos) return "an SVG drawing";
  for (const Mark& mark : text_marks) {
    if (text.starts_with(mark.bytes)) return mark.name;
  }
  return text.empty() ? "a file of an unknown kind" : "text";
}

}  // namespace inset
