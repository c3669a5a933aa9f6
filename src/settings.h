// SPDX-License-Identifier: GPL-2.0-or-later
// Where the service is, who calls it, how the way to it goes, and where files go: from the environment, from one file,
// with sensible defaults. docs/settings.md explains every one of them.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "error.h"
#include "keyring.h"
#include "loopback.h"
#include "service.h"
#include "url.h"

namespace inset {

struct Settings {
  Url api;
  Url auth;
  Credentials credentials;  // may be incomplete
  std::string ca_file;
  std::string proxy;  // empty: as the environment says
  RedirectSettings redirect;
  std::chrono::seconds sign_in_limit{120};  // for the person to answer in the browser
  KeyringSettings keyring;
  std::filesystem::path data_dir;
  std::vector<std::string> environment;  // for programs that are started: "NAME=value"
};

// `get` reads an environment variable (null: not set). `data_dir` is the host's explicit choice, or empty; it beats
// INSET_DATA_DIR, which beats $XDG_DATA_HOME/inset. Every other setting: INSET_NAME beats the line "name = value" of
// $XDG_CONFIG_HOME/inset/settings.conf. A wrong value fails with Cause::parameter_wrong, and names the variable, or the
// file and its line, and what is allowed.
Result<Settings> read_settings(const std::function<const char*(const char*)>& get, const std::string& data_dir);

// What a program that is started gets of this environment: all but what a host's bundle put there for itself, which
// makes other programs crash, and but the secrets.
std::vector<std::string> environment_for_others(const char* const* environment);

}  // namespace inset
