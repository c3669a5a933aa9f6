# SPDX-License-Identifier: GPL-2.0-or-later
"""The real OBS, a real browser and the real keyring: an insert asks to sign in and goes on by itself, also when a sign-in ends
under a filled form; who is signed in; signing out; OBS is closed while the browser is waited for; and nothing secret is written
anywhere. Screenshots go to the build folder's "screens"."""

import os
import subprocess
import sys
import unittest

import obs
import signing
from obs import Story, assert_exact, desk, ledger, wait_for

LOOKED_AT, BOUGHT = "10000001-93D4-4F26-8A5E-2D1C6F70B9E3", "10000002-93D4-4F26-8A5E-2D1C6F70B9E3"
NOTES = "For the autumn programme"
AGREEMENT = "(31415)"


class Keyring:
    """The person's keyring, open, in the session that this test runs in; and how another program sees it."""

    def __init__(self):
        folder = desk.folder("ring")
        self.variables = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_DATA_HOME": folder, "LANG": "C.UTF-8",
                          "XDG_RUNTIME_DIR": desk.folder("runtime"),
                          "DBUS_SESSION_BUS_ADDRESS": os.environ["DBUS_SESSION_BUS_ADDRESS"]}
        os.chmod(self.variables["XDG_RUNTIME_DIR"], 0o700)
        # Its daemon goes on by itself, and ends with the session.
        subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], env=self.variables, input=b"ring-password",
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=60)

    def ask(self, *words):
        return subprocess.run(words, env=self.variables, capture_output=True, text=True, timeout=60).stdout

    def kept(self, stand_in):
        """The refresh token; none: an empty text."""
        lines = self.ask("secret-tool", "lookup", "app", "inset", "issuer", stand_in.said["auth_url"]).splitlines()
        return "".join(line.partition("=")[2] for line in lines if line.startswith("refresh_token="))


