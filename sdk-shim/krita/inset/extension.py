# SPDX-License-Identifier: GPL-2.0-or-later
"""The menu entries, and what one plugin instance means for Krita: which document a job is for, its form, its progress, its layer.

All our windows are children of one of Krita's, and die with it when a person closes it. The job lives on."""

import os
import sys
import traceback

from krita import Extension, Krita
from PyQt5 import sip
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
# What a person may begin, in the order of the menu. The names are the plugin's.
MENU = ("insert", "resume", "sign-in", "sign-out", "status")
UNSETTLED = ("signing_in", "listing_sizes")  # the stages in which an insert may still ask for a size
PATIENCE = 1000  # milliseconds before a progress window appears by itself
STOPPED = ("Stopped before the picture was in the document. The licence has been charged once and stays yours, and the picture is "
           "kept. Insert it again, or choose \"Place Finished Downloads\"; that takes no second licence.")


class Progress(QProgressDialog):
    """One job's window, never in the way: not modal, not beside a form of the job, with a Cancel that asks the plugin to end. Who is
    signed in is known soon, so what is told of that waits a moment."""

    def __init__(self, parent, title, cancel):
        super().__init__("Starting", "Cancel", 0, 0, parent)
        self.setObjectName("inset-progress")
        self.setWindowTitle(title)
        self.setMinimumWidth(360)
        self.setAutoClose(False)
        self.setAutoReset(False)
        self.setMinimumDuration(24 * 3600 * 1000)  # when it is shown is decided here
        self._waiting, self._held = True, False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._show_now)
        self._patience.start(PATIENCE)
        self.canceled.connect(cancel)

    def tell(self, text, fraction, at_once):
        if self.wasCanceled():
            return
        self._waiting = self._waiting and not at_once
        self.setLabelText(text)
        if fraction is None:
            self.setRange(0, 0)
        else:
            self.setRange(0, 1000)
            self.setValue(int(min(max(fraction, 0), 1) * 1000))
        if not self._waiting and not self._held:
            self.show()

    def hold(self, held):
        self._held, self._waiting = held, False
        self._patience.stop()
        if held:
            self.hide()

    def _show_now(self):
        self._waiting = False
        self.show()


