// SPDX-License-Identifier: GPL-2.0-or-later
// Choices that are pictures: a row of previews to choose from, by arrow keys or mouse.
#pragma once

#include <QListWidget>

#include "easel_qt.h"

namespace easel::qt {

class ThumbnailList : public QListWidget {
 public:
  // Choices with at least one preview.
  static bool suits(const easel_field& field);

  explicit ThumbnailList(QWidget* parent);

  // Copies the previews. Keeps the current choice if it is still there.
  void show_choices(const easel_field& field);

  QString value() const;
  void set_value(const QString& value);  // nothing is chosen if there is no such choice

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }
};

}  // namespace easel::qt
