# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens inside Krita in each test. A generator: it yields what to wait for, and writes down what was seen."""

import os
import time

from krita import InfoObject, Krita
from PyQt5.QtCore import QTimer
from PyQt5.QtTest import QTest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QDialogButtonBox, QLineEdit, QPushButton

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
    """Hears of everything, from beside the extension: events, and layers that were placed."""

    def __init__(self, inset):
        self.events, self.placed = [], []
        self._event, self._placed = inset.event, inset._placed
        inset.event, inset._placed = self.event, self.on_placed

    def event(self, job, kind, pairs):
        self.events.append([job, kind, pairs])
        self._event(job, kind, pairs)

    def on_placed(self, placing, node, reason):
        self._placed(placing, node, reason)
        self.placed.append((placing, node, reason))

    def ended(self, job):
        return any(number == job and kind in ("done", "failed") for number, kind, _ in self.events)


def window(name):
    for widget in QApplication.topLevelWidgets():
        if widget.objectName() == name and widget.isVisible():
            return widget
    return None


def shot(name):
    QApplication.primaryScreen().grabWindow(0).save(os.path.join(OUT, name + ".png"))


def colours(inset, result):
    watch = Watch(inset)
    result["cases"] = {}
    for tag, model, depth, profile in CASES:
        document = new_document(256, 192, tag, model, depth, profile)
        before = layers(document)
        job = inset.begin("insert", picture(), document)
        count = len(watch.placed)
        yield lambda: len(watch.placed) > count or (watch.ended(job) and not inset.placings and watch.events[-1][1] == "failed")
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
