# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens inside Krita in sign_in_test.py. As in scenes.py."""

import os
import sys

from krita import Krita
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QLabel, QLineEdit, QPlainTextEdit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from scenes import GENERATION, OUT, Watch, fill_form, layers, new_document, pause, shot, window  # noqa: E402


def sign_in_by_browser(form, shots=None):
    """From the open form to the service's yes."""
    key = form.findChild(QLineEdit, "api_key")
    if not key.text():
        QTest.keyClicks(key, os.environ["SELFTEST_KEY"])
    if shots:
        yield pause(0.5)
        shot(shots)
    QTest.mouseClick(form.accept_button, Qt.LeftButton)
    # A quick browser may be back before its form was seen.
    yield lambda: window("inset-message") or window("inset-form") and any(
        window("inset-form").findChild(QLineEdit, key) is not None for key in ("address", "generation"))
    if shots:
        yield pause(0.5)
        shot(shots + "-browser")
    yield lambda: not window("inset-form") or not window("inset-form").findChild(QLineEdit, "address")


def read_message(name):
    """The text of the message that is shown; then it is closed."""
    yield lambda: window("inset-message")
    yield pause(0.5)
    shot(name)
    box = window("inset-message")
    text = box.text()
    box.close()
    return text


def ask_test(name):
    """Something that the test does outside."""
    open(os.path.join(OUT, "ask-" + name), "w").close()
    yield lambda: os.path.exists(os.path.join(OUT, "done-" + name))


def sign_in(inset, result):
    """Without a key: an insert asks to sign in and goes on, also when the sign-in ends under the filled form; who it is; out; in."""
    watch = Watch(inset)
    Krita.instance().activeWindow().qwindow().setGeometry(0, 0, 1400, 900)
    document = new_document(1200, 900)
    Krita.instance().action("inset_insert").trigger()
    yield lambda: window("inset-form")
    yield from sign_in_by_browser(window("inset-form"), "krita-sign-in")
    yield lambda: window("inset-form") and window("inset-form").findChild(QLineEdit, "generation")
    yield from fill_form()
    yield pause(2)
    shot("krita-sign-in-insert")
    result["account"] = window("inset-form").findChild(QLabel, "account").text()

    notes = window("inset-form").findChild(QPlainTextEdit, "notes")
    QTest.keyClicks(notes, "For the autumn programme")
    yield pause(1)
    yield from ask_test("expire")
    field = window("inset-form").findChild(QLineEdit, "generation")
    field.setText(GENERATION.lower())
    field.textEdited.emit(field.text())
    yield lambda: window("inset-form").findChild(QLineEdit, "api_key")
    result["why"] = window("inset-form").findChild(QLabel, "fault").text()
    yield from sign_in_by_browser(window("inset-form"), "krita-sign-in-again")
    yield lambda: window("inset-form") and window("inset-form").accept_button.text().startswith("License and Insert")
    result["notes"] = window("inset-form").values()["notes"]
    QTest.mouseClick(window("inset-form").accept_button, Qt.LeftButton)
    yield lambda: watch.placed
    document.waitForDone()
    yield lambda: window("inset-form") is None and window("inset-progress") is None
    result["layers"] = len(layers(document))

    Krita.instance().action("inset_status").trigger()
    yield lambda: window("inset-form")
    yield pause(0.5)
    shot("krita-who")
    result["who"] = [label.text() for label in window("inset-form").findChildren(QLabel) if label.isVisible()]
    count = len(watch.events)
    window("inset-form").close()
    yield lambda: any(kind == "done" for _, kind, _ in watch.events[count:])
    result["who again"] = window("inset-message") is not None

    Krita.instance().action("inset_sign-out").trigger()
    result["out"] = yield from read_message("krita-signed-out")
    yield from ask_test("look")
    Krita.instance().action("inset_status").trigger()
    result["nobody"] = yield from read_message("krita-who-nobody")
    Krita.instance().action("inset_sign-in").trigger()
    yield lambda: window("inset-form")
    yield from sign_in_by_browser(window("inset-form"))
    result["in"] = yield from read_message("krita-signed-in")
    yield from ask_test("look-again")
    document.saveAs(os.path.join(OUT, "signed-in.kra"))
