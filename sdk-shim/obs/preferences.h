// SPDX-License-Identifier: GPL-2.0-or-later
// What the person chose the last time, where it is OBS' own matter: the tick box "Visible at once". [UI]
#pragma once

namespace inset_obs {

struct Preferences {
  bool visible_at_once = true;
};

Preferences read_preferences();
void write_preferences(const Preferences& preferences);  // failing is no more than a line in the log

}  // namespace inset_obs
