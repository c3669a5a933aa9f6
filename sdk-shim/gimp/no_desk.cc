// SPDX-License-Identifier: GPL-2.0-or-later
// For a build without Qt.
#include "gimp/desk.h"

namespace easel::gimp {

std::unique_ptr<Desk> make_desk(Purpose) { return nullptr; }

}  // namespace easel::gimp
