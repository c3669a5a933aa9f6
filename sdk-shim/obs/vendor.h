// SPDX-License-Identifier: GPL-2.0-or-later
// Automation by obs-websocket: the vendor "inset". docs/obs.md lists requests and events. obs-websocket is found
// through libobs, needs neither its header nor its library, and may be absent.
//
// Requests come on threads of obs-websocket. None of them waits for the UI thread but "jobs", and that one not for
// long.
#pragma once

#include "obs_host.h"

namespace inset_obs {

class Vendor {
 public:
  // After all modules have been loaded. A line in the log says whether there is an obs-websocket.
  static void announce();
  // Ends the waiting of requests. Later requests are answered that OBS is closing. [UI]
  static void close();
  // Tells whoever listens. Numbers go as numbers. [UI]
  static void event(std::int64_t job, const std::string& kind, const Pairs& pairs);
};

}  // namespace inset_obs
