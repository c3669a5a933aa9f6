# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens inside Krita in each test. A generator: it yields what to wait for, and writes down what was seen."""

import os
import sys
import time

from krita import InfoObject, Krita, Selection
from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtGui import QIcon
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QLineEdit, QListWidget, QPushButton

OUT = os.environ["INSET_SELFTEST_OUT"]
GENERATION = "5B0E7C1A-93D4-4F26-8A5E-2D1C6F70B9E3"
SRGB = "sRGB-elle-V2-srgbtrc.icc"

CASES = [("rgba-u8", "RGBA", "U8", SRGB), ("rgba-u8-adobe", "RGBA", "U8", "ClayRGB-elle-V2-g22.icc"),
         ("rgba-u16", "RGBA", "U16", SRGB), ("rgba-u16-linear", "RGBA", "U16", "sRGB-elle-V2-g10.icc"),
         ("rgba-f32", "RGBA", "F32", SRGB), ("graya-u8", "GRAYA", "U8", "Gray-D50-elle-V2-srgbtrc.icc"),
         ("graya-u16", "GRAYA", "U16", "Gray-D50-elle-V2-srgbtrc.icc"),
         ("cmyka-u8", "CMYKA", "U8", ""), ("laba-u16", "LABA", "U16", "")]


def picture(index=2, size="1k"):
    return {"generation": GENERATION, "index": str(index), "size": size}


def new_document(width, height, name="test", model="RGBA", depth="U8", profile=SRGB):
    document = Krita.instance().createDocument(width, height, name, model, depth, profile, 72.0)
    document.setBatchmode(True)
    Krita.instance().activeWindow().addView(document)
    return document


def layers(document):
    return [node.name() for node in document.topLevelNodes()]


def export(document, path, alone=None):
    for node in document.topLevelNodes():
        node.setVisible(alone is None or node == alone)
    document.refreshProjection()
    document.waitForDone()
    info = InfoObject()
    info.setProperty("alpha", True)
    info.setProperty("forceSRGB", True)
    return document.exportImage(path, info)


def undo():
    Krita.instance().action("edit_undo").trigger()


class Watch:
    """Hears of everything, from beside the extension: events, and layers that were placed or could not be."""

    def __init__(self, inset):
        self.events, self.placed = [], []
        self._event, inset.event = inset.event, self.event
        module = sys.modules[type(inset).__module__]
        placed = self.placed

        class Placing(module.Placing):
            def run(self):
                try:
                    return super().run()
                finally:
                    placed.append((self, self.node, self.reason))

        module.Placing = Placing

    def event(self, job, kind, pairs):
        self.events.append([job, kind, pairs])
        self._event(job, kind, pairs)

    def ended(self, job):
        return any(number == job and kind in ("done", "failed") for number, kind, _ in self.events)


def window(name):
    for widget in QApplication.topLevelWidgets():
        if widget.objectName() == name and widget.isVisible():
            return widget
    return None


def messages():
    return [each.text() for each in QApplication.topLevelWidgets() if each.isVisible() and each.objectName() == "inset-message"]


def said():
    """What jobs said. In the background it is told, too, that a picture is ready, at any moment; that is no word of the job."""
    return [text for text in messages() if " ready. Choose " not in text]


def close_messages():
    for widget in QApplication.topLevelWidgets():
        if widget.objectName() == "inset-message":
            widget.close()


def shot(name):
    QApplication.primaryScreen().grabWindow(0).save(os.path.join(OUT, name + ".png"))


def colours(inset, result):
    watch = Watch(inset)
    result["cases"] = {}
    for tag, model, depth, profile in CASES:
        document = new_document(256, 192, tag, model, depth, profile)
        before = layers(document)
        job = inset.begin("insert", picture(), document)
        yield lambda: watch.ended(job)
        placing, node, reason = watch.placed[-1]
        document.waitForDone()
        case = {"reason": reason, "space": [node.colorModel(), node.colorDepth(), node.colorProfile()],
                "document": [document.colorModel(), document.colorDepth(), document.colorProfile()], "layers": layers(document)}
        with open(os.path.join(OUT, tag + ".raw"), "wb") as file:
            file.write(node.pixelData(0, 0, 256, 192).data())
        case["exported"] = export(document, os.path.join(OUT, tag + ".png"), node)
        for other in document.topLevelNodes():
            other.setVisible(True)
        undo()
        document.waitForDone()
        yield lambda: len(layers(document)) == len(before)
        case["after one undo"] = layers(document)
        case["before"] = before
        result["cases"][tag] = case
        document.setModified(False)
        document.close()
    result["events"] = watch.events


def held(name):
    return lambda: os.path.exists(os.path.join(os.environ["INSET_SELFTEST_SERVICE"], "held-" + name))


