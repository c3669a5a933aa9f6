// SPDX-License-Identifier: GPL-2.0-or-later
// Lets `new` of this program fail. Linked in place of the C++ library's own.
#pragma once

#include <atomic>

namespace inset::test {

// While true, no thread but those that are spared finds memory.
extern std::atomic<bool> memory_is_short;
extern thread_local bool is_spared;

// The n-th request of this thread from now on fails, once; 0: none.
extern thread_local int failing_request;

}  // namespace inset::test
