# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin's questions as a window of Krita's. A question that is open may get new fields: keys that stay keep what was typed and
the focus; `initial` counts for new keys alone."""

from PyQt5 import sip
from PyQt5.QtCore import QSize, Qt, QTimer
from PyQt5.QtGui import QIcon, QImage, QPixmap
from PyQt5.QtWidgets import (QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QListView, QListWidget,
                             QListWidgetItem, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget)

from . import easel

WATCHED_DELAY = 300  # milliseconds
THUMBNAIL = 150      # pixels


class FieldCopy:
    """A field as the plugin gave it, with nothing that points into the plugin."""

    def __init__(self, field):
        self.key, self.label, self.help = easel.text(field.key), easel.text(field.label), easel.text(field.help)
        self.initial, self.kind, self.flags = easel.text(field.initial), field.kind, field.flags
        self.choices = []
        for i in range(field.choice_count):
            choice = field.choices[i]
            self.choices.append((easel.text(choice.value), easel.text(choice.label), _thumbnail(choice.thumbnail)))

    @classmethod
    def of_choices(cls, key, label, help_text, initial, choices):
        """A question of the host's own."""
        self = cls.__new__(cls)
        self.key, self.label, self.help, self.initial, self.kind, self.flags = key, label, help_text, initial, easel.CHOICE, 0
        self.choices = [(value, text, None) for value, text in choices]
        return self


def _thumbnail(pointer):
    if not pointer:
        return None
    image = pointer.contents
    view = QImage(sip.voidptr(image.pixels, image.stride * image.height), image.width, image.height, image.stride,
                  QImage.Format_RGBA8888)
    return QPixmap.fromImage(view.copy()).scaled(THUMBNAIL, THUMBNAIL, Qt.KeepAspectRatio, Qt.SmoothTransformation)


