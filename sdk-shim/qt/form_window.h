// SPDX-License-Identifier: GPL-2.0-or-later
// A question of the plugin as a window: a row for each field, one button that accepts and one that does not.
//
//   - It never blocks, and never answers from inside show_fields().
//   - New fields for the open window keep what was typed, and the focus, for every key that stays.
//   - A watched field is reported 300 ms after the last edit.
//   - Everything can be done by keyboard, and every widget has an accessible name.
#pragma once

#include <QDialog>
#include <memory>
#include <vector>

#include "easel_qt.h"
#include "field_editor.h"
#include "words.h"

class QCheckBox;
class QFormLayout;
class QLabel;
class QPushButton;
class QScrollArea;
class QTimer;

namespace easel::qt {

class FormWindow : public QDialog {
 public:
  FormWindow(QWidget* parent, uint64_t request, const easel_qt_listener& listener);
  ~FormWindow() override;

  void show_fields(const char* title, const char* accept, const easel_field* fields, size_t count,
                   const easel_qt_option* option);

  // Closes without an answer.
  void take_away();

  void done(int result) override;

 private:
  struct Row;

  Row* find(const QString& key) const;
  std::unique_ptr<Row> make_row(const easel_field& field, Row* old);
  void place_rows(QCheckBox* option);
  void fit(bool another);
  void edited(Row& row);
  void report(Row& row);
  void look_at_required();

  uint64_t request_;
  easel_qt_listener listener_;
  Words words_;
  bool answered_ = false;
  std::vector<std::unique_ptr<Row>> rows_;
  QCheckBox* option_ = nullptr;
  QString option_key_;
  QString lost_focus_;  // the key of a row that went while it had the focus
  QWidget* page_;
  QFormLayout* form_;
  QScrollArea* scroll_;
  QPushButton* accept_;
  QPushButton* cancel_;
};

}  // namespace easel::qt
