// SPDX-License-Identifier: GPL-2.0-or-later
#include "thumbnail_list.h"

#include <QPainter>
#include <QScrollBar>
#include <QSignalBlocker>
#include <algorithm>

namespace easel::qt {
namespace {

constexpr int kSide = 148;

// Smoothly scaled, but the large step is the fast one: this runs on the thread of the widgets.
QPixmap preview_of(const easel_image& image) {
  const QImage whole(image.pixels, static_cast<int>(image.width), static_cast<int>(image.height),
                     static_cast<int>(image.stride), QImage::Format_RGBA8888);
  const QSize size = whole.size().scaled(kSide, kSide, Qt::KeepAspectRatio);
  QImage small = whole;
  if (whole.width() > 2 * size.width()) small = whole.scaled(2 * size, Qt::IgnoreAspectRatio, Qt::FastTransformation);
  small = small.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
  QPixmap out(kSide, kSide);
  out.fill(Qt::transparent);
  QPainter(&out).drawImage((kSide - size.width()) / 2, (kSide - size.height()) / 2, small);
  return out;
}

// Where there is no preview: an empty frame, crossed.
QPixmap no_preview(const QPalette& palette) {
  QPixmap out(kSide, kSide);
  out.fill(Qt::transparent);
  QPainter painter(&out);
  painter.setRenderHint(QPainter::Antialiasing);
  QColor faint = palette.color(QPalette::Text);
  faint.setAlpha(70);
  painter.setPen(QPen(faint, 1.5));
  const QRect frame = out.rect().adjusted(14, 14, -14, -14);
  painter.drawRect(frame);
  painter.drawLine(frame.topLeft(), frame.bottomRight());
  painter.drawLine(frame.bottomLeft(), frame.topRight());
  return out;
}

}  // namespace

bool ThumbnailList::suits(const easel_field& field) {
  return field.kind == EASEL_CHOICE && std::any_of(field.choices, field.choices + field.choice_count,
                                                   [](const easel_choice& c) { return c.thumbnail != nullptr; });
}

ThumbnailList::ThumbnailList(QWidget* parent) : QListWidget(parent) {
  setViewMode(QListView::IconMode);
  setMovement(QListView::Static);
  setFlow(QListView::LeftToRight);
  setWrapping(false);
  setIconSize(QSize(kSide, kSide));
  setUniformItemSizes(true);
  setWordWrap(true);
  setSpacing(4);
  setSelectionMode(QAbstractItemView::SingleSelection);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  setTabKeyNavigation(false);
}

void ThumbnailList::show_choices(const easel_field& field) {
  const QSignalBlocker quiet(this);
  const QString kept = value();
  clear();
  const QSize cell(kSide + 16, kSide + fontMetrics().lineSpacing() * 2 + 18);
  for (size_t i = 0; i < field.choice_count; ++i) {
    const easel_choice& choice = field.choices[i];
    const QString label = QString::fromUtf8(choice.label ? choice.label : choice.value);
    const QPixmap preview = choice.thumbnail ? preview_of(*choice.thumbnail) : no_preview(palette());
    QIcon icon(preview);
    icon.addPixmap(preview, QIcon::Selected);  // the chosen one in its own colours, too
    auto* item = new QListWidgetItem(icon, label, this);
    item->setData(Qt::UserRole, QString::fromUtf8(choice.value));
    item->setToolTip(label);
    item->setSizeHint(cell);
    item->setTextAlignment(Qt::AlignHCenter | Qt::AlignTop);
  }
  set_value(kept);
}

QString ThumbnailList::value() const {
  const QListWidgetItem* item = currentItem();
  return item ? item->data(Qt::UserRole).toString() : QString();
}

void ThumbnailList::set_value(const QString& value) {
  for (int i = 0; i < count(); ++i) {
    if (item(i)->data(Qt::UserRole).toString() != value) continue;
    setCurrentRow(i);
    return;
  }
  setCurrentRow(-1);
}

QSize ThumbnailList::sizeHint() const {
  const int cells = std::clamp(count(), 1, 4);
  const int height = kSide + fontMetrics().lineSpacing() * 2 + 18 + 8 + 2 * frameWidth();
  return QSize(cells * (kSide + 16 + 2 * spacing()) + 2 * frameWidth() + 4,
               height + 2 * spacing() + (count() > 4 ? horizontalScrollBar()->sizeHint().height() : 0));
}

}  // namespace easel::qt
