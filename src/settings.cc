// SPDX-License-Identifier: GPL-2.0-or-later
#include "settings.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>

#include "text.h"

namespace inset {
namespace {

namespace fs = std::filesystem;

constexpr const char* kApi = "https://api.gettyimages.com";
constexpr const char* kAuth = "https://authentication.gettyimages.com";

// In the file in small letters, in the environment as INSET_ and capitals.
constexpr std::array kNames = {"api_url",         "auth_url",      "api_key",         "ca_file",
                               "proxy",           "redirect_host", "redirect_port",   "redirect_path",
                               "sign_in_seconds", "keyring",       "keyring_seconds", "data_dir"};

Error wrong(const std::string& where, const std::string& rule) {
  return make_error(Stage::signing_in, Cause::parameter_wrong, where + " " + rule + ".");
}

// A value, and what to call it in a message.
struct Setting {
  std::string value;
  std::string where;
  explicit operator bool() const { return !value.empty(); }
};

using File = std::map<std::string, Setting>;

Result<File> read_file(const fs::path& path) {
  File settings;
  std::error_code code;
  if (!fs::exists(path, code)) return settings;
  errno = 0;
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf() || fs::file_size(path, code) == 0)) {
    return wrong("The settings file " + path.string(), "cannot be read: " + std::generic_category().message(errno));
  }
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    const std::string where = path.string() + ", line " + std::to_string(++number) + ":";
    const std::string_view words = trim(line);
    if (words.empty() || words.front() == '#') continue;
    const std::size_t equals = words.find('=');
    const std::string name(trim(words.substr(0, equals)));
    if (equals == std::string_view::npos) return wrong(where, "a line is \"name = value\", or begins with #");
    if (name == "client_secret") {
      return wrong(where, "a client secret does not belong into this file; use INSET_CLIENT_SECRET, or sign in");
    }
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      std::string all;
      for (const char* known : kNames) all += (all.empty() ? "" : ", ") + std::string(known);
      return wrong(where, "\"" + plain_text(name, 40) + "\" is no setting; there are " + all);
    }
    const bool is_new =
        settings.emplace(name, Setting{std::string(trim(words.substr(equals + 1))), where + " " + name}).second;
    if (!is_new) return wrong(where, name + " is given twice");
  }
  return settings;
}

std::string variable(const std::string& name) {
  std::string text = "INSET_" + name;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return 'a' <= c && c <= 'z' ? char(c - 32) : c; });
  return text;
}

std::optional<int> number_in(const std::string& text, int least, int most) {
  int value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || value < least || value > most) return {};
  return value;
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

class Reader {
 public:
  using Get = std::function<const char*(const char*)>;
  Reader(const Get& get, File file) : get_(get), file_(std::move(file)) {}

  std::string environment(const char* name) const {
    const char* text = get_(name);
    return text ? text : "";
  }

  // The variable, else the line of the file; empty if there is neither.
  Setting find(const std::string& name) const {
    const std::string its_variable = variable(name);
    if (std::string value = environment(its_variable.c_str()); !value.empty()) return {std::move(value), its_variable};
    const auto found = file_.find(name);
    return found == file_.end() ? Setting{} : found->second;
  }

  // Empty: well, or not set.
  std::optional<Error> service_url(const char* name, const char* fallback, Url& url) const {
    const Setting setting = find(name);
    const auto parsed = parse_url(setting ? setting.value : fallback);
    if (!parsed || !is_service_url(*parsed))
      return wrong(setting.where, "must be an https address without user or query");
    url = *parsed;
    return {};
  }

