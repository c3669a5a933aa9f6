// SPDX-License-Identifier: GPL-2.0-or-later
// Opens a page in the person's browser.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "child.h"

namespace inset {

// Starts xdg-open, which goes on by itself. What is returned is to be kept for some seconds at least. Nothing tells
// whether a page was opened, so the address must be shown too. Does not wait.
std::unique_ptr<Child> open_in_browser(const std::string& address, const std::vector<std::string>& environment);

}  // namespace inset
