// SPDX-License-Identifier: GPL-2.0-or-later
// Takes from the calling process, with all its threads, everything but computing, its two descriptors and memory.
#pragma once

namespace inset {

// False: some of it could not be done, and the process must not go on. Under a sanitizer, whose runtime needs more,
// only the harmless half is done.
bool lock_in();

}  // namespace inset
