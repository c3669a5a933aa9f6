// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/loader.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace easel {
namespace {

Loaded refused(std::string error) { return {nullptr, std::move(error)}; }

std::string speaks() { return "this host speaks " + std::to_string(EASEL_VERSION_MAJOR); }

// The number N of an exported easel_entry_vN other than ours, or 0. Two digits are more versions
// than will ever be.
int other_version(void* library) {
  for (int major = 1; major < 100; ++major) {
    const std::string name = "easel_entry_v" + std::to_string(major);
    if (dlsym(library, name.c_str()) != nullptr) return major;
  }
  return 0;
}

// What is absent in a descriptor that every host reads, or null.
const char* missing_in(const easel_entry& entry) {
  if (entry.create == nullptr) return "it has no create()";
  const easel_descriptor* about = entry.descriptor;
  if (about == nullptr) return "it has no descriptor";
  if (about->id == nullptr || *about->id == '\0') return "its descriptor has no id";
  if (about->name == nullptr) return "its descriptor has no name";
  if (about->release == nullptr) return "its descriptor has no release";
  if (about->action_count > 0 && about->actions == nullptr) return "its list of actions is absent";
  for (size_t i = 0; i < about->action_count; ++i) {
    const easel_action& action = about->actions[i];
    if (action.id == nullptr || action.label == nullptr) return "an action has no id or no label";
    if (action.field_count > 0 && action.fields == nullptr) return "an action's fields are absent";
    for (size_t k = 0; k < action.field_count; ++k)
      if (action.fields[k].key == nullptr) return "a field of an action has no key";
  }
  return nullptr;
}

}  // namespace

Loaded load(const std::string& path) {
  if (path.empty()) return refused("no plugin was named");

  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) {
    const int code = errno;
    return refused(path + " cannot be opened: " + std::strerror(code));
  }
  if (!S_ISREG(facts.st_mode)) return refused(path + " is not a plugin: it is not a file");

  // A name without a slash would be looked for in the system's library folders.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  // RTLD_NOW: what is missing shows here, not in the middle of a job.
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* why = dlerror();
    return refused(path + " is not a plugin: " + (why != nullptr ? why : "it cannot be loaded"));
  }

  const auto* entry = static_cast<const easel_entry*>(dlsym(library, EASEL_ENTRY_NAME));
  if (entry == nullptr) {
    const int other = other_version(library);
    if (other == 0) return refused(path + " is not a plugin: it does not export " EASEL_ENTRY_NAME);
    return refused(path + " is made for contract " + std::to_string(other) + ", " + speaks());
  }
  if (entry->version.major != EASEL_VERSION_MAJOR)
    return refused(path + " is made for contract " + std::to_string(entry->version.major) + ", " + speaks());
  if (const char* missing = missing_in(*entry)) return refused(path + " is a broken plugin: " + missing);
  return {entry, {}};
}

std::string missing_function(const easel_plugin* plugin) {
  if (plugin == nullptr) return "it could not be started";
  const char* name = plugin->invoke == nullptr    ? "invoke"
                     : plugin->answer == nullptr  ? "answer"
                     : plugin->changed == nullptr ? "changed"
                     : plugin->cancel == nullptr  ? "cancel"
                     : plugin->open == nullptr    ? "open"
                     : plugin->pump == nullptr    ? "pump"
                     : plugin->destroy == nullptr ? "destroy"
                                                  : nullptr;
  return name == nullptr ? std::string() : std::string("it has no ") + name + "()";
}

}  // namespace easel
