// SPDX-License-Identifier: GPL-2.0-or-later
#include "gimp/facts.h"

#include <glib.h>

#include <algorithm>

namespace easel::gimp {
namespace {

constexpr const char* kSourceTypes = "http://cv.iptc.org/newscodes/digitalsourcetype/";
constexpr const char* kSourceTypeTag = "Xmp.iptcExt.DigitalSourceType";
constexpr const char* kAssetTag = "Xmp.plus.ImageSupplierImageID";
constexpr const char* kCreditTag = "Xmp.photoshop.Credit";

std::string read(GExiv2Metadata* metadata, const char* tag) {
  gchar* value = gexiv2_metadata_try_get_tag_string(metadata, tag, nullptr);
  std::string out = value != nullptr ? value : "";
  g_free(value);
  return out;
}

// A failure is no reason to refuse a picture that is paid for: the parasite says the same.
void write(GExiv2Metadata* metadata, const char* tag, const std::string& value) {
  GError* error = nullptr;
  if (!gexiv2_metadata_try_set_tag_string(metadata, tag, value.c_str(), &error)) {
    g_printerr("inset: %s was not written: %s\n", tag, error != nullptr ? error->message : "unknown reason");
    g_clear_error(&error);
  }
}

// "a, b" and "b" is "a, b": an image may hold several licensed pictures, and one of them twice.
std::string joined(const std::string& list, std::string_view value) {
  if (list.empty()) return std::string(value);
  const std::string framed = ", " + list + ", ";
  if (framed.find(", " + std::string(value) + ", ") != std::string::npos) return list;
  return list + ", " + std::string(value);
}

void append_line(std::string& text, std::string_view key, std::string_view value) {
  const auto add = [&text](std::string_view part) {
    std::transform(part.begin(), part.end(), std::back_inserter(text),
                   [](char c) { return static_cast<unsigned char>(c) < 0x20 ? ' ' : c; });
  };
  add(key);
  text += '=';
  add(value);
  text += '\n';
}

}  // namespace

std::string_view fact(const easel_asset& asset, std::string_view key) {
  for (size_t i = 0; i < asset.fact_count; ++i) {
    const easel_pair& pair = asset.facts[i];
    if (pair.key != nullptr && pair.value != nullptr && key == pair.key) return pair.value;
  }
  return {};
}

std::string parasite_text(const easel_asset& asset) {
  std::string text;
  for (size_t i = 0; i < asset.fact_count; ++i) {
    const easel_pair& pair = asset.facts[i];
    if (pair.key != nullptr && pair.value != nullptr) append_line(text, pair.key, pair.value);
  }
  if (asset.path != nullptr) append_line(text, "original", asset.path);
  return text;
}

void add_xmp(GExiv2Metadata* metadata, const easel_asset& asset, bool alone) {
  std::string_view type = fact(asset, "source_type");
  if (type.empty()) type = "trainedAlgorithmicMedia";
  if (!alone && type == "trainedAlgorithmicMedia") type = "compositeWithTrainedAlgorithmicMedia";
  write(metadata, kSourceTypeTag, kSourceTypes + std::string(type));
  if (const auto id = fact(asset, "asset_id"); !id.empty()) {
    write(metadata, kAssetTag, joined(read(metadata, kAssetTag), id));
  }
  if (const auto credit = fact(asset, "credit"); !credit.empty()) {
    write(metadata, kCreditTag, joined(read(metadata, kCreditTag), credit));
  }
}

}  // namespace easel::gimp
