# SPDX-License-Identifier: GPL-2.0-or-later
"""An X server of the test's own, with a window manager, a keyboard and a pointer. What is done is awaited, for as long as a busy
computer needs."""

import os
import random
import re
import signal
import subprocess
import time

import desk

WIDTH, HEIGHT = 1400, 900
PATIENCE = 90  # seconds


class Screen:
    def __init__(self, manager=True):
        # Servers that look for a free number at one moment may take the same; one chosen by chance is nobody else's.
        for _ in range(20):
            if self._start(random.randrange(1000, 50000)):
                break
        self.manager = None
        if not manager:
            return
        # Without one the focus is nobody's.
        self.manager = subprocess.Popen(["openbox"], env=self.variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            desk.wait_for(lambda: "window id" in self.run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"), PATIENCE, "the window manager")
        except AssertionError:
            self.__exit__()
            raise

    def _start(self, number):
        # Without -noreset it starts anew when a program that looked at it was its only one, and takes down who comes just then.
        read, write = os.pipe()
        self.server = subprocess.Popen(["Xvfb", f":{number}", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24",
                                        "-nolisten", "tcp", "-noreset"], pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as said:
            up = said.readline().strip() == str(number)
        if not up:
            self.server.kill()
            self.server.wait()
        self.display = f":{number}"
        self.variables = dict(os.environ, DISPLAY=self.display, HOME=desk.folder("home"))
        return up

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in filter(None, (self.manager, self.server)):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, *words, check=True):
        return subprocess.run(["timeout", "60", *words], env=self.variables, capture_output=True, text=True, check=check).stdout.strip()

    def windows(self, name):
        """The numbers of the visible windows whose title holds this."""
        return self.run("xdotool", "search", "--onlyvisible", "--name", name, check=False).split()

    def wait_window(self, name):
        return desk.wait_for(lambda: self.windows(name), PATIENCE, f"a window {name!r}")[-1]

    def wait_gone(self, name):
        desk.wait_for(lambda: not self.windows(name), PATIENCE, f"the end of the window {name!r}")

    def focus(self, window):
        """Keys go to this window from now on."""
        def has_it():
            if self.run("xdotool", "getwindowfocus", check=False) == window:
                return True
            self.run("xdotool", "windowactivate", window, check=False)
            return False

        desk.wait_for(has_it, PATIENCE, "the keyboard's focus")

    def key(self, *keys):
        for key in keys:
            self.run("xdotool", "key", "--clearmodifiers", key)
            time.sleep(0.25)  # between keys, as a person types: a menu must open before it has an item to choose

    def type(self, text):
        self.run("xdotool", "type", "--delay", "15", text)

    def click(self, x, y):
        self.run("xdotool", "mousemove", str(x), str(y), "click", "1")

    def maximize(self, window):
        self.run("wmctrl", "-i", "-r", window, "-b", "add,maximized_vert,maximized_horz")
        width = re.compile(r"Width: (\d+)")
        desk.wait_for(lambda: int(width.search(self.run("xwininfo", "-id", window)).group(1)) > WIDTH - 20, PATIENCE, "the large window")

    def shot(self, name):
        """To be looked at, not compared. What was drawn last may still be on its way."""
        time.sleep(0.5)
        folder = os.path.join(desk.BUILD, "screenshots")
        os.makedirs(folder, exist_ok=True)
        self.run("import", "-window", "root", os.path.join(folder, name + ".png"))
