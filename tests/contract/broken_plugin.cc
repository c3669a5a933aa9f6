// SPDX-License-Identifier: GPL-2.0-or-later
// Libraries that look like plugins and are none; EASEL_FAULT says in which way. What the loader and
// the headless host must refuse in words.
#include "easel/easel.h"

namespace {

[[maybe_unused]] easel_plugin* no_instance(const easel_host*) { return nullptr; }

[[maybe_unused]] easel_plugin* half_instance(const easel_host*) {
  static easel_plugin plugin{};
  plugin.pump = [](easel_plugin*) { return 0u; };
  return &plugin;
}

constexpr easel_action kAction = {"paint", "Paint", nullptr, nullptr, 0};
[[maybe_unused]] constexpr easel_descriptor kGood = {"broken", "Broken", "0", "Inset", &kAction, 1};
[[maybe_unused]] constexpr easel_descriptor kNameless = {nullptr, "Broken", "0", "Inset", &kAction, 1};

}  // namespace

#if EASEL_FAULT == 1  // a later contract that kept the name of the entry
extern "C" const easel_entry easel_entry_v1 = {{2, 0}, &kGood, no_instance};
#elif EASEL_FAULT == 2  // a later contract
extern "C" EASEL_EXPORT const easel_entry easel_entry_v2;
extern "C" const easel_entry easel_entry_v2 = {{2, 0}, &kGood, no_instance};
#elif EASEL_FAULT == 3  // no name
extern "C" const easel_entry easel_entry_v1 = {{1, 0}, &kNameless, no_instance};
#elif EASEL_FAULT == 4  // cannot be started
extern "C" const easel_entry easel_entry_v1 = {{1, 0}, &kGood, no_instance};
#elif EASEL_FAULT == 5  // lacks functions
extern "C" const easel_entry easel_entry_v1 = {{1, 0}, &kGood, half_instance};
#elif EASEL_FAULT == 6  // an ordinary library
extern "C" EASEL_EXPORT int an_ordinary_library;
int an_ordinary_library = 1;
#endif
