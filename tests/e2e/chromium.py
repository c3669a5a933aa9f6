#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A real browser with a person in front of it: opens ADDRESS in Chromium without a window and presses a button.

chromium.py BUTTON LOG ADDRESS     BUTTON: allow, deny. LOG gets the heading of the last page; LOG.png a picture of it.

Chromium is driven by chromedriver, whose protocol is HTTP and JSON.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

button, log, address = sys.argv[1:]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server", "--window-size=900,600",
         "--ignore-certificate-errors"]  # the stand-in's authority is nobody's
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
profile = tempfile.mkdtemp()
driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          start_new_session=True, env={**os.environ, "HOME": profile})


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}, method=method)
    return json.load(direct.open(request, timeout=120))["value"]


def element(selector):
    return next(iter(call("POST", session + "/element", {"using": "css selector", "value": selector}).values()))


try:
    port = next(int(line.rsplit("port ", 1)[1].rstrip(".\n")) for line in driver.stdout if "successfully on port" in line)
    options = {"binary": "/usr/bin/chromium", "args": FLAGS + ["--user-data-dir=" + profile]}
    session = "/session/" + call("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})["sessionId"]
    call("POST", session + "/timeouts", {"implicit": 60000})  # a press does not wait for the page it leads to
    call("POST", session + "/url", {"url": address})
    call("POST", f"{session}/element/{element('#' + button)}/click", {})
    heading = call("GET", f"{session}/element/{element('#said')}/text")
    with open(log + ".png", "wb") as picture:
        picture.write(base64.b64decode(call("GET", session + "/screenshot")))
    with open(log, "a", encoding="utf-8") as file:
        file.write(heading + "\n")
    call("DELETE", session)
finally:
    os.killpg(driver.pid, signal.SIGTERM)
    driver.wait()
    shutil.rmtree(profile, ignore_errors=True)
