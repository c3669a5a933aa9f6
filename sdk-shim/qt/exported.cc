// SPDX-License-Identifier: GPL-2.0-or-later
// Draws the table of the static library into the library that is opened at run time: nothing else there asks for it.
#include "easel_qt.h"

namespace {
[[gnu::used]] const easel_qt* const table = &easel_qt_v1;
}
