# SPDX-License-Identifier: GPL-2.0-or-later
"""The menu entries, and what one plugin instance means for Krita: which document a job is for, its form, its progress, its layer."""

import os
import sys
import traceback

from krita import Extension, Krita
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QMessageBox, QProgressDialog

from . import decoder, easel
from .canvas import Placing, is_open
from .form import FieldCopy, Form
from .host import PluginHost
from .placement import RULES

FOLDER = os.path.dirname(os.path.abspath(__file__))
PLACEMENT = "krita-placement"
SETTINGS = "inset"
STOPPED = ("Stopped before the picture was in the document. The licence has been charged once and stays yours, and the picture is "
           "kept. Insert it again, or choose \"Place Finished Downloads\"; that takes no second licence.")


class Progress(QProgressDialog):
    """One job's window, never in the way: not modal, with a Cancel that asks the plugin to end."""

    def __init__(self, parent, cancel):
        super().__init__("Starting", "Cancel", 0, 0, parent)
        self.setObjectName("inset-progress")
        self.setWindowTitle("Generated Image")
        self.setMinimumWidth(360)
        self.setAutoClose(False)
        self.setAutoReset(False)
        self.setMinimumDuration(0)
        self.canceled.connect(cancel)

    def tell(self, stage, fraction):
        if self.wasCanceled():
            return
        self.setLabelText(stage.replace("_", " ").capitalize())
        if fraction is None:
            self.setRange(0, 0)
        else:
            self.setRange(0, 1000)
            self.setValue(int(min(max(fraction, 0), 1) * 1000))
        self.show()


