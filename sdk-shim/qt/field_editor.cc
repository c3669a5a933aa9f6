// SPDX-License-Identifier: GPL-2.0-or-later
#include "field_editor.h"

#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QRegularExpressionValidator>
#include <QSignalBlocker>

#include "thumbnail_list.h"

namespace easel::qt {
namespace {

class LineEditor final : public FieldEditor {
 public:
  LineEditor(const easel_field& field, QWidget* parent, std::function<void()> edited)
      : kind_(field.kind), line_(new QLineEdit(parent)) {
    adopt(line_);
    if (kind_ == EASEL_SECRET) {
      line_->setEchoMode(QLineEdit::Password);
      line_->setInputMethodHints(Qt::ImhHiddenText | Qt::ImhSensitiveData | Qt::ImhNoPredictiveText);
    }
    if (kind_ == EASEL_INTEGER) {
      line_->setValidator(new QRegularExpressionValidator(QRegularExpression("[+-]?[0-9]{0,18}"), line_));
    }
    line_->setMinimumWidth(line_->fontMetrics().averageCharWidth() * 44);
    // Not textEdited: what a screen reader sets does not count as typing, and must be heard all the same.
    QObject::connect(line_, &QLineEdit::textChanged, line_, [edited = std::move(edited)](const QString&) { edited(); });
  }

  bool fits(const easel_field& field) const override { return field.kind == kind_ && !(field.flags & EASEL_MULTILINE); }
  QString value() const override { return line_->text(); }
  void set_value(const QString& value) override {
    const QSignalBlocker quiet(line_);
    line_->setText(value);
  }

 private:
  int32_t kind_;
  QLineEdit* line_;
};

class TextEditor final : public FieldEditor {
 public:
  TextEditor(QWidget* parent, std::function<void()> edited) : text_(new QPlainTextEdit(parent)) {
    adopt(text_);
    text_->setTabChangesFocus(true);
    text_->setFixedHeight(text_->fontMetrics().lineSpacing() * 3 + 12);
    QObject::connect(text_, &QPlainTextEdit::textChanged, text_, std::move(edited));
  }

  bool fits(const easel_field& field) const override {
    return field.kind == EASEL_TEXT && (field.flags & EASEL_MULTILINE);
  }
  QString value() const override { return text_->toPlainText(); }
  void set_value(const QString& value) override {
    const QSignalBlocker quiet(text_);
    text_->setPlainText(value);
  }

 private:
  QPlainTextEdit* text_;
};

class ComboEditor final : public FieldEditor {
 public:
  ComboEditor(const easel_field& field, QWidget* parent, std::function<void()> edited) : box_(new QComboBox(parent)) {
    adopt(box_);
    ComboEditor::update(field);
    QObject::connect(box_, QOverload<int>::of(&QComboBox::currentIndexChanged), box_,
                     [edited = std::move(edited)](int) { edited(); });
  }

  bool fits(const easel_field& field) const override {
    return field.kind == EASEL_CHOICE && !ThumbnailList::suits(field);
  }

  void update(const easel_field& field) override {
    const QSignalBlocker quiet(box_);
    const QString kept = value();
    if (!same(field)) {
      box_->clear();
      for (size_t i = 0; i < field.choice_count; ++i) {
        const easel_choice& choice = field.choices[i];
        box_->addItem(QString::fromUtf8(choice.label ? choice.label : choice.value), QString::fromUtf8(choice.value));
      }
    }
    set_value(kept);
  }

  QString value() const override { return box_->currentData().toString(); }
  void set_value(const QString& value) override {
    const QSignalBlocker quiet(box_);
    box_->setCurrentIndex(value.isEmpty() ? -1 : box_->findData(value));
  }

 private:
  bool same(const easel_field& field) const {
    if (box_->count() != static_cast<int>(field.choice_count)) return false;
    for (int i = 0; i < box_->count(); ++i) {
      const easel_choice& choice = field.choices[i];
      if (box_->itemData(i).toString() != QString::fromUtf8(choice.value)) return false;
      if (box_->itemText(i) != QString::fromUtf8(choice.label ? choice.label : choice.value)) return false;
    }
    return true;
  }

  QComboBox* box_;
};

class ThumbnailEditor final : public FieldEditor {
 public:
  ThumbnailEditor(const easel_field& field, QWidget* parent, std::function<void()> edited)
      : list_(new ThumbnailList(parent)) {
    adopt(list_);
    list_->show_choices(field);
    QObject::connect(list_, &QListWidget::currentItemChanged, list_, [edited = std::move(edited)] { edited(); });
  }

  bool fits(const easel_field& field) const override { return ThumbnailList::suits(field); }
  void update(const easel_field& field) override { list_->show_choices(field); }
  QString value() const override { return list_->value(); }
  void set_value(const QString& value) override {
    const QSignalBlocker quiet(list_);
    list_->set_value(value);
  }

 private:
  ThumbnailList* list_;
};

}  // namespace

std::unique_ptr<FieldEditor> FieldEditor::create(const easel_field& field, QWidget* parent,
                                                 std::function<void()> edited) {
  switch (field.kind) {
    case EASEL_TEXT:
      if (field.flags & EASEL_MULTILINE) return std::make_unique<TextEditor>(parent, std::move(edited));
      [[fallthrough]];
    case EASEL_SECRET:
    case EASEL_INTEGER: return std::make_unique<LineEditor>(field, parent, std::move(edited));
    case EASEL_CHOICE:
      if (ThumbnailList::suits(field)) return std::make_unique<ThumbnailEditor>(field, parent, std::move(edited));
      return std::make_unique<ComboEditor>(field, parent, std::move(edited));
    default: return nullptr;
  }
}

}  // namespace easel::qt
