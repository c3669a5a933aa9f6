// SPDX-License-Identifier: GPL-2.0-or-later
#include "ui.h"

#include <QApplication>
#include <QDesktopServices>
#include <QFileInfo>
#include <QMessageBox>
#include <QUrl>

namespace easel::qt {

Ui::Ui(QWidget* parent, const easel_qt_listener& listener) : parent_(parent), listener_(listener), words_(listener) {}

Ui::~Ui() {
  for (const auto& [request, form] : forms_) {
    if (form) form->take_away();
  }
  for (const auto& message : messages_) delete message.data();
  delete progress_.data();
}

void Ui::ask(uint64_t request, const char* title, const char* accept, const easel_field* fields, size_t count,
             const easel_qt_option* option) {
  QPointer<FormWindow>& form = forms_[request];
  if (!form) form = new FormWindow(parent_, request, listener_);
  form->show_fields(title, accept, fields, count, option);
}

void Ui::dismiss(uint64_t request) {
  const auto found = forms_.find(request);
  if (found == forms_.end()) return;
  if (found->second) found->second->take_away();
  forms_.erase(found);
}

void Ui::raise(uint64_t request) {
  const auto found = forms_.find(request);
  if (found == forms_.end() || !found->second) return;
  found->second->show();
  found->second->raise();
  found->second->activateWindow();
}

void Ui::progress(int64_t job, const char* text, double fraction) {
  if (!progress_) {
    progress_ =
        new ProgressWindow(parent_, words_, [this](int64_t which) { listener_.cancelled(listener_.data, which); });
  }
  progress_->progress(job, QString::fromUtf8(text), fraction);
}

void Ui::finished(int64_t job, const char* notice) {
  if (!progress_ && notice) progress(job, notice, -1);
  if (progress_) progress_->finished(job, QString::fromUtf8(notice));
}

void Ui::tell(int32_t level, const char* title, const char* text) {
  const auto icon = level >= EASEL_ERROR     ? QMessageBox::Critical
                    : level == EASEL_WARNING ? QMessageBox::Warning
                                             : QMessageBox::Information;
  auto* box = new QMessageBox(icon, QString::fromUtf8(title), QString::fromUtf8(text), QMessageBox::NoButton, parent_);
  box->setTextFormat(Qt::PlainText);
  box->addButton(words_("Message.Close", "Close"), QMessageBox::AcceptRole);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setModal(false);
  box->setObjectName("inset-message");
  box->setAccessibleName(QString::fromUtf8(title));
  std::erase_if(messages_, [](const auto& message) { return !message; });
  messages_.emplace_back(box);
  box->show();
}

void Ui::show_file(const char* path) { QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromUtf8(path))); }

}  // namespace easel::qt

// ---- the C interface ----

namespace {

using easel::qt::Ui;

Ui& of(easel_qt_ui* ui) { return *reinterpret_cast<Ui*>(ui); }

// Nothing of this throws but for want of memory, and then Qt has ended the program already; the guard is the
// contract's.
template <class F>
void guarded(F f) {
  try {
    f();
  } catch (...) {
  }
}

easel_qt_ui* create(void* parent, const easel_qt_listener* listener) {
  if (!listener || !listener->answered || !listener->changed || !listener->cancelled) return nullptr;
  if (!qobject_cast<QApplication*>(QCoreApplication::instance())) return nullptr;
  return reinterpret_cast<easel_qt_ui*>(new Ui(static_cast<QWidget*>(parent), *listener));
}

void destroy(easel_qt_ui* ui) {
  guarded([&] { delete &of(ui); });
}

easel_status ask(easel_qt_ui* ui, uint64_t request, const char* title, const char* accept, const easel_field* fields,
                 size_t count, const easel_qt_option* option) {
  try {
    of(ui).ask(request, title, accept, fields, count, option);
    return EASEL_OK;
  } catch (...) {
    return EASEL_FAILED;
  }
}

void dismiss(easel_qt_ui* ui, uint64_t request) {
  guarded([&] { of(ui).dismiss(request); });
}

void raise_form(easel_qt_ui* ui, uint64_t request) {
  guarded([&] { of(ui).raise(request); });
}

void progress(easel_qt_ui* ui, int64_t job, const char* text, double fraction) {
  guarded([&] { of(ui).progress(job, text, fraction); });
}

void finished(easel_qt_ui* ui, int64_t job, const char* notice) {
  guarded([&] { of(ui).finished(job, notice); });
}

void tell(easel_qt_ui* ui, int32_t level, const char* title, const char* text) {
  guarded([&] { of(ui).tell(level, title, text); });
}

void show_file(easel_qt_ui* ui, const char* path) {
  guarded([&] { of(ui).show_file(path); });
}

}  // namespace

extern "C" const easel_qt easel_qt_v1 = {{EASEL_QT_VERSION, 0},
                                         QT_VERSION_STR,
                                         create,
                                         destroy,
                                         ask,
                                         dismiss,
                                         raise_form,
                                         progress,
                                         finished,
                                         tell,
                                         show_file};
