// SPDX-License-Identifier: GPL-2.0-or-later
// The few ways in which a container check refuses a file, and the rule for the size of a picture,
// in one place so that PNG and JPEG say the same thing in the same words.
//
// "Incomplete" is kept for a file whose bytes so far are good but which stops before its end:
// fetching it again will probably help. Everything that contradicts the format, or itself, is
// "damaged".
#pragma once

#include <cstdint>
#include <string>

#include "decode/decoder.h"
#include "error.h"

namespace inset {

Error damaged(std::string detail);
Error incomplete(std::string detail);
Error unsupported(std::string what, std::string detail = {});

// Refuses a picture that is larger than the limits. Zero sizes are the caller's matter.
Outcome check_size(std::uint32_t width, std::uint32_t height, const DecodeLimits& limits);

}  // namespace inset