def let_go(name):
    open(os.path.join(os.environ["INSET_SELFTEST_SERVICE"], "release-" + name), "w").close()


def die():
    open(os.path.join(OUT, "killed"), "w").close()
    os.kill(os.getpid(), 9)


def pause(seconds):
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


class Heart:
    """How long Krita's event loop stood still at most."""

    def __init__(self):
        self.longest, self._last = 0.0, time.monotonic()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(1)

    def _beat(self):
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now

    def stop(self):
        self._timer.stop()
        return self.longest


def fill_form():
    """From the open form to all its fields, typed as a person types."""
    form = window("inset-form")
    field = form.findChild(QLineEdit, "generation")
    field.selectAll()
    QTest.keyClicks(field, GENERATION)
    yield lambda: form.findChild(object, "size") is not None and form.accept_button.text().startswith("License and Insert")


def by_hand(inset, result):
    """Menu, form, progress, the layer on the canvas, one undo, a later redo."""
    watch = Watch(inset)
    Krita.instance().activeWindow().qwindow().setGeometry(0, 0, 1400, 900)
    document = new_document(1200, 900)
    yield pause(1)
    Krita.instance().action("inset_insert").trigger()
    yield lambda: window("inset-form")
    yield from fill_form()
    yield lambda: window("inset-form").findChild(QListWidget, "index") is not None  # with the previews
    yield pause(0.5)
    shot("krita-form")
    form = window("inset-form")
    result["button"] = form.accept_button.text()
    icon = form.findChild(QListWidget, "index").currentItem().icon()
    chosen, other = [icon.pixmap(150, 150, mode).toImage() for mode in (QIcon.Selected, QIcon.Normal)]
    result["the chosen preview is tinted"] = chosen != other
    # A second insert would have to be told from the first by its questions; there is one at a time.
    Krita.instance().action("inset_insert").trigger()
    yield pause(1)
    result["forms"] = [each.objectName() for each in QApplication.topLevelWidgets() if each.isVisible()].count("inset-form")
    result["fields"] = sorted(form.values())
    QTest.mouseClick(form.accept_button, Qt.LeftButton)
    yield held("file")
    yield lambda: window("inset-progress")
    yield pause(0.5)
    shot("krita-progress")
    let_go("file")
    yield lambda: watch.placed
    document.waitForDone()
    yield lambda: any(kind == "done" for _, kind, _ in watch.events)
    yield pause(1.5)
    shot("krita-canvas")
    result["layers"] = layers(document)
    result["annotations"] = {name: bytes(document.annotation(name).data()).decode() for name in document.annotationTypes()
                             if name.startswith("inset")}
    undo()
    yield lambda: len(layers(document)) == len(result["layers"]) - 1
    result["after one undo"] = layers(document)
    result["progress is gone"] = window("inset-progress") is None
    result["events"] = watch.events


def cancelled(inset, result):
    """Cancel is clicked while the request is on its way, then the download is taken up."""
    watch = Watch(inset)
    document = new_document(400, 300)
    job = inset.begin("insert", picture(0), document)
    yield held("put")
    yield lambda: window("inset-progress")
    button = window("inset-progress").findChild(QPushButton)
    began = time.monotonic()
    QTest.mouseClick(button, Qt.LeftButton)
    yield lambda: watch.ended(job)
    result["cancel took"] = time.monotonic() - began
    result["layers"] = layers(document)
    yield said
    shot("krita-cancelled")
    close_messages()
    let_go("put")
    known = len(Krita.instance().documents())
    Krita.instance().action("inset_resume").trigger()
    yield lambda: window("inset-form")
    shot("krita-resume")
    QTest.mouseClick(window("inset-form").accept_button, Qt.LeftButton)
    yield lambda: watch.placed
    yield lambda: len(Krita.instance().documents()) == known + 1
    yield lambda: not inset._actions
    Krita.instance().action("inset_resume").trigger()
    yield lambda: "There is nothing to finish." in messages()
    shot("krita-nothing-to-place")
    result["messages"] = said()


def closed_form(inset, result):
    """A form that is closed costs nothing and can be opened again."""
    watch = Watch(inset)
    for _ in range(2):
        Krita.instance().action("inset_insert").trigger()
        yield lambda: window("inset-form")
        window("inset-form").close()
        yield lambda: any(kind == "failed" for _, kind, _ in watch.events)
        watch.events.clear()
    result["message"] = window("inset-message") is not None


def close_parent_of(name):
    """Krita's window that this one belongs to, as its button does; Krita has another one then."""
    parent, gone = window(name).parent(), []
    opened = Krita.instance().openWindow()
    opened.qwindow().show()
    parent.destroyed.connect(lambda: gone.append(True))
    parent.close()
    yield lambda: gone


