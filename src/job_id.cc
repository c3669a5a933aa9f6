// SPDX-License-Identifier: GPL-2.0-or-later
#include "job_id.h"

#include <cctype>

#include "digest.h"

namespace inset {
namespace {

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

// Each part is preceded by its length, so that no two lists of parts run together to the same text.
void add_part(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

std::string picture_text(const JobRecord& job) {
  std::string text;
  add_part(text, job.origin);
  add_part(text, job.account);
  add_part(text, canonical_generation(job.generation));
  add_part(text, std::to_string(job.index));
  return text;
}

}  // namespace

std::string account_of(std::string_view api_key) { return sha256_hex(api_key).substr(0, 12); }

std::string canonical_generation(std::string_view generation) {
  std::string text(generation);
  if (is_guid(generation)) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return text;
}

std::string job_id(const JobRecord& job) {
  std::string text = picture_text(job);
  add_part(text, job.size);
  return sha256_hex(text).substr(0, 16);
}

std::string picture_id(const JobRecord& job) { return sha256_hex(picture_text(job)).substr(0, 16); }

}  // namespace inset
