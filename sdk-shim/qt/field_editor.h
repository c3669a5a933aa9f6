// SPDX-License-Identifier: GPL-2.0-or-later
// One field of a form as a widget: which widget it is, how its value is read and set, and how it keeps both when the
// plugin brings new choices for the same field.
#pragma once

#include <QString>
#include <QWidget>
#include <functional>
#include <memory>

#include "easel_qt.h"

namespace easel::qt {

class FieldEditor {
 public:
  virtual ~FieldEditor() = default;
  FieldEditor(const FieldEditor&) = delete;
  FieldEditor& operator=(const FieldEditor&) = delete;

  // An editor for this field, or null for a field with nothing to fill in. `edited` is called when the person has
  // changed the value, and only then. The widget belongs to `parent`.
  static std::unique_ptr<FieldEditor> create(const easel_field& field, QWidget* parent, std::function<void()> edited);

  // Whether this editor can show the field as it is now; if not, a new one has to be made.
  virtual bool fits(const easel_field& field) const = 0;
  // New choices; keeps the value where it is still among them.
  virtual void update(const easel_field&) {}

  virtual QString value() const = 0;
  virtual void set_value(const QString& value) = 0;

  QWidget* widget() const { return widget_; }

 protected:
  FieldEditor() = default;
  void adopt(QWidget* widget) { widget_ = widget; }

 private:
  QWidget* widget_ = nullptr;
};

}  // namespace easel::qt