def closed_windows(inset, result):
    """Each window of ours goes with Krita's: the progress of an insert, then its question; at last a message."""
    watch = Watch(inset)
    document = new_document(400, 300)
    job = inset.begin("insert", picture(0), document)
    yield held("put")
    yield lambda: window("inset-progress")
    document.setModified(False)
    yield from close_parent_of("inset-progress")
    result["progress is gone"] = window("inset-progress") is None
    let_go("put")
    yield lambda: window("inset-form")
    yield from close_parent_of("inset-form")
    yield lambda: watch.ended(job)
    yield said
    result["told"] = " ".join(said())
    shot("krita-closed-windows")
    yield from close_parent_of("inset-message")
    Krita.instance().action("inset_status").trigger()
    yield said
    result["told later"] = " ".join(said())
    close_messages()
    result["jobs left"] = len(inset._actions) + len(inset._progress) + len(inset._forms)


def no_document(inset, result):
    watch = Watch(inset)
    inset.begin("insert", picture(2), None)
    yield lambda: watch.placed
    yield lambda: len(Krita.instance().documents()) == 1
    document = Krita.instance().documents()[0]
    document.setBatchmode(True)
    document.waitForDone()
    result["size"] = [document.width(), document.height()]
    result["layers"] = layers(document)
    result["exported"] = export(document, os.path.join(OUT, "new.png"))
    result["annotations"] = document.annotationTypes()
    document.saveAs(os.path.join(OUT, "new.kra"))


def closed_document(inset, result):
    watch = Watch(inset)
    document = new_document(400, 300)
    other = new_document(200, 100)
    inset.begin("insert", picture(2), document)
    yield held("file")
    document.setModified(False)
    document.close()
    yield pause(0.5)
    let_go("file")
    yield lambda: watch.placed
    yield lambda: len(Krita.instance().documents()) == 2
    result["sizes"] = sorted([each.width(), each.height()] for each in Krita.instance().documents())
    result["reason"] = watch.placed[0][2]
    result["other"] = layers(other)


class Refusing:
    """A document that takes no layer."""

    def __init__(self, document):
        self._document = document

    def __getattr__(self, name):
        return getattr(self._document, name)

    def __eq__(self, other):
        return self._document == other

    def activeNode(self):
        return None

    def rootNode(self):
        return self

    def addChildNode(self, node, above):
        return False


def refused_layer(inset, result):
    watch = Watch(inset)
    document = new_document(400, 300)
    job = inset.begin("insert", picture(2), Refusing(document))
    yield lambda: watch.ended(job)
    result["placed"] = [kind for _, kind, _ in watch.events].count("placed")
    yield said
    result["told"] = " ".join(said())
    close_messages()
    result["reason"] = watch.placed[-1][2]
    result["layers"] = layers(document)


def placements(inset, result):
    watch = Watch(inset)
    document = new_document(600, 400)
    result["bounds"] = {}
    for rule in ("fit", "as-is", "fill", "selection"):
        if rule == "selection":
            chosen = Selection()
            chosen.select(100, 50, 128, 192, 255)
            document.setSelection(chosen)
        count = len(watch.placed)
        inset.begin("insert", picture(2), document, rule)
        yield lambda: len(watch.placed) > count
        box = watch.placed[-1][1].bounds()
        result["bounds"][rule] = [box.x(), box.y(), box.width(), box.height()]
    chosen = document.selection()
    result["selection"] = [chosen.x(), chosen.y(), chosen.width(), chosen.height()] if chosen else None
    export(document, os.path.join(OUT, "scaled.png"), watch.placed[2][1])


def large(inset, result):
    """How long Krita stands still for 4096 × 4096."""
    watch = Watch(inset)
    for depth in ("U8", "U16"):
        document = new_document(4096, 4096, depth, "RGBA", depth)
        document.waitForDone()
        yield pause(1)  # Krita draws it; that is not what is measured
        count = len(watch.placed)
        heart = Heart()
        inset.begin("insert", picture(1, "4k"), document)
        yield lambda: len(watch.placed) > count
        placing = watch.placed[-1][0]
        result[depth] = {"turn": placing.longest_turn, "band": placing.longest_band, "insertion": placing.insertion, "stop": heart.stop()}
        document.setModified(False)
        document.close()


def half_filled(inset):
    """The picture was taken, and the layer is being filled."""
    return lambda: inset.placing is not None and inset.placing.rows > 300


def begin_large(inset):
    document = new_document(4096, 4096)
    document.setModified(False)
    return document, inset.begin("insert", picture(1, "4k"), document)


def killed_while_filling(inset, result):
    begin_large(inset)
    yield half_filled(inset)
    die()


