// SPDX-License-Identifier: GPL-2.0-or-later
// Finds and opens the library that draws our windows. It must be made for the Qt that OBS runs on: a second Qt in a
// process ends it. So the Qt is looked for among what is loaded already, and only its library is opened.
#pragma once

#include <easel_qt.h>

#include <string>

namespace inset_obs {

struct FormLibrary {
  const easel_qt* table = nullptr;  // null: no windows
  std::string remark;               // for the log: what was opened, or why nothing was
};

// `folder` holds inset-qt5.so or inset-qt6.so, or both.
FormLibrary open_form_library(const std::string& folder);

}  // namespace inset_obs
