# SPDX-License-Identifier: GPL-2.0-or-later
"""Signing in with the real parts: a session bus with the real keyring in it, the browser that the desktop opens, and a search for
everything that is secret."""

import os
import subprocess
import sys
import urllib.parse

import desk

E2E = os.path.join(desk.ROOT, "tests", "e2e")
PATIENCE = 90  # seconds


def own_secret(name):
    """Another test that types the usual one by a program's command line must not be found by no_command_line_has()."""
    return "standin+secret/of=" + name


class Session:
    """A person's session, until it is ended."""

    def __init__(self, name):
        folder, runtime = desk.folder(name + "-ring"), desk.folder("runtime")
        os.chmod(runtime, 0o700)
        self.variables = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_DATA_HOME": folder, "XDG_RUNTIME_DIR": runtime,
                          "LANG": "C.UTF-8"}
        # It starts no services by itself: a second keyring might take the place of this one.
        config = os.path.join(folder, "bus.conf")
        with open(config, "w") as file:
            file.write(f"<busconfig><type>session</type><listen>unix:dir={runtime}</listen><auth>EXTERNAL</auth>"
                       '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
                       '<allow own="*"/></policy></busconfig>')
        self.bus = self._start(["dbus-daemon", "--nofork", "--print-address=1", "--config-file=" + config], stdout=subprocess.PIPE,
                               text=True)
        self.variables["DBUS_SESSION_BUS_ADDRESS"] = self.bus.stdout.readline().strip()
        self.bus.stdout.close()
        # For a program without a key of its own.
        self.environment = {"INSET_API_KEY": "", "INSET_CLIENT_SECRET": "", "INSET_KEYRING": "yes", "INSET_KEYRING_SECONDS": "60",
                            "DBUS_SESSION_BUS_ADDRESS": self.variables["DBUS_SESSION_BUS_ADDRESS"]}
        self.ring = self._start(["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.ring.stdin.write(b"ring-password")
        self.ring.stdin.close()
        desk.wait_for(lambda: "/collection/login" in self._collections(), PATIENCE, "the keyring")

    def _start(self, words, **more):
        return subprocess.Popen(words, env=self.variables, stderr=subprocess.DEVNULL, **more)

    def _ask(self, *words):
        return subprocess.run(["timeout", "60", *words], env=self.variables, capture_output=True, text=True).stdout

    def _collections(self):
        return self._ask("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
                         "org.freedesktop.DBus.Properties.Get", "string:org.freedesktop.Secret.Service", "string:Collections")

    def kept(self, stand_in):
        """What is kept of a sign-in there, as another program sees it."""
        words = ["timeout", "60", "secret-tool", "lookup", "app", "inset", "issuer", stand_in.said["auth_url"]]
        done = subprocess.run(words, env=self.variables, capture_output=True, text=True)
        assert done.returncode in (0, 1) and not done.stderr, done.stderr
        return done.stdout

    def end(self, *_):
        for process in (self.ring, self.bus):
            process.terminate()
            process.wait(PATIENCE)


class Browser:
    """What opens web pages for the person with this home. It writes down what it was asked to open."""

    def __init__(self, home, name):
        folder = desk.folder(name + "-browser")
        self.script, self.opened, self.said = (os.path.join(folder, name) for name in ("browser", "opened", "said"))
        applications = os.path.join(home, ".local", "share", "applications")
        os.makedirs(applications, exist_ok=True)
        with open(os.path.join(applications, "test-browser.desktop"), "w") as file:
            file.write(f"[Desktop Entry]\nType=Application\nName=Browser\nExec={self.script} %u\n"
                       "MimeType=x-scheme-handler/http;x-scheme-handler/https;\n")
        with open(os.path.join(home, ".config", "mimeapps.list"), "w") as file:
            file.write("[Default Applications]\n" + "".join(f"x-scheme-handler/{scheme}=test-browser.desktop\n" for scheme in
                                                            ("http", "https")))

    def will(self, program):
        """From now on the person allows what the page asks; with chromium.py in the real browser, with browser.py as one would."""
        words = " ".join(f'"{word}"' for word in (sys.executable, os.path.join(E2E, program), "allow", self.said))
        with open(self.script, "w") as file:
            # Browsers are not part of the session that is tested: theirs would mix in what pages say.
            file.write(f'#!/bin/sh\nprintf "%s\\n" "$1" >>"{self.opened}"\nexec env -u DBUS_SESSION_BUS_ADDRESS {words} "$1"\n')
        os.chmod(self.script, 0o755)

    def has_read(self, heading):
        """Whether the person has come to a page with this heading; a while after the program that asked went on."""
        if not os.path.exists(self.said):
            return False
        with open(self.said) as file:
            return file.read() == heading + "\n"

    def addresses(self):
        if not os.path.exists(self.opened):
            return []
        with open(self.opened) as file:
            return file.read().splitlines()


def sent(stand_in):
    """What was sent to the service, and must not be found anywhere but in the keyring."""
    found = {stand_in.said["client_secret"]}
    for request in stand_in.log("requests"):
        if request.get("route") == "token":
            form = urllib.parse.parse_qs(request["body"])
            for name in ("code", "code_verifier", "refresh_token"):
                found.update(form.get(name, []))
        bearer = request.get("headers", {}).get("authorization", "")
        if bearer.startswith("Bearer "):
            found.add(bearer.removeprefix("Bearer "))
    return found


def secrets(stand_in, session):
    """Everything that may be found in the keyring alone."""
    found = sent(stand_in)
    found.update(line.partition("=")[2] for line in session.kept(stand_in).splitlines() if line.startswith("refresh_token="))
    return found


def command_lines():
    """What everybody on this computer may read of running programs."""
    lines = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/cmdline", "rb") as file:
                lines.append(file.read().decode(errors="replace"))
        except OSError:
            pass  # it has ended
    return lines


def no_command_line_has(test, words):
    lines = command_lines()
    test.assertTrue(any("dbus-daemon" in line for line in lines), "the search finds what is there")
    test.assertEqual([], [line for line in lines if any(word in line for word in words)])
