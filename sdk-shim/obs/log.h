// SPDX-License-Identifier: GPL-2.0-or-later
// OBS' log and OBS' words, in our voice.
#pragma once

#include <obs-module.h>

#include <string>

namespace inset_obs {

// A line in the log of OBS. LOG_INFO and friends.
inline void say(int level, const std::string& text) { blog(level, "[inset] %s", text.c_str()); }

// A text of data/locale. Keys are dotted.
inline const char* word(const char* key) { return obs_module_text(key); }

}  // namespace inset_obs
