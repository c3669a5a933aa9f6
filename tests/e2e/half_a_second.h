// SPDX-License-Identifier: GPL-2.0-or-later
// How a cancel is timed.
#pragma once

#include <chrono>

namespace e2e {

// The promise is half a second, and the program's own end comes on top. A computer that is busy with other tests may
// miss it once; one that always misses it, or ever takes as long as a time-out of the network, shows a fault of the
// program.
inline constexpr std::chrono::milliseconds kPromise{600};
inline constexpr std::chrono::seconds kNever{4};
inline constexpr int kTries = 4;

}  // namespace e2e
