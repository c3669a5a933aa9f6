# SPDX-License-Identifier: GPL-2.0-or-later
"""The host side of the contract: one plugin instance, pumped by a timer.

The plugin calls only from inside our calls into it, on Krita's main thread, so no lock is needed. `wake` is null: a thread of the
plugin's never runs Python. No exception may reach C, so each callback ends in a guard. Krita's event loop turns inside place(), so a
click may come while the plugin is calling us; what it asks of the plugin waits until that call is over.
"""

import ctypes
import sys
import traceback

from PyQt5.QtCore import QTimer

from . import easel

# In milliseconds. What an earlier run left behind is finished without a job of ours, so the plugin may have something to tell at
# any time; that can wait longer than what a person is looking at.
PERIOD, IDLE_PERIOD = 50, 1000


class PluginHost:
    """`listener` has place(target, image, asset), ask(request, title, accept, fields), dismiss(request) and
    event(job, kind, pairs), each called from inside pump(). Only place() answers: whether the picture is on the canvas."""

    def __init__(self, entry, release, listener):
        self._listener = listener
        self._entry = entry
        self._pumping, self._waiting = False, []
        self._timer = QTimer()
        self._timer.timeout.connect(self.pump)

        # C keeps the addresses of all of these.
        self._canvas = easel.Canvas(easel.Place(self._place), easel.Opened())
        self._report = easel.Report(easel.Event(self._event))
        self._form = easel.Form(easel.Ask(self._ask), easel.Dismiss(self._dismiss))
        self._abilities = {easel.CANVAS: self._canvas, easel.REPORT: self._report, easel.FORM: self._form}
        self._host = easel.Host(version=easel.Version(easel.VERSION_MAJOR, easel.VERSION_MINOR), name=b"Krita",
                                release=release.encode(), get=easel.Get(self._get), log=easel.Log(self._log))
        self._plugin = self._entry.create(ctypes.byref(self._host))
        if not self._plugin:
            raise ValueError("Inset could not be started")

    # What Krita asks of the plugin

    def start(self):
        """Pumps often, until nothing is open any more; then now and then."""
        self._timer.start(PERIOD)

    def soon(self, call):
        """Calls at once, or, while the plugin is calling us, as soon as that is over."""
        if self._pumping:
            self._waiting.append(call)
        else:
            call()

    def invoke(self, action, target, values):
        """The job's number. Not while the plugin is calling us: see soon()."""
        if not self._plugin:
            return easel.FAILED
        pairs = easel.pairs(values)
        job = self._plugin.contents.invoke(self._plugin, action.encode(), target, pairs, len(pairs))
        self.start()
        return job

    def answer(self, request, accepted, values):
        pairs = easel.pairs(values)
        self.soon(lambda: self._call("answer", request, int(accepted), pairs, len(pairs)))

    def changed(self, request, key, value):
        self.soon(lambda: self._call("changed", request, key.encode(), value.encode()))

    def cancel(self, job=0):
        self.soon(lambda: self._call("cancel", job))

    def _call(self, function, *arguments):
        if self._plugin:
            getattr(self._plugin.contents, function)(self._plugin, *arguments)
            self.start()

    def pump(self):
        # The timer also fires in the event loop inside one of our callbacks; then it has to come again.
        if self._pumping or not self._plugin:
            return
        self._pumping = True
        try:
            if self._plugin.contents.pump(self._plugin) == 0 and self._timer.interval() != IDLE_PERIOD:
                self._timer.start(IDLE_PERIOD)
        finally:
            self._pumping = False
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def destroy(self):
        self._timer.stop()
        plugin, self._plugin = self._plugin, None
        if plugin and not self._pumping:
            plugin.contents.destroy(plugin)

    # What the plugin asks of Krita

    def _get(self, _host, name):
        ability = self._abilities.get(name)
        return ctypes.addressof(ability) if ability is not None else None

    def _log(self, _host, level, text):
        if level >= easel.WARNING:
            print("inset: " + easel.text(text), file=sys.stderr)

    def _place(self, _host, target, image, asset):
        try:
            taken = easel.Image()
            ctypes.pointer(taken)[0] = image.contents
            if taken.format != easel.RGBA8 or not taken.pixels:
                return easel.UNSUPPORTED
            facts = asset.contents
            known = dict(easel.read_pairs(facts.facts, facts.fact_count), original=easel.text(facts.path))
            if not self._listener.place(target, taken, easel.text(facts.name), known):
                return easel.FAILED
            taken.release(ctypes.byref(taken))
            return easel.OK
        except Exception:
            traceback.print_exc()
            return easel.FAILED

    def _event(self, _host, job, kind, pairs, count):
        try:
            self._listener.event(job, easel.text(kind), easel.read_pairs(pairs, count))
        except Exception:
            traceback.print_exc()

    def _ask(self, _host, request, title, accept, fields, count):
        try:
            self._listener.ask(request, easel.text(title), easel.text(accept), fields[:count])
            return easel.OK
        except Exception:
            traceback.print_exc()
            return easel.FAILED

    def _dismiss(self, _host, request):
        try:
            self._listener.dismiss(request)
        except Exception:
            traceback.print_exc()