class Inset(Extension):
    def __init__(self, parent):
        super().__init__(parent)
        self._host = None
        self._documents, self._next_target = {}, 1
        self._targets = {}     # job: target
        self._rules = {}       # target: where in the document
        self._forms = {}       # request: form
        self._progress = {}    # job: window
        self.placing, self._placed_for = None, 0  # under way, and its target
        self._stopped = set()  # targets whose picture was on its way into the document when the person said stop
        self._asking_for = 0   # the target of the job that was started last; a form is for that one

    # Krita calls these

    def setup(self):
        decoder.make_executable(FOLDER)
        QApplication.instance().aboutToQuit.connect(self._quit)
        # Downloads that were cut off are finished, and what is ready is told, once Krita has its windows.
        QTimer.singleShot(3000, self._start_quietly)

    def createActions(self, window):
        for name, label, slot in (("inset_insert", "Generated Image…", self.insert),
                                  ("inset_resume", "Place Finished Downloads", self.resume)):
            action = window.createAction(name, label, "tools/scripts")
            action.triggered.connect(slot)

    # The menu

    def insert(self, *_):
        last = Krita.instance().readSetting(SETTINGS, "generation", "")
        document = Krita.instance().activeDocument()
        if self._ready():
            self._host.soon(lambda: self.begin("insert", {"generation": last} if last else {}, document))

    def resume(self, *_):
        if self._ready():
            self._host.soon(lambda: self.begin("resume", {}, None))

    def begin(self, action, values, document, rule="fit"):
        """Starts a job for a document, or for a new one. The job's number, or a bad status."""
        if not self._ready():
            return easel.FAILED
        target, self._next_target = self._next_target, self._next_target + 1
        self._documents[target], self._rules[target] = document, rule
        self._asking_for = target
        job = self._host.invoke(action, target, values)
        if job > 0:
            self._targets[job] = target
        return job

    def cancel(self, job):
        if self.placing is not None and self._placed_for == self._targets.get(job):
            self._stopped.add(self._placed_for)
            self.placing.abandon("cancelled")
        self._host.cancel(job)

    # The plugin's listener

    def place(self, target, picture, name, facts):
        if target in self._stopped:
            return False
        self.placing = Placing(self._documents.get(target), picture, name or "Generated picture", facts,
                               self._rules.get(target, "fit"))
        self._placed_for = target
        try:
            taken = self.placing.run()
            if not taken:
                print("inset: the layer was not made: " + self.placing.reason, file=sys.stderr)
            return taken
        finally:
            self.placing = None

    def event(self, job, kind, pairs):
        values = dict(pairs)
        if kind == "progress":
            if job not in self._progress:
                self._progress[job] = Progress(self._window(), lambda: self.cancel(job))
            fraction = values.get("fraction")
            self._progress[job].tell(values.get("stage", ""), float(fraction) if fraction else None)
        elif kind == "told":
            self._say(values.get("title", "Inset"), values.get("text", ""), QMessageBox.Information)
        elif kind == "placed" and values.get("note"):
            self._say("Generated Image", values["note"], QMessageBox.Information)
        elif kind == "rests" and self._targets.get(job) not in self._stopped:
            self._say("Generated Image", values.get("message", ""), QMessageBox.Warning)
        elif kind in ("done", "failed"):
            self._over(job, kind, pairs)

    def ask(self, request, title, accept, fields):
        shown = [FieldCopy(field) for field in fields]
        self._add_placement(shown)
        form = self._forms.get(request)
        if form is None:
            target = self._asking_for
            form = Form(self._window(), lambda accepted, values: self._answer(request, target, accepted, values),
                        lambda key, value: key != PLACEMENT and self._host.changed(request, key, value))
            self._forms[request] = form
        form.show_fields(title, accept, shown)

    def dismiss(self, request):
        form = self._forms.pop(request, None)
        if form is not None:
            form.take_away()

    # Inside

    def _ready(self):
        if self._host is None:
            try:
                self._host = PluginHost(os.path.join(FOLDER, "inset.so"), Krita.instance().version(), self)
            except (OSError, ValueError) as problem:
                self._say("Inset", str(problem), QMessageBox.Critical)
        return self._host is not None

    def _start_quietly(self):
        try:
            if self._ready():
                self._host.start()
        except Exception:
            traceback.print_exc()

    def _quit(self):
        if self._host is not None:
            self._host.destroy()

    def _window(self):
        window = Krita.instance().activeWindow()
        return window.qwindow() if window else None

    def _add_placement(self, fields):
        # Behind the sizes, once they are there, and only where there is a document to be placed in.
        for i, field in enumerate(fields):
            if field.key == "size" and is_open(self._documents.get(self._asking_for)):
                fields.insert(i + 1, FieldCopy.of_choices(PLACEMENT, "Placement", "Nothing is cut off: what hangs over the edge "
                                                          "stays in the layer.", "fit", RULES))
                return

    def _answer(self, request, target, accepted, values):
        self._forms.pop(request, None)
        self._rules[target] = values.pop(PLACEMENT, "fit")
        if accepted and values.get("generation"):
            Krita.instance().writeSetting(SETTINGS, "generation", values["generation"])
        self._host.answer(request, accepted, values)

    def _over(self, job, kind, pairs):
        target = self._targets.pop(job, 0)
        self._documents.pop(target, None)
        self._rules.pop(target, None)
        window = self._progress.pop(job, None)
        if window is not None:
            window.blockSignals(True)
            window.close()
            window.deleteLater()
        values = dict(pairs)
        # A job that was cancelled before anything was ordered needs no words.
        if kind == "failed" and not (values.get("cause") == "cancelled" and values.get("paid") == "no"):
            sizes = [value for key, value in pairs if key == "choice"]
            message = STOPPED if target in self._stopped else values.get("message", "")
            self._say("Generated Image", "\n".join([message, *sizes]), QMessageBox.Warning)
        self._stopped.discard(target)

    def _say(self, title, text, icon):
        box = QMessageBox(icon, title, text, QMessageBox.Close, self._window())
        box.setObjectName("inset-message")
        box.setModal(False)
        box.show()
        self._boxes = [other for other in getattr(self, "_boxes", []) if other.isVisible()] + [box]