class Row:
    """A field's widget with its value as text, its label and its help."""

    def __init__(self, field, parent, edited):
        self.field, self._edited = field, edited
        self.label = QLabel(parent)
        self.box = QWidget(parent)
        column = QVBoxLayout(self.box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.editor = self._make_editor()
        self.editor.setObjectName(field.key)
        self.label.setBuddy(self.editor)
        self.help = QLabel(self.box)
        self.help.setWordWrap(True)
        self.help.setEnabled(False)
        column.addWidget(self.editor)
        column.addWidget(self.help)
        self.watch = QTimer(self.box)
        self.watch.setSingleShot(True)
        self.watch.setInterval(WATCHED_DELAY)
        self.update(field, field.initial)

    @staticmethod
    def shape(field):
        """Fields of one key and shape share a widget."""
        return field.kind, bool(field.flags & easel.MULTILINE), any(picture for *_, picture in field.choices)

    def _make_editor(self):
        kind, multiline, pictures = self.shape(self.field)
        if kind == easel.CHOICE and pictures:
            widget = QListWidget()
            widget.setViewMode(QListView.IconMode)
            widget.setMovement(QListView.Static)
            widget.setResizeMode(QListView.Adjust)
            widget.setWrapping(True)
            widget.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
            widget.setSpacing(2)
            widget.setMinimumHeight(THUMBNAIL + 44)
            widget.currentItemChanged.connect(self._edited)
        elif kind == easel.CHOICE:
            widget = QComboBox()
            widget.currentIndexChanged.connect(self._edited)
        elif multiline:
            widget = QPlainTextEdit()
            widget.setTabChangesFocus(True)
            widget.setFixedHeight(64)
            widget.textChanged.connect(self._edited)
        else:
            widget = QLineEdit()
            if kind == easel.SECRET:
                widget.setEchoMode(QLineEdit.Password)
            widget.textEdited.connect(self._edited)
        return widget

    def update(self, field, value):
        self.field = field
        self.label.setText(field.label)
        self.label.setTextFormat(Qt.PlainText)
        self.help.setText(field.help)
        self.help.setVisible(bool(field.help))
        self.editor.setEnabled(not field.flags & easel.DISABLED)
        self.editor.blockSignals(True)
        if field.kind == easel.CHOICE:
            values = [choice[0] for choice in field.choices]
            self._fill()
            if value not in values:
                value = field.initial
            # Nothing is chosen for the person that the plugin has not chosen.
            self._select(values.index(value) if value in values else -1)
        elif value != self.value():
            (self.editor.setPlainText if isinstance(self.editor, QPlainTextEdit) else self.editor.setText)(value)
        self.editor.blockSignals(False)

    def _fill(self):
        self.editor.clear()
        for value, label, picture in self.field.choices:
            if isinstance(self.editor, QListWidget):
                item = QListWidgetItem(label)
                item.setData(Qt.UserRole, value)
                item.setSizeHint(QSize(THUMBNAIL + 8, THUMBNAIL + 28))
                if picture is not None:
                    icon = QIcon(picture)
                    icon.addPixmap(picture, QIcon.Selected)  # the chosen one in its own colours, too
                    item.setIcon(icon)
                self.editor.addItem(item)
            else:
                self.editor.addItem(label, value)

    def _select(self, index):
        if isinstance(self.editor, QListWidget):
            self.editor.setCurrentRow(index)
        else:
            self.editor.setCurrentIndex(index)

    def value(self):
        if isinstance(self.editor, QListWidget):
            item = self.editor.currentItem()
            return item.data(Qt.UserRole) if item else ""
        if isinstance(self.editor, QComboBox):
            return self.editor.currentData() or ""
        if isinstance(self.editor, QPlainTextEdit):
            return self.editor.toPlainText()
        return self.editor.text()

    def missing(self):
        return bool(self.field.flags & easel.REQUIRED) and not self.value().strip()

    def remove(self):
        for widget in (self.label, self.box):
            widget.hide()
            widget.deleteLater()


class Form(QDialog):
    """`answered(accepted, values)` is called once, unless the window is taken away before; `changed(key, value)` often."""

    def __init__(self, parent, answered, changed):
        super().__init__(parent)
        self.setAttribute(Qt.WA_DeleteOnClose)
        self.setObjectName("inset-form")
        self._answered, self._changed = answered, changed
        self._rows, self._notes = {}, []
        column = QVBoxLayout(self)
        self._layout = QFormLayout()
        self._layout.setFieldGrowthPolicy(QFormLayout.AllNonFixedFieldsGrow)
        column.addLayout(self._layout)
        column.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.Cancel)
        # Return in a field means the other button.
        buttons.button(QDialogButtonBox.Cancel).setAutoDefault(False)
        self.accept_button = buttons.addButton("", QDialogButtonBox.AcceptRole)
        self.accept_button.setDefault(True)
        column.addWidget(buttons)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.finished.connect(self._finished)
        # Krita's window takes this one with it when it is closed, and without `finished`. By then only what is Python's is left of it.
        # The answer may lead to another window, and Krita's is being taken apart just now; so it comes after that.
        self.destroyed.connect(lambda: QTimer.singleShot(0, lambda: self._answer_once(False, {})))
        self.setMinimumWidth(640)

    def show_fields(self, title, accept, fields):
        self.setWindowTitle(title)
        self.accept_button.setText(accept)
        old, self._rows = self._rows, {}
        while self._layout.rowCount():
            self._layout.takeRow(0)
        for note in self._notes:
            note.hide()
            note.deleteLater()
        self._notes = []
        for field in fields:
            if field.kind == easel.NOTE:
                self._add_note(field)
                continue
            row = old.get(field.key)
            if row is not None and Row.shape(row.field) == Row.shape(field):
                old.pop(field.key)
                row.update(field, row.value())
            else:
                row = self._new_row(field, row.value() if row is not None else field.initial)
            self._rows[field.key] = row
            self._layout.addRow(row.label, row.box)
            row.label.show()
            row.box.show()
        for row in old.values():
            row.remove()
        self._look()
        if not self.isVisible():
            self.show()
        self.adjustSize()

    def _add_note(self, field):
        note = QLabel(field.label)
        note.setTextFormat(Qt.PlainText)
        note.setWordWrap(True)
        note.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Minimum)
        note.setObjectName(field.key)
        self._notes.append(note)
        self._layout.addRow(note)

    def _new_row(self, field, value):
        holder = []
        row = Row(field, self, lambda *_: self._edit(holder))
        holder.append(row)
        row.update(field, value)
        row.watch.timeout.connect(lambda: self._changed(row.field.key, row.value()))
        return row

    def _edit(self, holder):
        if holder and holder[0].field.flags & easel.WATCHED:
            holder[0].watch.start()
        self._look()

    def _look(self):
        self.accept_button.setEnabled(not any(row.missing() for row in self._rows.values()))

    def values(self):
        return {key: row.value() for key, row in self._rows.items()}

    def take_away(self):
        self._answered = None
        self.reject()

    def _finished(self, result):
        for row in self._rows.values():
            row.watch.stop()
        self._answer_once(result == QDialog.Accepted, self.values())

    def _answer_once(self, accepted, values):
        answered, self._answered = self._answered, None
        if answered:
            answered(accepted, values)
