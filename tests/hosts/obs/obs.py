# SPDX-License-Identifier: GPL-2.0-or-later
"""The real OBS program as the tests drive it: a fresh profile, the menu and the forms by their accessible names, and
obs-websocket. Needs an X display and a D-Bus session of its own (xvfb-run, dbus-run-session)."""

import base64
import io
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid

import gi
import numpy
import pyatspi
import websocket
from PIL import Image

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "gimp"))
import desk  # noqa: E402

wait_for = desk.wait_for
GLOBAL = """[General]
FirstRun=true
LastVersion=999999999
InfoIncrement=99
EnableAutoUpdates=false
ConfirmOnExit=false
[Basic]
Profile=ci
ProfileDir=ci
SceneCollection=ci
SceneCollectionFile=ci
[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort={port}
AlertsEnabled=false
AuthRequired=false
"""
# Recordings are small, so that making them takes little of a computer that draws by itself.
PROFILE = """[General]
Name=ci
[Video]
BaseCX=1280
BaseCY=720
OutputCX=320
OutputCY=180
FPSType=0
FPSCommon=30
[Output]
Mode=Simple
[SimpleOutput]
FilePath={recordings}
RecFormat=mkv
RecQuality=Stream
StreamEncoder=x264
"""


def output_of(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def qt_of_obs():
    """5 or 6."""
    return 6 if "libQt6Widgets" in output_of("ldd", shutil.which("obs")) else 5


def install(home, *words):
    """As the person would, for the OBS of this home; the folder of the plugin's libraries."""
    subprocess.run([os.path.join(desk.ROOT, "dist", "install-obs"), *(words or ("--build", desk.BUILD))], check=True,
                   env=dict(os.environ, HOME=home), stdout=subprocess.DEVNULL)
    return os.path.join(home, ".config", "obs-studio", "plugins", "inset-obs", "bin", "64bit", "inset")


class Windows:
    """A window manager, which dialogs need to get the focus."""

    def __init__(self):
        self.process = subprocess.Popen(["openbox"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def end(self):
        self.process.terminate()
        self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


# Where the items of the menus are.
MENU = {"frame", "menu bar", "menu", "popup menu", "menu item"}
# How newer versions of AT-SPI call it.
NEWER = {"button": "push button"}


class Obs:
    """One run of OBS in `home`."""

    def __init__(self, home, variables, name):
        self.port = free_port()
        self.config = config = os.path.join(home, ".config", "obs-studio")
        for ini in ("global.ini", "user.ini"):  # OBS 31 and later read user.ini
            write(os.path.join(config, ini), GLOBAL.format(port=self.port))
        write(os.path.join(config, "basic", "profiles", "ci", "basic.ini"),
              PROFILE.format(recordings=desk.folder("recordings")))
        os.makedirs(os.path.join(config, "basic", "scenes"), exist_ok=True)
        write(os.path.join(config, "plugin_config", "obs-websocket", "config.json"),
              json.dumps({"first_load": False, "server_enabled": True, "server_port": self.port, "alerts_enabled": False,
                          "auth_required": False}))
        env = dict(variables, HOME=home, XDG_CONFIG_HOME=os.path.join(home, ".config"), LIBGL_ALWAYS_SOFTWARE="1",
                   QT_QPA_PLATFORM="xcb", QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1", LC_ALL="C.UTF-8")
        env.pop("NO_AT_BRIDGE", None)
        for key in ("DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"):
            if key in os.environ:
                env[key] = os.environ[key]
        self.log_path = desk.folder("logs") + f"/{name}.log"
        self.began = time.monotonic()
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                ["obs", "--multi", "--disable-updater", "--collection", "ci", "--profile", "ci"],
                env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.socket = None

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def wait_for_log(self, text, seconds=60, times=1):
        def seen():
            assert self.process.poll() is None, f"OBS has ended:\n{self.log()[-3000:]}"
            return self.log().count(text) >= times
        wait_for(seen, seconds, f"“{text}” in OBS' log\n" + "\n".join(l for l in self.log().splitlines() if "inset" in l))

    # ---- obs-websocket ----

    def connect(self):
        def attempt():
            try:
                return websocket.create_connection(f"ws://127.0.0.1:{self.port}", timeout=90)
            except OSError:
                return None
        self.socket = wait_for(attempt, 60, "obs-websocket")
        json.loads(self.socket.recv())
        self.socket.send(json.dumps({"op": 1, "d": {"rpcVersion": 1, "eventSubscriptions": 1 << 9}}))
        assert json.loads(self.socket.recv())["op"] == 2
        self.events = []

    def receive(self):
        message = json.loads(self.socket.recv())
        if message["op"] == 5 and message["d"]["eventType"] == "VendorEvent":
            self.events.append(message["d"]["eventData"])
        return message

    def request(self, kind, **data):
        end = time.monotonic() + 15
        while True:
            number = str(uuid.uuid4())
            self.socket.send(json.dumps({"op": 6, "d": {"requestType": kind, "requestId": number, "requestData": data}}))
            while True:
                message = self.receive()
                if message["op"] == 7 and message["d"]["requestId"] == number:
                    break
            status = message["d"]["requestStatus"]
            if status["result"]:
                return message["d"].get("responseData") or {}
            if status["code"] != 207 or time.monotonic() > end:  # 207: still loading
                raise AssertionError(f"{kind}: {status}")
            time.sleep(0.1)

    def vendor(self, kind, **data):
        return self.request("CallVendorRequest", vendorName="inset", requestType=kind, requestData=data)["responseData"]

    def wait_for_event(self, *kinds, job=None):
        while True:
            for event in self.events:
                if event["eventType"] in kinds and job in (None, event["eventData"]["job"]):
                    self.events.remove(event)
                    return event
            self.receive()

    def items(self):
        scene = self.request("GetCurrentProgramScene")["currentProgramSceneName"]
        return [item["sourceName"] for item in self.request("GetSceneItemList", sceneName=scene)["sceneItems"]]

    def source_picture(self, source, **size):
        data = self.request("GetSourceScreenshot", sourceName=source, imageFormat="png", **size)["imageData"]
        return Image.open(io.BytesIO(base64.b64decode(data.split(",", 1)[1]))).convert("RGBA")

    def wait_until_shown(self, source):
        small = {"imageWidth": 16, "imageHeight": 16}
        wait_for(lambda: numpy.asarray(self.source_picture(source, **small)).any(), 60, f"{source} to be drawn")

    # ---- the window ----

    def find(self, name, role=None, seconds=30, window=None, part=False, state=pyatspi.STATE_SHOWING):
        """The visible widget of this accessible name, or with this part of one; in the window of that title."""
        def walk(node, depth):
            try:
                kind, states = node.getRoleName(), node.getState()
                # What is in a menu is there before the menu is shown.
                if not (kind in MENU if role == "menu item" else states.contains(pyatspi.STATE_SHOWING)):
                    return None
                if (name in node.name if part else node.name == name) and role in (None, kind, NEWER.get(kind)):
                    if role == "menu item" or states.contains(state):
                        return node
                if depth == 0:
                    return None
                # Counted anew each time: Qt 5 does not survive being asked for a child that a scroll area has no more.
                for i in itertools.count():
                    if i >= node.childCount:
                        break
                    child = node.getChildAtIndex(i)
                    found = walk(child, depth - 1) if child is not None else None
                    if found is not None:
                        return found
            except Exception:  # a widget that has gone meanwhile
                pass
            return None

        def look():
            assert self.process.poll() is None, f"OBS has ended:\n{self.log()[-3000:]}"
            # Nothing runs the loop that would keep the library's idea of the windows up to date.
            while GLib.MainContext.default().iteration(False):
                pass
            for app in pyatspi.Registry.getDesktop(0):
                if app is not None:
                    Atspi.Accessible.set_cache_mask(app, Atspi.Cache.NONE)
                if app is not None and "obs" in (app.name or "").lower():
                    # Forms are the newest windows.
                    for i in reversed(range(app.childCount)):
                        top = app.getChildAtIndex(i)
                        if top is None or window not in (None, top.name):
                            continue
                        found = walk(top, 14)
                        if found is not None:
                            return found
            return None
        return wait_for(look, seconds, f"“{name}” on the screen")

    def print_forms(self):
        def show(node, depth):
            if node is None or depth > 12:
                return
            try:
                print(" " * depth, node.getRoleName(), repr(node.name), node.getState().contains(pyatspi.STATE_SHOWING))
                for i in range(node.childCount):
                    show(node.getChildAtIndex(i), depth + 1)
            except Exception as gone:
                print(" " * depth, gone)
        for app in pyatspi.Registry.getDesktop(0):
            if app is not None and "obs" in (app.name or "").lower():
                for i in range(1, app.childCount):
                    show(app.getChildAtIndex(i), 0)

    def find_containing(self, part, window=None):
        return self.find(part, None, window=window, part=True)

    def is_there(self, name, role=None, window=None, **more):
        """Now; does not wait."""
        try:
            return bool(self.find(name, role, 0, window, **more))
        except AssertionError:
            return False

    def is_checked(self, name):
        return self.find(name, "check box").getState().contains(pyatspi.STATE_CHECKED)

    def text_of(self, name):
        text = self.find(name, "text").queryText()
        return text.getText(0, text.characterCount)

    def press(self, name, role=None, window=None):
        action = self.find(name, role, window=window).queryAction()
        names = [action.getName(i) for i in range(action.nActions)]
        action.doAction(names.index("Press") if "Press" in names else 0)

    def type_into(self, name, text):
        self.find(name, "text" if name != "Client secret" else "password text").queryEditableText().setTextContents(text)

    def keys(self, *keys):
        subprocess.run(["xdotool", "key", "--delay", "120", *keys], check=True)

    def type(self, text):
        subprocess.run(["xdotool", "type", "--delay", "20", text], check=True)

    def type_at(self, name, text):
        """By the keyboard, once the focus is in the field of that name."""
        self.wait_for_focus(name)
        self.type(text)

    def has_focus(self, name):
        return self.is_there(name, state=pyatspi.STATE_FOCUSED)

    def wait_for_focus(self, name):
        self.find(name, state=pyatspi.STATE_FOCUSED)

    def keys_until(self, key, button):
        """Presses a key that moves towards the last or first choice, until there is a button of that name. A list that is just
        being filled takes no keys, and the form needs a moment to hear of one."""
        def press():
            self.keys(key)
            try:
                return self.find(button, "push button", 10, "Insert Generated Image")
            except AssertionError:
                return None
        wait_for(press, 60, f"“{button}”")

    def main_window(self, what):
        """Activates (-a) or closes (-c) it."""
        wait_for(lambda: subprocess.run(["wmctrl", what, "Profile: ci"], stderr=subprocess.DEVNULL).returncode == 0, 30,
                 "OBS' window")

    def screen(self, name):
        folder = os.path.join(desk.BUILD, "screens")
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["import", "-window", "root", os.path.join(folder, f"obs-{name}.png")], check=True)

    # ---- the end ----

    def quit(self):
        """As the person would; seconds it took. Not by a signal: OBS 29 closes its window from inside the handler, wherever it was
        at that moment, and may then wait for itself."""
        if self.socket is not None:
            self.socket.close()
        began = time.monotonic()
        self.main_window("-c")
        status = self.process.wait(60)
        took = time.monotonic() - began
        assert status == 0, f"OBS ended with {status}:\n{self.log()[-3000:]}"
        return took

    def ended_within(self):
        """Seconds from the moment that OBS began to close to the module's own end, as OBS' own log of this run tells."""
        folder = os.path.join(self.config, "logs")
        with open(os.path.join(folder, max(os.listdir(folder)))) as log:
            lines = log.read().splitlines()

        def at(text):
            hours, minutes, seconds = next(line for line in lines if text in line).split(": ", 1)[0].split(":")
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return (at("[inset] ended") - at("= Shutting down")) % 86400

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Story:
    """For a test in one piece: the stand-in service, a window manager, and OBS as often as it is started. All of it is ended;
    if the story breaks off, what was on the screen is kept and shown."""

    def __init__(self, name, scenario=None):
        self.name, self.host = name, None
        self.stand_in = desk.service(name, scenario)
        self.windows = Windows()

    def start(self, home, variables, name):
        self.host = Obs(home, variables, name)
        return self.host

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.host is not None:
            if kind is not None:
                self.host.screen("failed-" + self.name)
                self.host.print_forms()
                print(self.host.log()[-2000:])
            self.host.end()
        self.windows.end()
        self.stand_in.stop()


def assert_exact(host, source):
    """The source shows what is in its file; its settings."""
    settings = host.request("GetInputSettings", inputName=source)["inputSettings"]
    expected = numpy.asarray(Image.open(settings["path"]).convert("RGBA"))
    shown = numpy.asarray(host.source_picture(source))
    assert shown.shape == expected.shape, (shown.shape, expected.shape)
    difference = int(numpy.abs(shown.astype(int) - expected.astype(int)).max())
    assert difference == 0, f"differs by {difference}"
    return settings


def generations(*ids):
    """A scenario with these, of one picture each, which comes at once and is a PNG: pixels can be compared exactly."""
    picture = {"index": 0, "photograph": "dandelions", "kind": "rgba"}
    return {"put_answer": 200, "generations": [
        {"id": one, "prompt": "A meadow", "date": "2026-05-04T10:11:12Z", "pictures": [picture]} for one in ids]}


def ledger(stand_in):
    path = os.path.join(stand_in.folder, "ledger.jsonl")
    with open(path) as file:
        return [json.loads(line) for line in file]
