// SPDX-License-Identifier: GPL-2.0-or-later
#include "headless/arguments.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "headless/text.h"

namespace easel {
namespace {

bool parse_seconds(std::string_view text, std::optional<std::chrono::milliseconds>* out) {
  double seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code != std::errc() || end != text.data() + text.size()) return false;
  if (!std::isfinite(seconds) || seconds <= 0 || seconds > 1e8) return false;
  *out = std::chrono::milliseconds(static_cast<int64_t>(std::ceil(seconds * 1000)));
  return true;
}

bool parse_pair(std::string_view word, Arguments* arguments, std::string* error) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    *error = "\"" + clean(word) + "\" is not a key=value";
    return false;
  }
  if (!valid_utf8(word)) {
    *error = "\"" + clean(word) + "\" is not UTF-8";
    return false;
  }
  std::string key(word.substr(0, equals));
  for (const auto& [earlier, value] : arguments->pairs) {
    if (earlier != key) continue;
    *error = "\"" + clean(key) + "\" is given twice";
    return false;
  }
  arguments->pairs.emplace_back(std::move(key), word.substr(equals + 1));
  return true;
}

// The plugin may outlive any idea of a current folder, so it gets a path that does not depend on
// one.
bool make_absolute(std::string* path, std::string* error) {
  if (!valid_utf8(*path)) {
    *error = "the name of the data folder is not UTF-8";
    return false;
  }
  std::error_code code;
  const std::filesystem::path absolute = std::filesystem::absolute(*path, code);
  if (code) {
    *error = "the current folder cannot be found: " + code.message();
    return false;
  }
  *path = absolute.string();
  return true;
}

}  // namespace

const char kHelpText[] =
    R"(easel: runs a picture plugin without a window; the canvas is a folder of PNG files.

  easel [--plugin FILE] actions [--json]
  easel [--plugin FILE] run ACTION [key=value ...] [--onto PNG] [--out DIR]
        [--data-dir DIR] [--timeout SECONDS] [--json] [--verbose]
  easel sign-in | sign-out | status        the same as "run sign-in" and so on

  actions            what the plugin can do, and the keys it takes
  run ACTION         does it, waits for the end, and puts pictures into DIR:
                     N.png, canvas.png (the last), canvas.json (what is known
                     about each of them) and the original file
  --plugin FILE      the plugin (default: ../lib/inset/inset.so or inset.so,
                     seen from this program's folder)
  --onto PNG         start from this picture; the new one goes to its top left
  --out DIR          the canvas's folder (default: the current one)
  --data-dir DIR     where the plugin keeps what it must not lose
  --timeout SECONDS  cancel then
  --json             one JSON object a line on standard output
  --verbose          the plugin's log, on standard error
  --help, --version

Exit status: 0 done · 1 this machine · 2 usage, or a parameter is missing or
wrong · 3 sign-in · 4 the service refused · 5 try again later · 6 may be paid
for and is not on the canvas (run "resume") · 7 the service sent something
unusable · 8 cancelled. In every case but 6 nothing was charged in vain.
)";

bool parse_arguments(int count, const char* const* words, Arguments* arguments, std::string* error) {
  enum class Expect { command, action, pair };
  Expect expect = Expect::command;
  bool help = false;
  bool version = false;

  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word.substr(0, 2) != "--" && word != "-h") {
      if (expect == Expect::pair) {
        if (!parse_pair(word, arguments, error)) return false;
      } else if (expect == Expect::action) {
        arguments->action = word;
        expect = Expect::pair;
      } else if (word == "run") {
        arguments->command = Arguments::Command::run;
        expect = Expect::action;
      } else if (word == "actions") {
        arguments->command = Arguments::Command::actions;
        expect = Expect::pair;
      } else if (word == "sign-in" || word == "sign-out" || word == "status") {
        arguments->command = Arguments::Command::run;
        arguments->action = word;
        expect = Expect::pair;
      } else {
        *error = "\"" + clean(word) +
                 "\" is no command; there are \"actions\", \"run\", \"sign-in\", \"sign-out\", \"status\"";
        return false;
      }
      continue;
    }

    const size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    bool* flag = name == "--json"                   ? &arguments->json
                 : name == "--verbose"              ? &arguments->verbose
                 : name == "--help" || name == "-h" ? &help
                 : name == "--version"              ? &version
                                                    : nullptr;
    if (flag != nullptr && equals == std::string_view::npos) {
      *flag = true;
      continue;
    }
    std::string seconds;
    std::string* text = name == "--plugin"     ? &arguments->plugin
                        : name == "--onto"     ? &arguments->onto
                        : name == "--out"      ? &arguments->out
                        : name == "--data-dir" ? &arguments->data_dir
                        : name == "--timeout"  ? &seconds
                                               : nullptr;
    if (text == nullptr) {
      *error = "\"" + clean(word) + "\" is no option of this program";
      return false;
    }
    if (equals != std::string_view::npos)
      *text = word.substr(equals + 1);
    else
      *text = ++i < count ? words[i] : "";
    if (text->empty()) {
      *error = std::string(name) + " needs a value";
      return false;
    }
    if (text == &seconds && !parse_seconds(seconds, &arguments->timeout)) {
      *error = "--timeout needs a number of seconds above 0";
      return false;
    }
  }

  if (help || version) {
    arguments->command = help ? Arguments::Command::help : Arguments::Command::version;
    return true;
  }
  if (expect == Expect::command) {
    *error = "what to do is not named; there are \"actions\" and \"run\"";
    return false;
  }
  if (expect == Expect::action) {
    *error = "\"run\" needs the name of an action; \"easel actions\" lists them";
    return false;
  }
  if (arguments->command == Arguments::Command::actions && !arguments->pairs.empty()) {
    *error = "\"actions\" takes no key=value";
    return false;
  }
  if (!valid_utf8(arguments->action)) {
    *error = "the name of the action is not UTF-8";
    return false;
  }
  return arguments->data_dir.empty() || make_absolute(&arguments->data_dir, error);
}

}  // namespace easel
