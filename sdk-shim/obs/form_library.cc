// SPDX-License-Identifier: GPL-2.0-or-later
#include "form_library.h"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <cstring>

namespace inset_obs {
namespace {

// 5 or 6: the Qt whose widgets are in this process; 0: none.
int loaded_qt() {
  int major = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* found) {
        for (const int candidate : {5, 6}) {
          const std::string name = "libQt" + std::to_string(candidate) + "Widgets.so";
          if (info->dlpi_name && std::strstr(info->dlpi_name, name.c_str())) *static_cast<int*>(found) = candidate;
        }
        return 0;
      },
      &major);
  return major;
}

}  // namespace

FormLibrary open_form_library(const std::string& folder) {
  const int major = loaded_qt();
  if (major == 0) return {nullptr, "no forms (this program has no Qt)"};
  const std::string qt = "Qt " + std::to_string(major);
  const std::string file = folder + "/inset-qt" + std::to_string(major) + ".so";
  if (access(file.c_str(), R_OK) != 0)
    return {nullptr, "no forms (OBS runs " + qt + ", and " + file + " is not there)"};
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char* why = dlerror();
    return {nullptr, "no forms (" + std::string(why ? why : file) + ")"};
  }
  const auto* table = static_cast<const easel_qt*>(dlsym(library, EASEL_QT_NAME));
  if (!table || table->version.major != EASEL_QT_VERSION)
    return {nullptr, "no forms (" + file + " is of another release)"};
  return {table, "forms by " + qt};
}

}  // namespace inset_obs
