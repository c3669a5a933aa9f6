// SPDX-License-Identifier: GPL-2.0-or-later
#include "settings.h"

#include <algorithm>

#include "text.h"

namespace inset {
namespace {

constexpr const char* kApi = "https://api.gettyimages.com";
constexpr const char* kAuth = "https://authentication.gettyimages.com";

Error wrong(const char* name, const std::string& rule) {
  return make_error(Stage::signing_in, Cause::parameter_wrong, std::string(name) + " " + rule + ".");
}

}  // namespace

Result<Settings> read_settings(const std::function<const char*(const char*)>& get, const std::string& data_dir) {
  const auto value = [&](const char* name) {
    const char* text = get(name);
    return std::string(text ? text : "");
  };
  const auto or_else = [](std::string text, const char* fallback) { return text.empty() ? fallback : text; };
  Settings settings;

  for (const auto& [name, fallback, url] :
       {std::tuple("INSET_API_URL", kApi, &settings.api), std::tuple("INSET_AUTH_URL", kAuth, &settings.auth)}) {
    const auto parsed = parse_url(or_else(value(name), fallback));
    if (!parsed || !is_service_url(*parsed)) return wrong(name, "must be an https address without user or query");
    *url = *parsed;
  }

  // Both go into header lines or forms; a stray line end from a copied key is the commonest mistake.
  settings.credentials.api_key = std::string(trim(value("INSET_API_KEY")));
  settings.credentials.client_secret = Secret(trim(value("INSET_CLIENT_SECRET")));
  const auto printable = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  };
  if (!printable(settings.credentials.api_key)) return wrong("INSET_API_KEY", "must be printable ASCII without blanks");

  settings.ca_file = value("INSET_CA_FILE");
  if (!settings.ca_file.empty() && !std::filesystem::path(settings.ca_file).is_absolute()) {
    return wrong("INSET_CA_FILE", "must be an absolute path");
  }

  const std::string home = value("HOME");
  const std::string xdg = value("XDG_DATA_HOME");
  if (!data_dir.empty()) {
    settings.data_dir = data_dir;
  } else if (const std::string chosen = value("INSET_DATA_DIR"); !chosen.empty()) {
    settings.data_dir = chosen;
  } else if (std::filesystem::path(xdg).is_absolute()) {
    settings.data_dir = std::filesystem::path(xdg) / "inset";
  } else if (std::filesystem::path(home).is_absolute()) {
    settings.data_dir = std::filesystem::path(home) / ".local/share/inset";
  }
  settings.data_dir = settings.data_dir.lexically_normal();
  if (!settings.data_dir.is_absolute()) {
    return make_error(Stage::requesting, Cause::data_folder,
                      settings.data_dir.empty() ? "There is no home folder to keep the record of purchases in."
                                                : "The data folder must be an absolute path.");
  }
  return settings;
}

}  // namespace inset
