// SPDX-License-Identifier: GPL-2.0-or-later
// The module as OBS sees it: what it is called, when it begins, where it is in the menu, and when it ends.
//
// It ends with the frontend's EXIT event, while OBS is still whole. Unloading is only the net under that: for hosts
// without a frontend, and because OBS forbids calls to its frontend by then.
#include <dlfcn.h>
#include <obs-frontend-api.h>
#include <obs-module.h>

#include "log.h"
#include "obs_host.h"
#include "picture_source.h"
#include "vendor.h"

OBS_DECLARE_MODULE()
OBS_MODULE_USE_DEFAULT_LOCALE("inset-obs", "en-US")
OBS_MODULE_AUTHOR("The Inset authors")

MODULE_EXPORT const char* obs_module_name(void) { return "Inset"; }
MODULE_EXPORT const char* obs_module_description(void) { return obs_module_text("Module.Description"); }

namespace {

using namespace inset_obs;

// What of all that the plugin can do is for the person, in the order of the menu.
constexpr const char* kNeedsNoForms = "resume";
constexpr const char* kMenu[] = {"insert", kNeedsNoForms, "sign-in", "sign-out", "status"};

// The folder that this library was loaded from.
std::string own_folder() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<const void*>(&own_folder), &info) || !info.dli_fname) return ".";
  const std::string path = info.dli_fname;
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void on_event(obs_frontend_event event, void*) {
  if (event == OBS_FRONTEND_EVENT_FINISHED_LOADING) {
    // The first look: what an earlier run has left is finished from here on.
    if (ObsHost* host = ObsHost::current()) host->attend();
  } else if (event == OBS_FRONTEND_EVENT_EXIT) {
    obs_frontend_remove_event_callback(on_event, nullptr);
    ObsHost::stop();
    say(LOG_INFO, "ended");
  }
}

}  // namespace

bool obs_module_load(void) {
  if (register_picture_source()) return true;
  say(LOG_ERROR, "OBS has refused the source type. Is this module made for a newer OBS?");
  return false;
}

void obs_module_post_load(void) {
  if (const std::string why = ObsHost::start(own_folder()); !why.empty()) {
    say(LOG_ERROR, "not available: " + why);
    return;
  }
  Vendor::announce();
  if (!obs_frontend_get_main_window()) return;
  obs_frontend_add_event_callback(on_event, nullptr);
  for (const char* action : kMenu) {
    const char* label = ObsHost::current()->label_of(action);
    // In an OBS of the other Qt there is nothing that could ask or tell; the log says so.
    if (!label || (!ObsHost::current()->has_forms() && action != kNeedsNoForms)) continue;
    obs_frontend_add_tools_menu_item(
        label,
        [](void* chosen) {
          if (ObsHost* host = ObsHost::current()) host->at_click(static_cast<const char*>(chosen));
        },
        const_cast<char*>(action));
  }
}

void obs_module_unload(void) { ObsHost::stop(); }
