// SPDX-License-Identifier: GPL-2.0-or-later
// The small window of running jobs: a line each with what is going on, how far it is, and a Cancel button; then, for a
// few seconds, how it ended. Never modal, never takes the focus.
#pragma once

#include <QDialog>
#include <functional>
#include <map>
#include <memory>

#include "words.h"

class QVBoxLayout;

namespace easel::qt {

class ProgressWindow : public QDialog {
 public:
  // `cancelled`: the person has pressed Cancel beside this job.
  ProgressWindow(QWidget* parent, const Words& words, std::function<void(int64_t job)> cancelled);
  ~ProgressWindow() override;

  void progress(int64_t job, const QString& text, double fraction);  // a fraction below 0 is unknown
  void finished(int64_t job, const QString& notice);                 // an empty notice: the line just goes

  // Closing hides it; the jobs go on.
  void done(int result) override;

 private:
  struct Line;

  Line& line(int64_t job);
  void remove(int64_t job);
  void appear();

  Words words_;
  std::function<void(int64_t)> cancelled_;
  QVBoxLayout* column_;
  std::map<int64_t, std::unique_ptr<Line>> lines_;
};

}  // namespace easel::qt
