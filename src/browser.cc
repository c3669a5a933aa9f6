// SPDX-License-Identifier: GPL-2.0-or-later
#include "browser.h"

namespace inset {

std::unique_ptr<Child> open_in_browser(const std::string& address, const std::vector<std::string>& environment) {
  auto shell = std::make_unique<Child>();
  // The shell ends at once and leaves xdg-open to init: that one may run for as long as the browser does. It prints the
  // whole address when it fails, which belongs into nobody's log.
  shell->start({.words = {"/bin/sh", "-c", "xdg-open \"$1\" </dev/null >/dev/null 2>&1 &", "sh", address},
                .environment = environment,
                .descriptors = {}});
  return shell;
}

}  // namespace inset
