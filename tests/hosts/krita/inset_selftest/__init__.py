# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs scenes inside Krita: generators in scenes.py. What they yield is awaited: a function is asked until it answers something true.
What they write down goes to result.json.

One scene that INSET_SELFTEST names, and then Krita is told to quit; or, with a folder INSET_SELFTEST_QUEUE, one after the other as the
test puts orders there, each with an environment, a plugin instance and documents of its own."""

import faulthandler
import importlib.util
import json
import os
import sys
import time
import traceback

from krita import Extension, Krita
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication

PATIENCE = 150  # seconds for one wait
SETTLING = 500  # milliseconds
faulthandler.enable()
OF_A_SCENE = ("INSET_", "SELFTEST_")


class SelfTest(Extension):
    def setup(self):
        self.queue = os.environ.get("INSET_SELFTEST_QUEUE")
        if self.queue or os.environ.get("INSET_SELFTEST"):
            self.timer = QTimer()
            self.timer.timeout.connect(self.look_for_window)
            self.timer.start(100)

    def createActions(self, window):
        pass

    def look_for_window(self):
        window = Krita.instance().activeWindow()
        if window is None or not window.qwindow().isVisible():
            return
        self.timer.stop()
        # What Krita does next itself comes first.
        QTimer.singleShot(500, self.look_for_order if self.queue else self.begin)

    def look_for_order(self):
        path = os.path.join(self.queue, "order.json")
        if not os.path.exists(path):
            return QTimer.singleShot(50, self.look_for_order)
        with open(path) as file:
            order = json.load(file)
        os.remove(path)
        if order is None:
            return Krita.instance().action("file_quit").trigger()
        for name in [name for name in os.environ if name.startswith(OF_A_SCENE)]:
            del os.environ[name]
        os.environ.update(order)
        self.begin()

    def begin(self):
        self.result = {"ok": False}
        try:
            spec = importlib.util.spec_from_file_location("scenes", os.environ["INSET_SELFTEST_SCENES"])
            scenes = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(scenes)
            self.inset = next(each for each in Krita.instance().extensions() if type(each).__name__ == "Inset")
            self.module = sys.modules[type(self.inset).__module__]
            self.placing = self.module.Placing
            if self.queue:
                self.tidy()
            self.steps = getattr(scenes, os.environ["INSET_SELFTEST"])(self.inset, self.result)
        except Exception:
            return self.end(traceback.format_exc())
        self.condition, self.since = None, time.monotonic()
        self.timer = QTimer()
        self.timer.timeout.connect(self.step)
        self.timer.start(20)

    def step(self):
        try:
            value = True
            if self.condition is not None:
                value = self.condition()
                if not value and time.monotonic() - self.since < PATIENCE:
                    return
                if not value:
                    return self.end("waited in vain at line %d" % self.steps.gi_frame.f_lineno)
            self.condition, self.since = self.steps.send(None if self.condition is None else value), time.monotonic()
        except StopIteration:
            self.result["ok"] = True
            self.end("")
        except Exception:
            self.end(traceback.format_exc())

    def tidy(self):
        """As if Krita had just been started: no document, no window of the plugin's, no instance of it."""
        inset = self.inset
        for form in inset._forms.values():
            form.take_away()
        for kept in (inset._forms, inset._progress, inset._targets, inset._actions, inset._documents, inset._rules, inset._seen,
                     inset._stopped):
            kept.clear()
        inset._choosing = 0
        if inset._host is not None:
            inset._host.destroy()
            inset._host = None
        for window in QApplication.topLevelWidgets():
            if window.objectName().startswith("inset-"):
                window.blockSignals(True)
                window.close()
        for document in Krita.instance().documents():
            document.setBatchmode(True)
            document.waitForDone()
            document.setModified(False)
            document.close()
        vars(inset).pop("event", None)  # a scene may have listened
        self.module.Placing = self.placing
        Krita.instance().writeSetting("inset", "generation", "")

    def end(self, problem):
        self.timer.stop()
        self.result["problem"] = problem
        if self.queue:
            # Krita does not bear a document that is closed before it has come to rest.
            return QTimer.singleShot(SETTLING, self.leave)
        self.write()
        for document in Krita.instance().documents():
            document.setBatchmode(True)
            document.setModified(False)
        QTimer.singleShot(self.result.get("grace", 200), lambda: Krita.instance().action("file_quit").trigger())

    def leave(self):
        self.tidy()
        self.write()
        QTimer.singleShot(SETTLING, self.look_for_order)

    def write(self):
        path = os.path.join(os.environ["INSET_SELFTEST_OUT"], "result.json")
        with open(path + ".new", "w") as file:
            json.dump(self.result, file)
        os.rename(path + ".new", path)


Krita.instance().addExtension(SelfTest(Krita.instance()))