class Inset(Extension):
    def __init__(self, parent):
        super().__init__(parent)
        self._host, self._entry = None, None
        self._titles = {}      # action: its name without "…"
        self._actions = {}     # job: action
        self._documents, self._next_target = {}, 1
        self._targets = {}     # job: target
        self._rules = {}       # target: where in the document
        self._seen = set()     # jobs that have placed a picture
        self._forms = {}       # request: form
        self._progress = {}    # job: window
        self._boxes = []       # messages that are open
        self.placing, self._placed_for = None, 0  # under way, and its target
        self._stopped = set()  # targets whose picture was on its way into the document when the person said stop
        self._unwanted = set()  # targets of jobs that were cancelled while a picture of another one was
        self._asking = 0       # the job that was started last; a form is that one's
        self._choosing = 0     # the insert whose picture and size are not settled; a form with sizes is for that one

    # Krita calls these

    def setup(self):
        decoder.make_executable(FOLDER)
        QApplication.instance().aboutToQuit.connect(self._quit)
        # Downloads that were cut off are finished, and what is ready is told, once Krita has its windows.
        QTimer.singleShot(3000, self._start_quietly)

    def createActions(self, window):
        try:
            self._load()
        except (OSError, ValueError):
            return  # _start_quietly() says it, when Krita has its windows
        offered = easel.actions(self._entry)
        for name in MENU:
            if name in offered:
                label, hint = offered[name]
                self._titles[name] = label.rstrip("…")
                action = window.createAction("inset_" + name, label, "tools/scripts")
                action.setToolTip(hint)
                action.triggered.connect(lambda *_, name=name: self.choose(name))

    # The menu

    def choose(self, name):
        values, document = {}, None
        if name == "insert":
            last = Krita.instance().readSetting(SETTINGS, "generation", "")
            values, document = {"generation": last} if last else {}, Krita.instance().activeDocument()
        if self._ready():
            self._host.soon(lambda: self.begin(name, values, document))

    def begin(self, action, values, document, rule="fit"):
        """Starts a job for a document, or for a new one. The job's number, or a bad status. One insert asks at a time: the contract
        does not say which job a question belongs to."""
        if not self._ready():
            return easel.FAILED
        if action == "insert" and self._choosing:
            for form in self._forms.values():
                form.raise_()
                form.activateWindow()
            return easel.FAILED
        target, self._next_target = self._next_target, self._next_target + 1
        self._documents[target], self._rules[target] = document, rule
        job = self._host.invoke(action, target, values)
        if job > 0:
            self._targets[job], self._actions[job] = target, action
            self._asking = job
            if action == "insert":
                self._choosing = job
        return job

    def cancel(self, job):
        target = self._targets.get(job)
        if self.placing is not None and target is not None:
            # The plugin, which is waiting for that picture, hears of it later, and may have another one at hand.
            if self._placed_for == target:
                self._stopped.add(target)
                self.placing.abandon("cancelled")
            else:
                self._unwanted.add(target)
        self._host.cancel(job)

    # The plugin's listener

    def place(self, target, picture, name, facts):
        if target in self._unwanted:
            self._stopped.add(target)
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
            window = self._progress_of(job)
            if window is None:
                window = self._progress[job] = Progress(self._window(), self._title(job), lambda: self.cancel(job))
            fraction = values.get("fraction")
            stage = values.get("stage", "")
            # Signing in, signing out and asking who it is are one stage.
            account = stage == "signing_in"
            if job == self._choosing and stage not in UNSETTLED:
                self._choosing = 0
            text = account and values.get("text") or stage.replace("_", " ").capitalize()
            window.tell(text, float(fraction) if fraction else None, not account)
        elif kind == "told":
            self._say(values.get("title", "Inset"), values.get("text", ""), QMessageBox.Information)
        elif kind == "placed":
            self._seen.add(job)
            if values.get("note"):
                self._say(self._title(job), values["note"], QMessageBox.Information)
        elif kind == "rests" and self._targets.get(job) not in self._stopped:
            self._say(self._title(job), values.get("message", ""), QMessageBox.Warning)
        elif kind in ("done", "failed"):
            self._over(job, kind, pairs)

    def ask(self, request, title, accept, fields):
        form = self._forms.get(request)
        target = form.target if form is not None else self._targets.get(self._choosing, 0)
        shown = [FieldCopy(field) for field in fields]
        self._add_placement(shown, target)
        if form is None:
            form = Form(self._window(), lambda accepted, values: self._answer(request, target, accepted, values),
                        lambda key, value: key != PLACEMENT and self._host.changed(request, key, value))
            form.target, form.job = target, self._asking
            self._forms[request] = form
        self._hold_progress(form, True)
        form.show_fields(title, accept, shown)

    def dismiss(self, request):
        form = self._forms.pop(request, None)
        if form is not None:
            self._hold_progress(form, False)
            form.take_away()

    # Inside

    def _load(self):
        """Starts nothing."""
        if self._entry is None:
            self._entry = easel.load(os.path.join(FOLDER, "inset.so"))

    def _ready(self):
        if self._host is None:
            try:
                self._load()
                self._host = PluginHost(self._entry, Krita.instance().version(), self)
            except (OSError, ValueError) as problem:
                self._say("Inset", str(problem), QMessageBox.Critical)
        return self._host is not None

    def _title(self, job):
        return self._titles.get(self._actions.get(job), "Inset")

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

    def _add_placement(self, fields, target):
        # Behind the sizes, once they are there, and only where there is a document to be placed in.
        for i, field in enumerate(fields):
            if field.key == "size" and is_open(self._documents.get(target)):
                fields.insert(i + 1, FieldCopy.of_choices(PLACEMENT, "Placement", "Nothing is cut off: what hangs over the edge "
                                                          "stays in the layer.", "fit", RULES))
                return

    def _progress_of(self, job):
        """Its window, unless that went with Krita's."""
        window = self._progress.get(job)
        return None if window is None or sip.isdeleted(window) else window

    def _hold_progress(self, form, held):
        window = self._progress_of(form.job)
        if window is not None:
            window.hold(held)

    def _answer(self, request, target, accepted, values):
        self._hold_progress(self._forms.pop(request), False)
        if PLACEMENT in values:
            self._rules[target] = values.pop(PLACEMENT)
        if accepted and values.get("generation"):
            Krita.instance().writeSetting(SETTINGS, "generation", values["generation"])
        self._host.answer(request, accepted, values)

    def _over(self, job, kind, pairs):
        target, title = self._targets.pop(job, 0), self._title(job)
        self._actions.pop(job, None)
        self._documents.pop(target, None)
        self._rules.pop(target, None)
        values = dict(pairs)
        # A picture speaks for itself; who is signed in, or that there was nothing to place, does not.
        if kind == "done" and job not in self._seen and values.get("text"):
            self._say(title, values["text"], QMessageBox.Information)
        self._seen.discard(job)
        if job == self._choosing:
            self._choosing = 0
        # A job that was cancelled before anything was ordered needs no words.
        if kind == "failed" and not (values.get("cause") == "cancelled" and values.get("paid") == "no"):
            sizes = [value for key, value in pairs if key == "choice"]
            message = STOPPED if target in self._stopped else values.get("message", "")
            self._say(title, "\n".join([message, *sizes]), QMessageBox.Warning)
        self._stopped.discard(target)
        self._unwanted.discard(target)
        window = self._progress_of(job)
        self._progress.pop(job, None)
        if window is not None:
            window.blockSignals(True)
            window.close()
            window.deleteLater()

    def _say(self, title, text, icon):
        box = QMessageBox(icon, title, text, QMessageBox.Close, self._window())
        box.setObjectName("inset-message")
        box.setModal(False)
        box.show()
        self._boxes = [other for other in self._boxes if not sip.isdeleted(other) and other.isVisible()] + [box]