class Browser:
    """What xdg-open does for the person. It writes down with which words it was called."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "xdg-open")
        self.called, self.go, self.said = (os.path.join(folder, name) for name in ("called", "go", "said"))

    def will(self, *words):
        """Calls this with the address; `go` lets it begin."""
        command = " ".join(f'"{word}"' for word in words)
        obs.write(self.path, f'#!/bin/sh\nprintf "%s\\n" "$1" >>"{self.called}"\n'
                             f'for i in $(seq 600); do [ ! -e "{self.go}" ] || exec {command} "$1"; sleep 0.1; done\n')
        os.chmod(self.path, 0o755)
        for path in (self.go, self.said):
            if os.path.exists(path):
                os.remove(path)

    def begin(self):
        open(self.go, "w").close()

    def has_read(self, heading):
        if not os.path.exists(self.said):
            return False
        with open(self.said) as file:
            return file.read() == heading + "\n"

    def addresses(self):
        if not os.path.exists(self.called):
            return []
        with open(self.called) as file:
            return file.read().splitlines()


class Person:
    """In front of OBS."""

    def __init__(self, host, stand_in, browser):
        self.host, self.stand_in, self.browser = host, stand_in, browser

    def fill_in_sign_in(self):
        self.host.find("Client secret", "password text")
        self.host.type_into("API key", self.stand_in.said["public_api_key"])
        self.host.press("Sign In", "push button")

    def wait_for_browser_form(self, called):
        self.host.find("Open the Page Again", "push button")
        wait_for(lambda: len(self.browser.addresses()) == called, 60, "the browser")
        assert self.host.text_of("Address") == self.browser.addresses()[-1]

    def read(self, *parts, title):
        """A message that stays until it is closed."""
        found = self.host.find_containing(parts[0], title)
        for part in parts:
            assert part in found.name, found.name
        return found.name

    def close_message(self, title):
        self.host.press("Close", "push button", title)
        wait_for(lambda: not self.host.is_there("Close", "push button", title), 30, "the message to go")


class SignIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keyring = Keyring()

    def start(self, story, name):
        variables = desk.environment(self.home, story.stand_in, self.data)
        for secret in ("INSET_API_KEY", "INSET_CLIENT_SECRET", "INSET_KEYRING"):
            del variables[secret]
        variables.update(PATH=self.tools + ":" + variables["PATH"], INSET_KEYRING_SECONDS="60", INSET_SIGN_IN_SECONDS="600")
        host = story.start(self.home, variables, name)
        host.wait_for_log("forms by Qt")
        host.connect()
        return host, Person(host, story.stand_in, self.browser)

    def setUp(self):
        self.home, self.data, self.tools = (desk.folder(self.id().rsplit(".", 1)[1], name) for name in ("home", "data", "bin"))
        obs.install(self.home)
        self.browser = Browser(self.tools)

    def test_obs_is_closed_while_the_browser_is_waited_for(self):
        keyring, browser = self.keyring, self.browser
        with Story("sign-in-quit") as story:
            stand_in = story.stand_in
            browser.will("true")
            host, person = self.start(story, "sign-in-quit")
            host.press("Sign In to Getty Images…", "menu item")
            person.fill_in_sign_in()
            person.wait_for_browser_form(1)
            host.screen("sign-in-browser")
            took = host.quit()
            print(f"quit while the browser is waited for: {took:.2f} s, of that {host.ended_within():.2f} s in the module")
            assert host.ended_within() < 1
            browser.begin()
            assert not keyring.kept(stand_in)

    def test_an_insert_signs_in_and_goes_on_by_itself(self):
        keyring, browser, home, data, tools = self.keyring, self.browser, self.home, self.data, self.tools
        with Story("sign-in", obs.generations(LOOKED_AT, BOUGHT)) as story:
            stand_in = story.stand_in
            browser.will(sys.executable, os.path.join(signing.E2E, "chromium.py"), "allow", browser.said)
            host, person = self.start(story, "sign-in")
            host.press("Insert Generated Image…", "menu item")
            host.find("Client secret", "password text")
            host.screen("sign-in-form")
            person.fill_in_sign_in()
            person.wait_for_browser_form(1)
            browser.begin()
            host.find("Generation", "text", 90)
            host.type_into("Generation", LOOKED_AT)
            host.find("License and Insert 1024 × 576", "push button", 60)
            assert keyring.kept(stand_in)
            wait_for(lambda: browser.has_read("Thank you"), 60, "the end of the page")

            # The service takes the sign-in back while the form is filled in; nothing of that is lost.
            host.type_into("Notes", NOTES)
            host.press("Visible at once", "check box")
            browser.will(sys.executable, os.path.join(signing.E2E, "browser.py"), "allow", browser.said)
            stand_in.control(do="expire_tokens")
            stand_in.control(do="scenario", rules=[{"route": "token", "call": 1, "status": 400, "body": '{"error":"invalid_grant"}',
                                                    "headers": [["Content-Type", "application/json"]]}])
            host.type_into("Generation", BOUGHT)
            host.find_containing("no longer accepts the sign-in", "Sign In to Getty Images")
            host.screen("sign-in-again")
            assert not host.is_there("Visible at once", "check box")
            assert host.text_of("API key") == stand_in.said["public_api_key"]
            host.press("Sign In", "push button")
            person.wait_for_browser_form(2)
            browser.begin()
            host.find("License and Insert 1024 × 576", "push button", 60)
            assert host.text_of("Notes") == NOTES
            assert not host.is_checked("Visible at once")
            host.press("Visible at once", "check box")
            host.screen("sign-in-insert")
            host.press("License and Insert 1024 × 576", "push button")
            placed = host.wait_for_event("placed", "failed")
            assert placed["eventType"] == "placed", placed
            host.wait_for_event("done", job=placed["eventData"]["job"])
            host.wait_for_log("[inset] shown: 1024 x 576")
            (source,) = host.items()
            assert_exact(host, source)
            (charge,) = ledger(stand_in)
            assert charge["notes"] == NOTES, charge

            # Who it is, under which agreement, and where it is kept.
            host.press("Who Is Signed In…", "menu item")
            host.find("Sign Out", "push button")
            host.find_containing(AGREEMENT, "Getty Images")
            host.find_containing("in the keyring", "Getty Images")
            host.screen("who")
            host.press("Cancel", "push button", "Getty Images")
            host.wait_for_event("done")
            found = signing.sent(stand_in) | {keyring.kept(stand_in)}
            assert len(found) > 6, "codes, verifiers and tokens are known"
            running = signing.command_lines()
            assert any("obs" in line for line in running)
            assert not [line for line in running if any(secret in line for secret in found)]

            # Gone, also for other programs; and that is said, as is that nobody is signed in now.
            host.press("Sign Out of Getty Images", "menu item")
            person.read("Signed out.", title="Sign Out of Getty Images")
            host.screen("signed-out")
            assert not keyring.kept(stand_in)
            person.close_message("Sign Out of Getty Images")
            host.press("Who Is Signed In…", "menu item")
            person.read("Nobody is signed in.", title="Who Is Signed In")
            host.screen("who-nobody")
            person.close_message("Who Is Signed In")

            # In again by the menu: what became of it waits for who comes back from the browser.
            browser.will(sys.executable, os.path.join(signing.E2E, "browser.py"), "allow", browser.said)
            host.press("Sign In to Getty Images…", "menu item")
            person.fill_in_sign_in()
            browser.begin()
            person.read(AGREEMENT, "in the keyring", title="Sign In to Getty Images")
            host.screen("signed-in")
            assert keyring.kept(stand_in)
            print(f"quit: {host.quit():.2f} s")

            assert os.path.exists(os.path.join(home, ".config", "obs-studio", "basic", "scenes", "ci.json"))
            places = (home, data, tools, desk.folder("runtime"), desk.folder("logs"))
            assert desk.files_with([BOUGHT], places), "the search finds what is there"
            found |= signing.sent(stand_in) | {keyring.kept(stand_in)}
            assert len(found) > 9, "codes, verifiers and tokens are known"
            written = desk.files_with(found, places)
            assert not written, written
            assert len(ledger(stand_in)) == 1


if __name__ == "__main__":
    unittest.main(verbosity=2)
