# SPDX-License-Identifier: GPL-2.0-or-later
"""The real OBS program as the tests drive it: a fresh profile, the menu and the forms by their accessible names, and
obs-websocket. Needs an X display and a D-Bus session of its own (xvfb-run, dbus-run-session)."""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid

import gi
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
PROFILE = "[General]\nName=ci\n[Video]\nBaseCX=1280\nBaseCY=720\nOutputCX=1280\nOutputCY=720\nFPSType=0\nFPSCommon=30\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


class Obs:
    """One run of OBS in `home`."""

    def __init__(self, home, variables, name):
        self.port = free_port()
        config = os.path.join(home, ".config", "obs-studio")
        for ini in ("global.ini", "user.ini"):  # OBS 31 and later read user.ini
            write(os.path.join(config, ini), GLOBAL.format(port=self.port))
        write(os.path.join(config, "basic", "profiles", "ci", "basic.ini"), PROFILE)
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
                return websocket.create_connection(f"ws://127.0.0.1:{self.port}", timeout=30)
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

    def wait_for_event(self, *kinds):
        while True:
            for event in self.events:
                if event["eventType"] in kinds:
                    self.events.remove(event)
                    return event
            self.receive()

    def items(self):
        scene = self.request("GetCurrentProgramScene")["currentProgramSceneName"]
        return [item["sourceName"] for item in self.request("GetSceneItemList", sceneName=scene)["sceneItems"]]

    def source_picture(self, source):
        data = self.request("GetSourceScreenshot", sourceName=source, imageFormat="png")["imageData"]
        return Image.open(io.BytesIO(base64.b64decode(data.split(",", 1)[1]))).convert("RGBA")

    # ---- the window ----

    def find(self, name, role=None, seconds=20):
        """The visible widget of this accessible name."""
        def walk(node, depth):
            try:
                if node.name == name and (role is None or node.getRoleName() == role):
                    if role == "menu item" or node.getState().contains(pyatspi.STATE_SHOWING):
                        return node
                if depth == 0:
                    return None
                for i in range(node.childCount):
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
                        found = walk(app.getChildAtIndex(i), 14)
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

    def press(self, name, role=None):
        action = self.find(name, role).queryAction()
        names = [action.getName(i) for i in range(action.nActions)]
        action.doAction(names.index("Press") if "Press" in names else 0)

    def type_into(self, name, text):
        self.find(name, "text" if name != "Client secret" else "password text").queryEditableText().setTextContents(text)

    def focus(self, name):
        self.find(name).queryComponent().grabFocus()
        time.sleep(0.3)

    def keys(self, *keys):
        subprocess.run(["xdotool", "key", "--delay", "120", *keys], check=True)

    def screen(self, name):
        folder = os.path.join(desk.BUILD, "screens")
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["import", "-window", "root", os.path.join(folder, f"obs-{name}.png")], check=True)

    # ---- the end ----

    def quit(self):
        """As the person would; seconds it took."""
        if self.socket is not None:
            self.socket.close()
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(20)
        took = time.monotonic() - began
        assert status == 0, f"OBS ended with {status}:\n{self.log()[-3000:]}"
        return took

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def ledger(stand_in):
    path = os.path.join(stand_in.folder, "ledger.jsonl")
    with open(path) as file:
        return [json.loads(line) for line in file]
