// SPDX-License-Identifier: GPL-2.0-or-later
// Where the service is, who calls it and where files go: from the environment, with sensible defaults.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "error.h"
#include "service.h"
#include "url.h"

namespace inset {

struct Settings {
  Url api;
  Url auth;
  Credentials credentials;  // may be incomplete
  std::string ca_file;
  std::filesystem::path data_dir;
};

// `get` reads an environment variable (null: not set). `data_dir` is the host's explicit choice, or empty; it beats
// INSET_DATA_DIR, which beats $XDG_DATA_HOME/inset. A wrong value fails with Cause::parameter_wrong and names the
// variable.
Result<Settings> read_settings(const std::function<const char*(const char*)>& get, const std::string& data_dir);

}  // namespace inset
