// SPDX-License-Identifier: GPL-2.0-or-later
// The program `easel`: reads the command line, finds the plugin, and leaves the rest to
// HeadlessHost.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "headless/arguments.h"
#include "headless/canvas.h"
#include "headless/exit_code.h"
#include "headless/headless_host.h"
#include "headless/printer.h"
#include "headless/text.h"
#include "loader/loader.h"

namespace easel {
namespace {

// The plugin of an installation, or of a build, from the program's own place. The first is also
// what is named when none of them is there.
std::string find_plugin() {
  namespace fs = std::filesystem;
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  const fs::path folder = program.parent_path();
  const fs::path places[] = {(folder / "../lib/inset/inset.so").lexically_normal(), folder / "inset.so"};
  for (const fs::path& place : places)
    if (fs::exists(place, code)) return place.string();
  return places[0].string();
}

// A list of the names of things that have an `id` or a `key`.
template <class T>
std::string names(const T* things, size_t count, const char* T::*name) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ", ") + clean(things[i].*name);
  return out.empty() ? "none" : out;
}

// A sentence if the plugin's own description says that this cannot be run.
std::string not_offered(const easel_descriptor& plugin, const Arguments& arguments) {
  const easel_action* action = nullptr;
  for (size_t i = 0; i < plugin.action_count; ++i)
    if (arguments.action == plugin.actions[i].id) action = &plugin.actions[i];
  if (action == nullptr)
    return "there is no action \"" + arguments.action +
           "\"; there are: " + names(plugin.actions, plugin.action_count, &easel_action::id);
  for (const auto& [key, value] : arguments.pairs) {
    bool known = false;
    for (size_t i = 0; i < action->field_count; ++i) known = known || key == action->fields[i].key;
    if (!known)
      return arguments.action + " takes no \"" + key +
             "\"; it takes: " + names(action->fields, action->field_count, &easel_field::key);
  }
  return {};
}

int run(int count, char** words) {
  Arguments arguments;
  std::string error;
  const bool understood = parse_arguments(count, words, &arguments, &error);
  const auto printer = arguments.json ? make_json_printer() : make_people_printer();
  const auto fail = [&](ExitCode code, const std::string& text) {
    printer->complain(text);
    return code;
  };
  if (!understood) return fail(kUsage, error + " (easel --help)");

  if (arguments.command == Arguments::Command::help) {
    std::fputs(kHelpText, stdout);
    return kDone;
  }
  if (arguments.command == Arguments::Command::version) {
    std::printf("easel %s, contract %d.%d\n", EASEL_PROGRAM_VERSION, EASEL_VERSION_MAJOR, EASEL_VERSION_MINOR);
    return kDone;
  }

  const Loaded plugin = load(arguments.plugin.empty() ? find_plugin() : arguments.plugin);
  if (plugin.entry == nullptr) return fail(kThisMachine, plugin.error);
  const easel_descriptor& about = *plugin.entry->descriptor;

  if (arguments.command == Arguments::Command::actions) {
    printer->actions(about);
    return std::fflush(stdout) == 0 ? kDone : fail(kThisMachine, "standard output cannot be written");
  }

  // Everything that can be wrong on this side is found before the plugin starts: after that it may
  // cost money.
  Canvas canvas;
  if (const std::string why = not_offered(about, arguments); !why.empty()) return fail(kUsage, why);
  if (!arguments.onto.empty() && !canvas.read_base(arguments.onto, &error)) return fail(kUsage, error);
  if (!canvas.open(arguments.out, &error)) return fail(kThisMachine, error);
  return HeadlessHost(arguments, canvas, *printer).run(*plugin.entry);
}

}  // namespace
}  // namespace easel

int main(int count, char** words) {
  try {
    return easel::run(count, words);
  } catch (const std::exception& failure) {
    // Before the plugin was started, or for want of memory while it ran; nothing of the plugin
    // throws.
    std::fprintf(stderr, "easel: %s\n", failure.what());
    return easel::kThisMachine;
  }
}
