// SPDX-License-Identifier: GPL-2.0-or-later
// A sign-in in a file, for people who have no keyring and said that they want one: only its owner can read it, and it
// is not used if others could.
#pragma once

#include <filesystem>
#include <optional>

#include "error.h"
#include "secret.h"

namespace inset {

// Nothing if there is no file.
Result<std::optional<Secret>> read_sign_in_file(const std::filesystem::path& path);
// Durable, and as a whole or not at all.
Outcome write_sign_in_file(const std::filesystem::path& path, const Secret& text);
Outcome remove_sign_in_file(const std::filesystem::path& path);

}  // namespace inset
