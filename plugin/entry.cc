// SPDX-License-Identifier: GPL-2.0-or-later
// The one exported symbol, and the guard at the border: no exception leaves, and calls that break the contract's rules
// of threads are refused rather than carried out.
#include <exception>
#include <type_traits>

#include "plugin.h"

namespace inset {
namespace {

struct Instance {
  easel_plugin c{};
  std::unique_ptr<Plugin> plugin;
};

Instance* instance_of(easel_plugin* plugin) { return plugin ? static_cast<Instance*>(plugin->data) : nullptr; }

// Calls f(plugin) where that is allowed, else returns `refused`.
template <class T, class F>
T guarded(easel_plugin* plugin, T refused, F f) {
  Instance* instance = instance_of(plugin);
  if (!instance || !instance->plugin->may_be_called()) return refused;
  try {
    return f(*instance->plugin);
  } catch (...) {
    return refused;
  }
}

int64_t invoke(easel_plugin* plugin, const char* action, uint64_t target, const easel_pair* pairs, size_t count) {
  return guarded<int64_t>(plugin, EASEL_BUG, [&](Plugin& p) { return p.invoke(action, target, pairs, count); });
}

void answer(easel_plugin* plugin, uint64_t request, int32_t accepted, const easel_pair* pairs, size_t count) {
  guarded(plugin, 0, [&](Plugin& p) { return p.answer(request, accepted != 0, pairs, count), 0; });
}

void changed(easel_plugin* plugin, uint64_t request, const char* key, const char* value) {
  guarded(plugin, 0, [&](Plugin& p) { return p.changed(request, key, value), 0; });
}

void cancel(easel_plugin* plugin, int64_t job) {
  guarded(plugin, 0, [&](Plugin& p) { return p.cancel(job), 0; });
}

int64_t open(easel_plugin* plugin, const char* path) {
  return guarded<int64_t>(plugin, EASEL_BUG, [&](Plugin& p) { return p.open(path); });
}

uint32_t pump(easel_plugin* plugin) {
  // A host whose event loop spins inside one of our calls may come here again; it is told to come back.
  return guarded<uint32_t>(plugin, 1, [](Plugin& p) { return p.pump(); });
}

void destroy(easel_plugin* plugin) {
  Instance* instance = instance_of(plugin);
  // Against the rules from inside a call into the host: then a leak is better than a crash.
  if (instance && instance->plugin->may_be_called()) delete instance;
}

easel_plugin* create(const easel_host* host) {
  if (!host || host->version.major != EASEL_VERSION_MAJOR) return nullptr;
  try {
    auto instance = std::make_unique<Instance>();
    instance->plugin = Plugin::create(*host);
    if (!instance->plugin) return nullptr;
    instance->c = {instance.get(), invoke, answer, changed, cancel, open, pump, destroy};
    return &instance.release()->c;
  } catch (...) {
    return nullptr;
  }
}

}  // namespace
}  // namespace inset

extern "C" const easel_entry easel_entry_v1 = {
    {EASEL_VERSION_MAJOR, EASEL_VERSION_MINOR}, &inset::kDescriptor, inset::create};
