/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * easel.h compiles as C11 with nothing before it, and every struct lies in memory as it was released. Compiled a second
 * time as C++20, by easel_h_layout_cxx.cc. There is nothing to run.
 *
 * If a line here has to change, hosts and plugins that are already out no longer understand each other. */
#include "easel/easel.h"

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) _Static_assert(condition, #condition)
#endif

#if defined(__LP64__)

#define AT(type, member, offset) HOLDS(offsetof(type, member) == (offset))
#define SIZE(type, size) HOLDS(sizeof(type) == (size))

SIZE(easel_status, 4);

SIZE(easel_version, 4);
AT(easel_version, major, 0);
AT(easel_version, minor, 2);

SIZE(easel_pair, 16);
AT(easel_pair, key, 0);
AT(easel_pair, value, 8);

SIZE(easel_image, 48);
AT(easel_image, width, 0);
AT(easel_image, height, 4);
AT(easel_image, stride, 8);
AT(easel_image, format, 16);
AT(easel_image, pixels, 24);
AT(easel_image, release, 32);
AT(easel_image, release_data, 40);

SIZE(easel_asset, 40);
AT(easel_asset, name, 0);
AT(easel_asset, path, 8);
AT(easel_asset, mime, 16);
AT(easel_asset, facts, 24);
AT(easel_asset, fact_count, 32);

SIZE(easel_choice, 24);
AT(easel_choice, value, 0);
AT(easel_choice, label, 8);
AT(easel_choice, thumbnail, 16);

SIZE(easel_field, 56);
AT(easel_field, key, 0);
AT(easel_field, label, 8);
AT(easel_field, help, 16);
AT(easel_field, initial, 24);
AT(easel_field, choices, 32);
AT(easel_field, choice_count, 40);
AT(easel_field, kind, 48);
AT(easel_field, flags, 52);

SIZE(easel_action, 40);
AT(easel_action, id, 0);
AT(easel_action, label, 8);
AT(easel_action, hint, 16);
AT(easel_action, fields, 24);
AT(easel_action, field_count, 32);

SIZE(easel_descriptor, 48);
AT(easel_descriptor, id, 0);
AT(easel_descriptor, name, 8);
AT(easel_descriptor, release, 16);
AT(easel_descriptor, vendor, 24);
AT(easel_descriptor, actions, 32);
AT(easel_descriptor, action_count, 40);

SIZE(easel_host, 64);
AT(easel_host, version, 0);
AT(easel_host, name, 8);
AT(easel_host, release, 16);
AT(easel_host, data_dir, 24);
AT(easel_host, data, 32);
AT(easel_host, get, 40);
AT(easel_host, wake, 48);
AT(easel_host, log, 56);

SIZE(easel_canvas, 16);
AT(easel_canvas, place, 0);
AT(easel_canvas, opened, 8);

SIZE(easel_report, 8);
AT(easel_report, event, 0);

SIZE(easel_form, 16);
AT(easel_form, ask, 0);
AT(easel_form, dismiss, 8);

SIZE(easel_plugin, 64);
AT(easel_plugin, data, 0);
AT(easel_plugin, invoke, 8);
AT(easel_plugin, answer, 16);
AT(easel_plugin, changed, 24);
AT(easel_plugin, cancel, 32);
AT(easel_plugin, open, 40);
AT(easel_plugin, pump, 48);
AT(easel_plugin, destroy, 56);

SIZE(easel_entry, 24);
AT(easel_entry, version, 0);
AT(easel_entry, descriptor, 8);
AT(easel_entry, create, 16);

#endif

HOLDS(EASEL_OK == 0 && EASEL_UNSUPPORTED == -1 && EASEL_INVALID == -2 && EASEL_GONE == -3);
HOLDS(EASEL_FAILED == -4 && EASEL_BUG == -5 && EASEL_RGBA8 == 1);
HOLDS(EASEL_TEXT == 1 && EASEL_SECRET == 2 && EASEL_INTEGER == 3 && EASEL_CHOICE == 4 && EASEL_NOTE == 5);
HOLDS(EASEL_REQUIRED == 1 && EASEL_WATCHED == 2 && EASEL_DISABLED == 4 && EASEL_MULTILINE == 8);
HOLDS(EASEL_DEBUG == 0 && EASEL_INFO == 1 && EASEL_WARNING == 2 && EASEL_ERROR == 3);
HOLDS(EASEL_VERSION_MAJOR == 1);
