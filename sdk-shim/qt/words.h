// SPDX-License-Identifier: GPL-2.0-or-later
// The few words that the windows bring themselves; everything else they show comes from the plugin.
#pragma once

#include <QString>

#include "easel_qt.h"

namespace easel::qt {

class Words {
 public:
  explicit Words(const easel_qt_listener& listener) : listener_(listener) {}

  QString operator()(const char* key, const char* english) const {
    const char* own = listener_.text ? listener_.text(listener_.data, key) : nullptr;
    return QString::fromUtf8(own ? own : english);
  }

 private:
  easel_qt_listener listener_;
};

}  // namespace easel::qt
