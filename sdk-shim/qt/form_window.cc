// SPDX-License-Identifier: GPL-2.0-or-later
#include "form_window.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QGuiApplication>
#include <QLabel>
#include <QPushButton>
#include <QScreen>
#include <QScrollArea>
#include <QScrollBar>
#include <QTimer>
#include <QVBoxLayout>
#include <QWindow>
#include <algorithm>
#include <list>

namespace easel::qt {
namespace {

constexpr int kWatchedDelay = 300;  // milliseconds, as the contract says
constexpr int kNarrowest = 400;     // a form of a few words is not a column

QLabel* make_note(QWidget* parent) {
  auto* note = new QLabel(parent);
  note->setWordWrap(true);
  note->setTextFormat(Qt::PlainText);
  note->setTextInteractionFlags(Qt::TextSelectableByMouse);
  note->setContentsMargins(0, 4, 0, 4);
  return note;
}

}  // namespace

struct FormWindow::Row {
  QString key;
  uint32_t flags = 0;
  std::unique_ptr<FieldEditor> editor;  // null: a note
  QWidget* box = nullptr;               // the editor and its help, or the note
  QLabel* label = nullptr;
  QLabel* help = nullptr;
  QTimer* watch = nullptr;
  bool told_twice = false;  // that the plugin's idea of the value is not ours

