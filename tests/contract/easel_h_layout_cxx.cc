// SPDX-License-Identifier: GPL-2.0-or-later
// The same checks of easel.h as in C, in C++20.
#include "easel_h_layout.c"
