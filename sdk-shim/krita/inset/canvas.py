# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts one picture into a document: a paint layer that is filled before it is added, so that adding it is the one step that Undo takes
back.

A large picture takes longer than a window may stand still, so the work is done in turns of a timer, in an event loop of its own inside
the plugin's call. The plugin hears that the picture is placed when it is in the document, and not before: what a crash or the end of
Krita cuts off counts as not placed.
"""

import json
import time

from krita import Krita
from PyQt5.QtCore import QByteArray, QEventLoop, QTimer

from .pixels import bands
from .placement import place

SRGB = "sRGB-elle-V2-srgbtrc.icc"
PLAIN = ("RGBA", "U8", SRGB)

SLICE = 0.01  # seconds of work before Krita gets its turn
RESOLUTION = 300.0
CLOSED = "Krita was closed"


def is_open(document):
    return document is not None and any(document == other for other in Krita.instance().documents())


class Placing:
    """`document` may be None, or be closed meanwhile: then the picture opens as a new document."""

    def __init__(self, document, picture, name, facts, rule):
        self._document, self._fresh = document, None
        self._picture, self._name, self._facts, self._rule = picture, name, facts, rule
        self.node, self.reason = None, CLOSED
        # Seconds of the processor: our part of the longest turn, and the longest band that Krita took. It is quick but for the rare
        # moment when it makes room for more. And seconds of the clock that Krita took for the rest.
        self.longest_turn = self.longest_band = self.insertion = 0.0
        self._timer = QTimer()
        self._timer.timeout.connect(self._turn)
        self._loop = QEventLoop()

    def run(self):
        """Whether the layer, `node`, is in the document now; else `reason` says why not, in words. Krita lives on meanwhile: whoever
        calls this must be ready to be called."""
        self._begin()
        self._timer.start(0)
        self._loop.exec_()
        self._timer.stop()
        if self.node is None and self._fresh is not None:
            self._fresh.close()
        return self.node is not None

    def abandon(self, reason):
        """Ends run() without a layer, unless that is there."""
        self._end(None, reason)

    def _begin(self):
        if not is_open(self._document):
            self._document = None
        picture = self._picture
        if self._document is None:
            # Nobody sees it before it is filled.
            self._fresh = Krita.instance().createDocument(picture.width, picture.height, self._name, *PLAIN, RESOLUTION)
            self._node = self._fresh.topLevelNodes()[0]
            self._node.setName(self._name)
            self._box = 0, 0, picture.width, picture.height
        else:
            document = self._document
            chosen = document.selection()
            selection = (chosen.x(), chosen.y(), chosen.width(), chosen.height()) if chosen else None
            self._node = document.createNode(self._name, "paintlayer")
            self._box = place(self._rule, picture.width, picture.height, (0, 0, document.width(), document.height()), selection)
            if self._colours() != PLAIN:
                self._node.setColorSpace(*PLAIN)
        self._filled, self.rows = False, 0
        self._bands = bands(picture, self._box[2], self._box[3])

    def _colours(self):
        return self._document.colorModel(), self._document.colorDepth(), self._document.colorProfile()

    def _turn(self):
        worked, kritas = time.thread_time(), 0.0
        try:
            if not Krita.instance().windows():
                self._end(None, CLOSED)
            elif self._document is not None and not is_open(self._document):
                self._begin()
            elif self._filled:
                # A turn of its own: all that it does is Krita's work.
                began = time.monotonic()
                self._timer.stop()
                self._insert()
                self.insertion = time.monotonic() - began
                worked = time.thread_time()
                self._end(self._node, "")
            else:
                kritas = self._fill()
        except Exception as problem:
            self._end(None, str(problem))
        finally:
            self.longest_turn = max(self.longest_turn, time.thread_time() - worked - kritas)

    def _fill(self):
        """Some bands; how long Krita had them."""
        began, kritas = time.monotonic(), 0.0
        while time.monotonic() - began < SLICE:
            band = next(self._bands, False)
            if band is False:
                self._filled = True
                break
            if band is not None:
                top, rows, data = band
                data, before = QByteArray(data), time.thread_time()
                self._node.setPixelData(data, self._box[0], self._box[1] + top, self._box[2], rows)
                took = time.thread_time() - before
                kritas += took
                self.longest_band = max(self.longest_band, took)
                self.rows = top + rows
        return kritas

    def _insert(self):
        fresh = self._document is None
        document = self._fresh if fresh else self._document
        if fresh:
            document.refreshProjection()
            window = Krita.instance().activeWindow() or Krita.instance().openWindow()
            window.addView(document)
        else:
            if self._colours() != PLAIN:
                self._node.setColorSpace(*self._colours())
            active = document.activeNode()
            parent = (active.parentNode() if active else None) or document.rootNode()
            if not parent.addChildNode(self._node, active) and not document.rootNode().addChildNode(self._node, None):
                raise RuntimeError("Krita did not take the layer")
            document.setActiveNode(self._node)
        facts = json.dumps(self._facts, indent=1, sort_keys=True).encode()
        document.setAnnotation("inset-asset-" + self._facts.get("asset_id", "unknown"), "Licensed picture", QByteArray(facts))

    def _end(self, node, reason):
        self._timer.stop()
        if self.node is None:
            self.node, self.reason = node, reason
        self._loop.quit()
