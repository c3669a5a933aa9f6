# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a scene inside Krita: the generator that INSET_SELFTEST names in scenes.py. What it yields is awaited: a function is asked
until it answers something true. What it writes down goes to result.json, and then Krita is told to quit."""

import importlib.util
import json
import os
import time
import traceback

from krita import Extension, Krita
from PyQt5.QtCore import QTimer

PATIENCE = 150  # seconds for one wait


class SelfTest(Extension):
    def setup(self):
        if os.environ.get("INSET_SELFTEST"):
            QTimer.singleShot(4000, self.begin)

    def createActions(self, window):
        pass

    def begin(self):
        self.result = {"ok": False}
        try:
            spec = importlib.util.spec_from_file_location("scenes", os.environ["INSET_SELFTEST_SCENES"])
            scenes = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(scenes)
            inset = next(each for each in Krita.instance().extensions() if type(each).__name__ == "Inset")
            self.steps = getattr(scenes, os.environ["INSET_SELFTEST"])(inset, self.result)
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

    def end(self, problem):
        if hasattr(self, "timer"):
            self.timer.stop()
        self.result["problem"] = problem
        path = os.path.join(os.environ["INSET_SELFTEST_OUT"], "result.json")
        with open(path + ".new", "w") as file:
            json.dump(self.result, file)
        os.rename(path + ".new", path)
        for document in Krita.instance().documents():
            document.setBatchmode(True)
            document.setModified(False)
        QTimer.singleShot(self.result.get("grace", 200), lambda: Krita.instance().action("file_quit").trigger())


Krita.instance().addExtension(SelfTest(Krita.instance()))
