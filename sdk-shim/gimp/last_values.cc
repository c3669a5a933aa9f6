// SPDX-License-Identifier: GPL-2.0-or-later
#include "gimp/last_values.h"

#include <array>

namespace easel::gimp {
namespace {

struct Member {
  const char* key;
  std::string Request::*value;
};

constexpr std::array<Member, 6> kMembers{{{"generation", &Request::generation},
                                          {"index", &Request::index},
                                          {"size", &Request::size},
                                          {"product_id", &Request::product_id},
                                          {"project_code", &Request::project_code},
                                          {"notes", &Request::notes}}};

}  // namespace

Parameters Request::all() const {
  Parameters out;
  for (const Member& member : kMembers) {
    if (!(this->*member.value).empty()) out.emplace_back(member.key, this->*member.value);
  }
  return out;
}

Parameters Request::picture() const {
  Request out;
  out.generation = generation;
  out.index = generation.empty() ? "" : index;
  return out.all();
}

void Request::set(const std::string& key, const std::string& value) {
  for (const Member& member : kMembers) {
    if (key == member.key) this->*member.value = value;
  }
}

// A zero byte ends each value; no value can hold one.
std::string packed(const Request& request) {
  std::string bytes;
  for (const Member& member : kMembers) bytes += request.*member.value + '\0';
  return bytes;
}

std::optional<Request> unpacked(const std::string& bytes) {
  Request out;
  size_t start = 0;
  for (const Member& member : kMembers) {
    const size_t end = bytes.find('\0', start);
    if (end == std::string::npos) return {};
    out.*member.value = bytes.substr(start, end - start);
    start = end + 1;
  }
  return out;
}

}  // namespace easel::gimp
