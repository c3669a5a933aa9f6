/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * easel_qt.h: the windows of a host that is a Qt program, behind a C interface, so that the host's own module needs no
 * Qt.
 *
 * A host that links Qt itself links the static library. A module that must load whatever Qt the program has (OBS Studio
 * is built with Qt 5 here and Qt 6 there) opens inset-qt5.so or inset-qt6.so, the one whose Qt is in the process
 * already, and reads EASEL_QT_NAME from it.
 *
 * All functions are for the thread of the program's widgets. None of them waits for the person: windows are shown and
 * the listener hears of the rest later, from the event loop, never from inside one of these functions.
 */
#ifndef EASEL_QT_H
#define EASEL_QT_H

#include <easel/easel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who hears what the person did. `data` is handed back. */
typedef struct easel_qt_listener {
  void* data;
  /* As easel_plugin.answer and .changed. Pairs: every field that can be filled in, and the option, "yes" or "no". */
  void (*answered)(void* data, uint64_t request, int32_t accepted, const easel_pair* pairs, size_t count);
  void (*changed)(void* data, uint64_t request, const char* key, const char* value);
  /* The Cancel button beside a job's progress. */
  void (*cancelled)(void* data, int64_t job);
  /* The program's own word for a text of these windows ("Form.Cancel"), or null for the English one. May be null. */
  const char* (*text)(void* data, const char* key);
} easel_qt_listener;

/* A tick box of the host's own in a form, above the notes that end it. */
typedef struct easel_qt_option {
  const char* key;
  const char* label;
  const char* help; /* or null */
  int32_t checked;
} easel_qt_option;

typedef struct easel_qt_ui easel_qt_ui;

typedef struct easel_qt {
  easel_version version;
  const char* qt; /* the Qt it was built with, "5.15.8" */

  /* `parent` is the QWidget all windows belong to, or null. Shows nothing. Null if there is no QApplication. */
  easel_qt_ui* (*create)(void* parent, const easel_qt_listener* listener);
  /* Takes all windows away. The listener hears nothing more. */
  void (*destroy)(easel_qt_ui* ui);

  /* As easel_form. Without `option` none is shown. In a form that is open it is left as it was, and is part of the answer
   * even if it is not shown any more. */
  easel_status (*ask)(easel_qt_ui* ui, uint64_t request, const char* title, const char* accept,
                      const easel_field* fields, size_t count, const easel_qt_option* option);
  void (*dismiss)(easel_qt_ui* ui, uint64_t request);
  /* Brings an open form to the front. */
  void (*raise)(easel_qt_ui* ui, uint64_t request);

  /* Makes or updates the line of a job in the window of running jobs. A fraction below 0 is unknown. */
  void (*progress)(easel_qt_ui* ui, int64_t job, const char* text, double fraction);
  /* The job is over. With a notice, the line shows it for a while. */
  void (*finished)(easel_qt_ui* ui, int64_t job, const char* notice);

  /* A message with a Close button. `level` as in easel_host.log. */
  void (*tell)(easel_qt_ui* ui, int32_t level, const char* title, const char* text);

  /* Shows a file in the program that the person opens such files with. */
  void (*show_file)(easel_qt_ui* ui, const char* path);
} easel_qt;

#define EASEL_QT_NAME "easel_qt_v1"
#define EASEL_QT_VERSION 1
extern EASEL_EXPORT const easel_qt easel_qt_v1;

#ifdef __cplusplus
}
#endif

#endif /* EASEL_QT_H */
