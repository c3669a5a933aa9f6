// SPDX-License-Identifier: GPL-2.0-or-later
#include "preferences.h"

#include <util/platform.h>
#include <obs.hpp>
#include <util/util.hpp>

#include "log.h"

namespace inset_obs {
namespace {
constexpr char kFile[] = "preferences.json";
}

Preferences read_preferences() {
  Preferences preferences;
  BPtr<char> path = obs_module_config_path(kFile);
  if (!path || !os_file_exists(path)) return preferences;
  const OBSDataAutoRelease data = obs_data_create_from_json_file_safe(path, "bak");
  if (!data) return preferences;
  obs_data_set_default_bool(data, "visible_at_once", preferences.visible_at_once);
  preferences.visible_at_once = obs_data_get_bool(data, "visible_at_once");
  const OBSDataAutoRelease last = obs_data_get_obj(data, "last_values");
  for (const char* key : kRememberedKeys) {
    if (const std::string value = obs_data_get_string(last, key); !value.empty()) preferences.last_values[key] = value;
  }
  return preferences;
}

void write_preferences(const Preferences& preferences) {
  BPtr<char> folder = obs_module_config_path("");
  BPtr<char> path = obs_module_config_path(kFile);
  if (!folder || !path) return;
  os_mkdirs(folder);
  const OBSDataAutoRelease data = obs_data_create();
  obs_data_set_bool(data, "visible_at_once", preferences.visible_at_once);
  const OBSDataAutoRelease last = obs_data_create();
  for (const auto& [key, value] : preferences.last_values) obs_data_set_string(last, key.c_str(), value.c_str());
  obs_data_set_obj(data, "last_values", last);
  if (!obs_data_save_json_safe(data, path, "tmp", "bak")) say(LOG_WARNING, "The preferences cannot be written.");
}

}  // namespace inset_obs
