// SPDX-License-Identifier: GPL-2.0-or-later
#include "ui_thread.h"

#include <obs.h>

#include <atomic>
#include <deque>
#include <mutex>

#include "obs_host.h"

namespace inset_obs {
namespace {

std::mutex queue_mutex;
std::deque<UiTask> queue;
std::atomic<bool> nudged{false};

void on_ui_thread(void*) { ObsHost::run_ui_tasks(); }

}  // namespace

void post_to_ui(UiTask task) {
  {
    const std::lock_guard lock(queue_mutex);
    queue.push_back(std::move(task));
  }
  nudge_ui();
}

void nudge_ui() {
  // While one is on its way there is no need for another. On the UI thread there must be none at all from inside a call
  // of the plugin: the host looks at the mark when that call is over.
  const bool on_its_way = nudged.exchange(true);
  if (ObsHost::is_busy_here()) return;
  if (!on_its_way || ObsHost::is_ui_thread()) obs_queue_task(OBS_TASK_UI, on_ui_thread, nullptr, false);
}

UiTask next_ui_task() {
  const std::lock_guard lock(queue_mutex);
  if (queue.empty()) return {};
  UiTask task = std::move(queue.front());
  queue.pop_front();
  return task;
}

bool take_nudge() { return nudged.exchange(false); }

}  // namespace inset_obs
