// SPDX-License-Identifier: GPL-2.0-or-later
// What the person chose the last time, where it is OBS' own matter: the tick box "Visible at once", and what a form
// begins with. [UI]
#pragma once

#include <map>
#include <string>

namespace inset_obs {

// What was filled in for the picture that came last, and none of it secret: these keys alone.
using LastValues = std::map<std::string, std::string>;
inline constexpr const char* kRememberedKeys[] = {"generation", "product_id", "project_code", "notes"};

struct Preferences {
  bool visible_at_once = true;
  LastValues last_values;

  bool operator==(const Preferences&) const = default;
};

Preferences read_preferences();
void write_preferences(const Preferences& preferences);  // failing is no more than a line in the log

}  // namespace inset_obs
