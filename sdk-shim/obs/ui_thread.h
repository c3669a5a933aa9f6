// SPDX-License-Identifier: GPL-2.0-or-later
// The way to OBS' UI thread from any other: tasks in a queue, and a nudge that never waits. Waiting for the UI thread
// would be a dead-lock as soon as the UI thread waits for us, and OBS does so when it ends.
//
// OBS runs a task at once if it is posted on the UI thread itself. That must not happen inside a call of the plugin
// into us, so the queue is drained by ObsHost, which knows when it may.
#pragma once

#include <functional>

namespace inset_obs {

class ObsHost;

// Gets the host, or null when it is gone (OBS is closing) or was never made.
using UiTask = std::function<void(ObsHost*)>;

// [any]
void post_to_ui(UiTask task);

// Something may have to be pumped. Several calls count as one. [any]
void nudge_ui();

// For ObsHost alone, on the UI thread: the oldest task, or an empty one; and whether a nudge has come since the last
// time.
UiTask next_ui_task();
bool take_nudge();

}  // namespace inset_obs
