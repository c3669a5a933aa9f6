// SPDX-License-Identifier: GPL-2.0-or-later
#include "progress_window.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>

namespace easel::qt {
namespace {
constexpr int kPatience = 300;     // milliseconds: what is over sooner needs no window
constexpr int kNoticeTime = 8000;  // milliseconds that a closing notice stays
constexpr int kWidth = 420;
}  // namespace

struct ProgressWindow::Line {
  QWidget* box;
  QLabel* text;
  QProgressBar* bar;
  QPushButton* button;
  bool over = false;

  ~Line() { delete box; }
};

ProgressWindow::ProgressWindow(QWidget* parent, const Words& words, std::function<void(int64_t)> cancelled)
    : QDialog(parent), words_(words), cancelled_(std::move(cancelled)), column_(new QVBoxLayout(this)) {
  setModal(false);
  setWindowFlag(Qt::WindowContextHelpButtonHint, false);
  setAttribute(Qt::WA_ShowWithoutActivating);
  setObjectName("inset-progress");
  setWindowTitle(words_("Progress.Title", "Generated Images"));
  column_->setSizeConstraint(QLayout::SetFixedSize);
}

ProgressWindow::~ProgressWindow() = default;

ProgressWindow::Line& ProgressWindow::line(int64_t job) {
  std::unique_ptr<Line>& line = lines_[job];
  if (line) return *line;
  line = std::make_unique<Line>();
  line->box = new QWidget(this);
  line->box->setFixedWidth(kWidth);
  auto* column = new QVBoxLayout(line->box);
  column->setContentsMargins(0, 0, 0, 0);
  line->text = new QLabel(line->box);
  line->text->setWordWrap(true);
  line->text->setTextFormat(Qt::PlainText);
  column->addWidget(line->text);
  auto* row = new QHBoxLayout;
  line->bar = new QProgressBar(line->box);
  line->bar->setTextVisible(false);
  row->addWidget(line->bar, 1);
  row->addStretch();
  line->button = new QPushButton(words_("Progress.Cancel", "Cancel"), line->box);
  line->button->setAutoDefault(false);
  row->addWidget(line->button);
  column->addLayout(row);
  connect(line->button, &QPushButton::clicked, this, [this, job] {
    const auto found = lines_.find(job);
    if (found == lines_.end()) return;
    if (found->second->over) {
      // Not from inside the button's own signal.
      QTimer::singleShot(0, this, [this, job] { remove(job); });
    } else {
      found->second->button->setEnabled(false);
      found->second->text->setText(words_("Progress.Cancelling", "Cancelling"));
      cancelled_(job);
    }
  });
  column_->addWidget(line->box);
  return *line;
}

void ProgressWindow::appear() {
  if (isVisible()) return;
  show();
  raise();
}

void ProgressWindow::progress(int64_t job, const QString& text, double fraction) {
  const bool fresh = lines_.find(job) == lines_.end();
  Line& line = this->line(job);
  if (line.over || !line.button->isEnabled()) return;
  line.text->setText(text);
  line.bar->setAccessibleName(text);
  if (fraction < 0) {
    line.bar->setRange(0, 0);
  } else {
    line.bar->setRange(0, 1000);
    line.bar->setValue(static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 1000));
  }
  if (fresh) {
    QTimer::singleShot(kPatience, this, [this] {
      if (!lines_.empty()) appear();
    });
  }
}

void ProgressWindow::finished(int64_t job, const QString& notice) {
  if (notice.isEmpty()) return remove(job);
  Line& line = this->line(job);
  line.over = true;
  line.text->setText(notice);
  line.bar->hide();
  line.button->setEnabled(true);
  line.button->setText(words_("Progress.Close", "Close"));
  appear();
  QTimer::singleShot(kNoticeTime, this, [this, job] { remove(job); });
}

void ProgressWindow::remove(int64_t job) {
  lines_.erase(job);
  if (lines_.empty()) hide();
}

void ProgressWindow::done(int) {
  hide();
  for (auto line = lines_.begin(); line != lines_.end();)
    line = line->second->over ? lines_.erase(line) : std::next(line);
}

}  // namespace easel::qt