def quit_while_filling(inset, result):
    begin_large(inset)
    yield half_filled(inset)
    result["grace"] = 0


def closed_while_filling(inset, result):
    watch = Watch(inset)
    document, job = begin_large(inset)
    yield half_filled(inset)
    document.setModified(False)
    document.close()
    yield lambda: watch.ended(job)
    (other,) = Krita.instance().documents()
    node = other.topLevelNodes()[0]
    result["size"] = [other.width(), other.height()]
    # No part of it is missing, above or below.
    result["alpha"] = [set(node.pixelData(0, y, other.width(), 1).data()[3::4]) == {255} for y in (0, other.height() - 1)]


def cancelled_while_filling(inset, result):
    watch = Watch(inset)
    document, job = begin_large(inset)
    yield half_filled(inset)
    # Another job, whose picture would be next; it is cancelled first.
    inset._targets[10**6] = 10**6
    inset.cancel(10**6)
    result["the next one is placed"] = inset.place(10**6, None, "", {})
    del inset._targets[10**6]
    began = time.monotonic()
    QTest.mouseClick(window("inset-progress").findChild(QPushButton), Qt.LeftButton)
    yield lambda: watch.ended(job)
    result["cancel took"] = time.monotonic() - began
    yield said
    shot("krita-stopped")
    result["told"] = " ".join(said())
    close_messages()
    result["layers"] = layers(document)
    result["placed before"] = [kind for _, kind, _ in watch.events].count("placed")
    Krita.instance().action("inset_resume").trigger()
    yield lambda: window("inset-form")
    QTest.mouseClick(window("inset-form").accept_button, Qt.LeftButton)
    yield lambda: any(kind == "placed" for _, kind, _ in watch.events)
    result["documents"] = len(Krita.instance().documents())


def menu_while_filling(inset, result):
    """A click that reaches the plugin only after the layer is there."""
    watch = Watch(inset)
    document, job = begin_large(inset)
    yield half_filled(inset)
    Krita.instance().action("inset_insert").trigger()
    result["at once"] = window("inset-form") is not None
    yield lambda: watch.ended(job)
    yield lambda: window("inset-form")
    window("inset-form").close()
    result["layers"] = len(layers(document))


def key_form(inset, result):
    """Without a key in the environment it is asked for, once."""
    watch = Watch(inset)
    Krita.instance().action("inset_insert").trigger()
    yield lambda: window("inset-form")
    form = window("inset-form")
    secret = form.findChild(QLineEdit, "client_secret")
    result["secret is hidden"] = secret.echoMode() == QLineEdit.Password
    result["can be accepted empty"] = form.accept_button.isEnabled()
    QTest.keyClicks(form.findChild(QLineEdit, "api_key"), os.environ["SELFTEST_KEY"])
    QTest.keyClicks(secret, os.environ["SELFTEST_SECRET"])
    yield pause(1)
    shot("krita-key")
    QTest.mouseClick(form.accept_button, Qt.LeftButton)
    yield lambda: window("inset-form") and window("inset-form").findChild(QLineEdit, "generation")
    yield from fill_form()
    QTest.mouseClick(window("inset-form").accept_button, Qt.LeftButton)
    yield lambda: watch.placed
    yield lambda: window("inset-form") is None
    Krita.instance().action("inset_insert").trigger()
    yield lambda: window("inset-form")
    result["asked again"] = window("inset-form").findChild(QLineEdit, "client_secret") is not None
    window("inset-form").close()


def key_form_again(inset, result):
    """The next start knows nothing of it."""
    Krita.instance().action("inset_insert").trigger()
    yield lambda: window("inset-form")
    form = window("inset-form")
    result["key"] = form.findChild(QLineEdit, "api_key").text()
    result["secret"] = form.findChild(QLineEdit, "client_secret").text()
    form.close()


def killed(inset, result):
    inset.begin("insert", picture(2), None)
    yield held("put")
    die()


def resumed(inset, result):
    """The next start says what is ready, and places nothing unasked."""
    watch = Watch(inset)
    yield lambda: window("inset-message")
    shot("krita-told")
    result["told"] = window("inset-message").text()
    window("inset-message").close()
    result["unasked"] = len(Krita.instance().documents())
    Krita.instance().action("inset_resume").trigger()
    yield lambda: window("inset-form")
    QTest.mouseClick(window("inset-form").accept_button, Qt.LeftButton)
    yield lambda: watch.placed
    yield lambda: len(Krita.instance().documents()) == 1
    document = Krita.instance().documents()[0]
    document.setBatchmode(True)
    document.waitForDone()
    result["size"] = [document.width(), document.height()]
    result["exported"] = export(document, os.path.join(OUT, "resumed.png"))
