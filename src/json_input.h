// SPDX-License-Identifier: GPL-2.0-or-later
// JSON from outside, read with suspicion: a depth cap, and integers that must fit. Only what may use
// nlohmann/json includes this.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace inset {

// Empty: not JSON, or nested deeper than any answer of the service. Never throws.
inline std::optional<nlohmann::json> parse_json(std::string_view text) {
  constexpr int deepest = 64;
  bool too_deep = false;
  const auto shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || depth > deepest;
    return !too_deep;
  };
  try {
    auto json = nlohmann::json::parse(text, shallow, /*allow_exceptions=*/false);
    if (json.is_discarded() || too_deep) return {};
    return json;
  } catch (const std::exception&) {
    return {};
  }
}

// An integer that fits, whole and not out of range; a float or a string is none.
template <class T>
std::optional<T> integer(const nlohmann::json& value) {
  static_assert(sizeof(T) <= sizeof(std::int64_t));
  constexpr auto highest = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > highest) return {};
    return static_cast<T>(number);
  }
  if (!value.is_number_integer()) return {};
  const auto number = value.get<std::int64_t>();
  if (number < 0 &&
      (std::numeric_limits<T>::min() == 0 || number < static_cast<std::int64_t>(std::numeric_limits<T>::min()))) {
    return {};
  }
  if (number >= 0 && static_cast<std::uint64_t>(number) > highest) return {};
  return static_cast<T>(number);
}

// The member of an object, or null where there is none.
inline const nlohmann::json& member(const nlohmann::json& object, const char* key) {
  static const nlohmann::json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

inline std::string text_member(const nlohmann::json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace inset
