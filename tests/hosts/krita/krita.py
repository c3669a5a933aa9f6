# SPDX-License-Identifier: GPL-2.0-or-later
"""Krita as the tests drive it: under an X server of its own, with the plugin installed and a scene to play."""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "gimp"))
import desk  # noqa: E402
from screen import Screen  # noqa: E402

INSTALL = os.path.join(desk.ROOT, "dist", "install-krita")

_home = None


def home():
    """A person's folder with the plugin in it, and the one that plays scenes."""
    global _home
    if _home is None:
        made = desk.folder("krita-home")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        subprocess.run([INSTALL, "--build", desk.BUILD], env=dict(clean, HOME=made), check=True, stdout=subprocess.DEVNULL)
        add_selftest(made)
        _home = made
    return _home


def add_selftest(to):
    plugins = os.path.join(to, ".local", "share", "krita", "pykrita")
    shutil.copytree(os.path.join(HERE, "inset_selftest"), os.path.join(plugins, "inset_selftest"))
    shutil.copy(os.path.join(HERE, "inset_selftest.desktop"), plugins)
    with open(os.path.join(to, ".config", "kritarc"), "a") as settings:
        settings.write("enable_inset_selftest=true\n")


def environment(scene, stand_in, data, out, of=None, **more):
    return {**desk.environment(of or home(), stand_in, data), "INSET_SELFTEST": scene, "INSET_SELFTEST_OUT": out,
            "INSET_SELFTEST_SCENES": os.path.join(HERE, "scenes.py"), "INSET_SELFTEST_SERVICE": stand_in.folder, **more}


def run(scene, stand_in, data, out, of=None, **more):
    """Starts Krita, of another person if one is named; it plays the scene and quits by itself. How it ended."""
    variables = environment(scene, stand_in, data, out, of, **more)
    with Screen(manager=False) as screen, open(os.path.join(out, "log"), "w") as log:
        return subprocess.run(["timeout", "-k", "5", "280", "krita", "--nosplash"], env=dict(variables, DISPLAY=screen.display),
                              stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT).returncode


def run_to_death(scene, stand_in, data, out):
    """The scene kills Krita; where it does, it leaves a file."""
    status = run(scene, stand_in, data, out)
    if not os.path.exists(os.path.join(out, "killed")):
        with open(os.path.join(out, "log")) as log:
            raise AssertionError(f"Krita ended too early, with {status}:\n{log.read()}")


def play(scene, stand_in, data, out, **more):
    """What the scene wrote down, in a Krita of its own."""
    if os.path.exists(os.path.join(out, "result.json")):
        os.remove(os.path.join(out, "result.json"))  # of an earlier start
    status = run(scene, stand_in, data, out, **more)
    return result_of(out, status, os.path.join(out, "log"))


def result_of(out, status, log_path):
    path = os.path.join(out, "result.json")
    shots = os.path.join(desk.BUILD, "screenshots")  # to be looked at
    os.makedirs(shots, exist_ok=True)
    for name in os.listdir(out):
        if name.startswith("krita-"):
            shutil.copy(os.path.join(out, name), shots)
    with open(log_path) as log:
        said = log.read()
    if not os.path.exists(path):
        raise AssertionError(f"Krita ended with {status} and no result:\n{said}")
    with open(path) as file:
        result = json.load(file)
    if not result["ok"] or status != 0:
        raise AssertionError(f"Krita ended with {status}: {result['problem']}\n{result}\n{said}")
    return result


class Stage:
    """One Krita that plays scene after scene: starting it takes longer than most of them."""

    def __init__(self):
        self.queue = desk.folder("krita-queue")
        self.log_path = os.path.join(self.queue, "log")
        self.screen, self.log = Screen(manager=False), open(self.log_path, "w")
        variables = desk.environment(home(), None, desk.folder("krita-queue-data"))
        variables.update(INSET_SELFTEST_QUEUE=self.queue, DISPLAY=self.screen.display)
        self.process = subprocess.Popen(["timeout", "-k", "5", "850", "krita", "--nosplash"], env=variables, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=subprocess.STDOUT)

    def order(self, what):
        path = os.path.join(self.queue, "order.json")
        with open(path + ".new", "w") as file:
            json.dump(what, file)
        os.rename(path + ".new", path)

    def play(self, scene, stand_in, data, out, **more):
        """What the scene wrote down."""
        wanted = {name: value for name, value in environment(scene, stand_in, data, out, **more).items()
                  if name.startswith(("INSET_", "SELFTEST_"))}
        self.order(wanted)
        desk.wait_for(lambda: os.path.exists(os.path.join(out, "result.json")) or self.process.poll() is not None, 280, scene)
        return result_of(out, self.process.poll() or 0, self.log_path)

    def end(self):
        """How Krita ended."""
        if self.process.poll() is None:
            self.order(None)
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()
            self.log.close()
            self.screen.__exit__()