  ~Row() {
    delete label;
    delete box;
  }
};

FormWindow::FormWindow(QWidget* parent, uint64_t request, const easel_qt_listener& listener)
    : QDialog(parent), request_(request), listener_(listener), words_(listener) {
  setModal(false);
  setWindowFlag(Qt::WindowContextHelpButtonHint, false);
  setObjectName("inset-form");

  auto* column = new QVBoxLayout(this);
  scroll_ = new QScrollArea(this);
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setFocusPolicy(Qt::NoFocus);
  page_ = new QWidget(scroll_);
  form_ = new QFormLayout(page_);
  form_->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  form_->setLabelAlignment(Qt::AlignRight | Qt::AlignTop);
  form_->setContentsMargins(4, 4, 4, 4);
  form_->setVerticalSpacing(10);
  scroll_->setWidget(page_);
  column->addWidget(scroll_);

  auto* buttons = new QDialogButtonBox(this);
  accept_ = buttons->addButton(QString(), QDialogButtonBox::AcceptRole);
  accept_->setDefault(true);
  cancel_ = buttons->addButton(words_("Form.Cancel", "Cancel"), QDialogButtonBox::RejectRole);
  cancel_->setAutoDefault(false);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

FormWindow::~FormWindow() = default;

FormWindow::Row* FormWindow::find(const QString& key) const {
  for (const auto& row : rows_) {
    if (row && row->key == key) return row.get();
  }
  return nullptr;
}

// A row for this field. `old` is the row of that key if there was one, and is used up if it can be.
std::unique_ptr<FormWindow::Row> FormWindow::make_row(const easel_field& field, Row* old) {
  auto row = std::make_unique<Row>();
  row->key = QString::fromUtf8(field.key);
  if (field.kind == EASEL_NOTE) {
    row->box = make_note(page_);
    return row;
  }
  Row* self = row.get();
  row->editor = FieldEditor::create(field, page_, [this, self] { edited(*self); });
  if (!row->editor) return row;
  QWidget* widget = row->editor->widget();
  widget->setObjectName(row->key);
  row->label = new QLabel(page_);
  row->label->setBuddy(widget);
  row->box = new QWidget(page_);
  auto* column = new QVBoxLayout(row->box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2);
  column->addWidget(widget);
  row->help = make_note(row->box);
  row->help->setContentsMargins(0, 0, 0, 0);
  row->help->setEnabled(false);  // reads as a remark in every theme
  column->addWidget(row->help);
  row->watch = new QTimer(row->box);
  row->watch->setSingleShot(true);
  row->watch->setInterval(kWatchedDelay);
  connect(row->watch, &QTimer::timeout, this, [this, self] { report(*self); });
  row->editor->set_value(old && old->editor ? old->editor->value() : QString::fromUtf8(field.initial));
  return row;
}

void FormWindow::show_fields(const char* title, const char* accept, const easel_field* fields, size_t count,
                             const easel_qt_option* option) {
  const bool first = rows_.empty();
  const bool another = windowTitle() != QString::fromUtf8(title);
  setWindowTitle(QString::fromUtf8(title));
  accept_->setText(QString::fromUtf8(accept));

  std::vector<std::unique_ptr<Row>> rows;
  for (size_t i = 0; i < count; ++i) {
    const easel_field& field = fields[i];
    const QString key = QString::fromUtf8(field.key);
    const auto place = std::find_if(rows_.begin(), rows_.end(), [&](const auto& r) { return r && r->key == key; });
    Row* old = place == rows_.end() ? nullptr : place->get();
    const bool fits = old && (old->editor ? old->editor->fits(field) : field.kind == EASEL_NOTE);
    const bool had_focus = old && old->editor && old->editor->widget()->hasFocus();

    std::unique_ptr<Row> row = fits ? std::move(*place) : make_row(field, old);
    row->flags = field.flags;
    const QString label = QString::fromUtf8(field.label);
    if (!row->editor) {
      if (auto* note = qobject_cast<QLabel*>(row->box)) {
        note->setText(label);
        note->setAccessibleName(label);
      }
    } else {
      if (fits) row->editor->update(field);
      QWidget* widget = row->editor->widget();
      const QString initial = QString::fromUtf8(field.initial);
      // Choices that came anew may not hold the old value any more.
      if (fits && row->editor->value().isEmpty() && field.kind == EASEL_CHOICE) row->editor->set_value(initial);
      row->label->setText(label);
      widget->setAccessibleName(label);
      const QString help = QString::fromUtf8(field.help);
      widget->setAccessibleDescription(help);
      row->help->setText(help);
      row->help->setVisible(!help.isEmpty());
      widget->setEnabled(!(field.flags & EASEL_DISABLED));
      if (had_focus && !fits) widget->setFocus();
      // The plugin does not know what is still in this field: say so, but once only, or the two would go round in
      // circles.
      const QString value = row->editor->value();
      if (value == initial) {
        row->told_twice = false;
      } else if (old && (field.flags & EASEL_WATCHED) && !row->told_twice && !row->watch->isActive()) {
        row->told_twice = true;
        row->watch->start();
      }
    }
    rows.push_back(std::move(row));
  }
  rows_.swap(rows);
  if (option && !option_) {
    option_key_ = QString::fromUtf8(option->key);
    option_ = new QCheckBox(QString::fromUtf8(option->label), page_);
    option_->setObjectName(option_key_);
    option_->setAccessibleName(option_->text());
    option_->setAccessibleDescription(QString::fromUtf8(option->help));
    option_->setToolTip(QString::fromUtf8(option->help));
    option_->setChecked(option->checked != 0);
  }
  // A question that comes in between, such as who the person is, has no option; the answer holds what it was all the
  // same.
  if (option_) option_->setVisible(option != nullptr);
  place_rows(option ? option_ : nullptr);
  // Those that are not shown any more. The focus of one that goes waits for its return: it must not fall on a button.
  for (const auto& row : rows) {
    if (!row || !row->editor || !row->editor->widget()->hasFocus() || find(row->key)) continue;
    lost_focus_ = row->key;
    setFocus();
  }
  rows.clear();
  if (Row* back = lost_focus_.isEmpty() ? nullptr : find(lost_focus_); back && back->editor) {
    if (hasFocus()) back->editor->widget()->setFocus();
    lost_focus_.clear();
  }
  look_at_required();
  fit(another);

  if (!first) return;
  // The first field that is empty, else the first: the keyboard never begins on the button that orders.
  QWidget* begin = nullptr;
  for (const auto& row : rows_) {
    if (!row->editor || !row->editor->widget()->isEnabled()) continue;
    const bool empty = row->editor->value().isEmpty();
    if (empty || !begin) begin = row->editor->widget();
    if (empty) break;
  }
  if (begin) begin->setFocus();
  show();
  raise();
  activateWindow();
}

// Puts the rows into the layout in their order. The widgets keep their parent, and with it the focus.
void FormWindow::place_rows(QCheckBox* option) {
  while (form_->rowCount() > 0) {
    const QFormLayout::TakeRowResult taken = form_->takeRow(0);
    delete taken.labelItem;
    delete taken.fieldItem;
  }
  // The notes at the end belong to the button, so the option comes before them.
  const auto last = std::find_if(rows_.rbegin(), rows_.rend(), [](const auto& r) { return r->editor != nullptr; });
  QWidget* before = nullptr;
  for (auto row = rows_.begin(); row != rows_.end(); ++row) {
    if (option && row == last.base() && last != rows_.rend()) {
      form_->addRow(QString(), option);
      if (before) setTabOrder(before, option);
      before = option;
    }
    if ((*row)->label) {
      form_->addRow((*row)->label, (*row)->box);
    } else if ((*row)->box) {
      form_->addRow((*row)->box);
    }
    QWidget* widget = (*row)->editor ? (*row)->editor->widget() : nullptr;
    if (!widget) continue;
    if (before) setTabOrder(before, widget);
    before = widget;
  }
  if (option && last.base() == rows_.end()) {
    form_->addRow(QString(), option);
    if (before) setTabOrder(before, option);
    before = option;
  }
  if (before) setTabOrder(before, accept_);
  setTabOrder(accept_, cancel_);
  for (const auto& row : rows_) {
    if (row->box) row->box->show();
    if (row->label) row->label->show();
  }
}

// Grows to what there is to show, as far as the screen goes; never shrinks under the person's hands, but for another
// question.
void FormWindow::fit(bool another) {
  form_->activate();
  const QMargins margins = layout()->contentsMargins();
  const int width = std::max(kNarrowest, page_->sizeHint().width() + scroll_->verticalScrollBar()->sizeHint().width() +
                                             margins.left() + margins.right());
  const QRect room = (screen() ? screen() : QGuiApplication::primaryScreen())->availableGeometry();
  const int wide = std::min(another ? width : std::max(width, this->width()), room.width() * 9 / 10);
  const int needed = page_->hasHeightForWidth() ? page_->heightForWidth(wide - margins.left() - margins.right())
                                                : page_->sizeHint().height();
  const int high = needed + accept_->sizeHint().height() + margins.top() + margins.bottom() + layout()->spacing() + 4;
  const QPoint middle = frameGeometry().center();
  resize(wide, std::min(another ? high : std::max(high, height()), room.height() * 9 / 10));
  // Where the window manager puts it is not known before it shows it.
  if (!isVisible() || !windowHandle() || !windowHandle()->isExposed()) return;
  // It grows around its middle, and stays on the screen.
  QRect frame = frameGeometry();
  frame.moveCenter(middle);
  frame.moveRight(std::min(frame.right(), room.right()));
  frame.moveBottom(std::min(frame.bottom(), room.bottom()));
  frame.moveTopLeft(QPoint(std::max(frame.left(), room.left()), std::max(frame.top(), room.top())));
  if (frame.topLeft() != pos()) move(frame.topLeft());
}

void FormWindow::edited(Row& row) {
  row.told_twice = false;
  if (row.flags & EASEL_WATCHED) row.watch->start();
  look_at_required();
}

void FormWindow::report(Row& row) {
  if (answered_) return;
  const QByteArray key = row.key.toUtf8();
  const QByteArray value = row.editor->value().toUtf8();
  listener_.changed(listener_.data, request_, key.constData(), value.constData());
}

void FormWindow::look_at_required() {
  const bool complete = std::none_of(rows_.begin(), rows_.end(), [](const auto& row) {
    return row->editor && (row->flags & EASEL_REQUIRED) && row->editor->value().trimmed().isEmpty();
  });
  accept_->setEnabled(complete);
}

void FormWindow::take_away() {
  answered_ = true;
  hide();
  deleteLater();
}

void FormWindow::done(int result) {
  if (answered_) return;
  if (result == QDialog::Accepted && !accept_->isEnabled()) return;
  answered_ = true;
  hide();
  std::list<QByteArray> texts;
  std::vector<easel_pair> pairs;
  const auto add = [&](const QString& key, const QString& value) {
    texts.push_back(key.toUtf8());
    const char* c_key = texts.back().constData();
    texts.push_back(value.toUtf8());
    pairs.push_back({c_key, texts.back().constData()});
  };
  for (const auto& row : rows_) {
    row->watch ? row->watch->stop() : void();
    if (row->editor && result == QDialog::Accepted) add(row->key, row->editor->value());
  }
  if (option_ && result == QDialog::Accepted) add(option_key_, option_->isChecked() ? "yes" : "no");
  deleteLater();
  listener_.answered(listener_.data, request_, result == QDialog::Accepted, pairs.data(), pairs.size());
}

}  // namespace easel::qt