  template <class Number>
  std::optional<Error> number(const char* name, int least, int most, Number& into) const {
    const Setting setting = find(name);
    if (!setting) return {};
    const auto value = number_in(setting.value, least, most);
    if (!value)
      return wrong(setting.where, "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
    into = Number(*value);
    return {};
  }

 private:
  const Get& get_;
  File file_;
};

std::optional<Error> read_way(const Reader& read, Settings& settings) {
  if (auto fault = read.service_url("api_url", kApi, settings.api)) return fault;
  if (auto fault = read.service_url("auth_url", kAuth, settings.auth)) return fault;

  const Setting ca_file = read.find("ca_file");
  if (ca_file && !fs::path(ca_file.value).is_absolute()) return wrong(ca_file.where, "must be an absolute path");
  settings.ca_file = ca_file.value;

  if (const Setting proxy = read.find("proxy")) {
    const auto url = parse_url(proxy.value);
    if (!url || (url->scheme != "http" && url->scheme != "https") || url->has_user) {
      return wrong(proxy.where, "must be http://HOST:PORT or https://HOST:PORT, without user and password");
    }
    settings.proxy = url->text;
  }
  return {};
}

std::optional<Error> read_sign_in(const Reader& read, Settings& settings) {
  // Both go into header lines or forms; a stray line end from a copied key is the commonest mistake.
  const Setting key = read.find("api_key");
  settings.credentials.api_key = std::string(trim(key.value));
  settings.credentials.client_secret = Secret(trim(read.environment("INSET_CLIENT_SECRET")));
  if (!printable(settings.credentials.api_key)) return wrong(key.where, "must be printable ASCII without blanks");

  if (const Setting host = read.find("redirect_host")) {
    if (host.value != "127.0.0.1" && host.value != "localhost" && host.value != "[::1]") {
      return wrong(host.where, "must be 127.0.0.1, localhost or [::1]");
    }
    settings.redirect.host = host.value;
  }
  if (const Setting path = read.find("redirect_path")) {
    if (path.value.front() != '/' || !printable(path.value) || path.value.find_first_of("?#%") != std::string::npos) {
      return wrong(path.where, "must begin with / and have no blanks, ?, # or %");
    }
    settings.redirect.path = path.value;
  }
  if (auto fault = read.number("redirect_port", 0, 65535, settings.redirect.port)) return fault;
  if (auto fault = read.number("sign_in_seconds", 1, 600, settings.sign_in_limit)) return fault;

  std::chrono::seconds patience(2);
  if (auto fault = read.number("keyring_seconds", 1, 60, patience)) return fault;
  settings.keyring.patience = patience;
  if (const Setting keyring = read.find("keyring")) {
    if (keyring.value != "yes" && keyring.value != "no") return wrong(keyring.where, "must be yes or no");
    settings.keyring.wanted = keyring.value == "yes";
  }
  return {};
}

}  // namespace

Result<Settings> read_settings(const std::function<const char*(const char*)>& get, const std::string& data_dir) {
  const auto text_of = [&](const char* name) {
    const char* text = get(name);
    return std::string(text ? text : "");
  };
  const std::string home = text_of("HOME");
  const auto folder = [&](const char* name, const char* in_home) {
    const fs::path chosen = text_of(name);
    if (chosen.is_absolute()) return chosen;
    return fs::path(home).is_absolute() ? fs::path(home) / in_home : fs::path();
  };

  const fs::path config = folder("XDG_CONFIG_HOME", ".config");
  auto file = config.empty() ? Result<File>(File()) : read_file(config / "inset/settings.conf");
  if (!file) return file.error();
  const Reader read(get, std::move(*file));

  Settings settings;
  if (auto fault = read_way(read, settings)) return *fault;
  if (auto fault = read_sign_in(read, settings)) return *fault;

  const fs::path usual = folder("XDG_DATA_HOME", ".local/share");
  if (!data_dir.empty()) {
    settings.data_dir = data_dir;
  } else if (const Setting chosen = read.find("data_dir")) {
    settings.data_dir = chosen.value;
    if (!settings.data_dir.is_absolute()) return wrong(chosen.where, "must be an absolute path");
  } else if (!usual.empty()) {
    settings.data_dir = usual / "inset";
  }
  settings.data_dir = settings.data_dir.lexically_normal();
  if (!settings.data_dir.is_absolute()) {
    return make_error(Stage::requesting, Cause::data_folder,
                      settings.data_dir.empty() ? "There is no home folder to keep the record of purchases in."
                                                : "The data folder must be an absolute path.");
  }
  return settings;
}

std::vector<std::string> environment_for_others(const char* const* environment) {
  constexpr std::array bundled = {"LD_",
                                  "INSET_",
                                  "QT_PLUGIN_PATH",
                                  "QT_QPA_PLATFORM_PLUGIN_PATH",
                                  "QML2_IMPORT_PATH",
                                  "GTK_PATH",
                                  "GTK_EXE_PREFIX",
                                  "GTK_DATA_PREFIX",
                                  "GIO_MODULE_DIR",
                                  "GIO_EXTRA_MODULES",
                                  "GDK_PIXBUF_MODULE",
                                  "GSETTINGS_SCHEMA_DIR",
                                  "PYTHONHOME",
                                  "PYTHONPATH",
                                  "GEGL_PATH"};
  std::vector<std::string> kept;
  for (; environment && *environment; ++environment) {
    const std::string_view pair = *environment;
    const auto begins = [&](const char* start) { return pair.starts_with(start); };
    if (std::none_of(bundled.begin(), bundled.end(), begins)) kept.emplace_back(pair);
  }
  return kept;
}

}  // namespace inset
