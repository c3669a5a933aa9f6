// SPDX-License-Identifier: GPL-2.0-or-later
// Opens one named plugin library for a host, and says in words what is wrong with it if it cannot
// be used.
//
//   - A file is looked at before it is opened: a library's constructors run at once, and a pipe
//     would never end.
//   - The library is never unloaded. A picture may be released, and a thread of a library that the
//     plugin uses may end, after destroy().
//   - There is no list of plugins and no search path: which file it is, is the host's decision.
#pragma once

#include <string>

#include "easel/easel.h"

namespace easel {

// The entry of a plugin, or null and a sentence that says why there is none.
struct Loaded {
  const easel_entry* entry = nullptr;
  std::string error;
};

// Every pointer that a host needs in the entry and its descriptor is there if this succeeds. Starts
// nothing. [main]
Loaded load(const std::string& path);

// The same checks for what create() returned: a sentence, or nothing if every function is there.
std::string missing_function(const easel_plugin* plugin);

}  // namespace easel
