// SPDX-License-Identifier: GPL-2.0-or-later
// All windows of one host. easel_qt.h is this class behind a C interface.
#pragma once

#include <QPointer>
#include <QWidget>
#include <map>

#include "easel_qt.h"
#include "form_window.h"
#include "progress_window.h"
#include "words.h"

namespace easel::qt {

class Ui {
 public:
  Ui(QWidget* parent, const easel_qt_listener& listener);
  ~Ui();
  Ui(const Ui&) = delete;
  Ui& operator=(const Ui&) = delete;

  void ask(uint64_t request, const char* title, const char* accept, const easel_field* fields, size_t count,
           const easel_qt_option* option);
  void dismiss(uint64_t request);
  void raise(uint64_t request);
  void progress(int64_t job, const char* text, double fraction);
  void finished(int64_t job, const char* notice);
  void tell(int32_t level, const char* title, const char* text);
  void show_file(const char* path);

 private:
  QPointer<QWidget> parent_;
  easel_qt_listener listener_;
  Words words_;
  // Qt may take the windows away together with the program's own.
  std::map<uint64_t, QPointer<FormWindow>> forms_;
  QPointer<ProgressWindow> progress_;
  std::vector<QPointer<QWidget>> messages_;
};

}  // namespace easel::qt
