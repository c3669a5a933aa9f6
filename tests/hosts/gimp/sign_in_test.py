# SPDX-License-Identifier: GPL-2.0-or-later
"""GIMP with the real keyring and a real browser: an insert without a key asks to sign in and goes on by itself, also when the sign-in
ends under a filled form; who is signed in; signing out; the same by script. Nothing secret is written anywhere."""

import os
import unittest

import desk
import gimp
import people
import signing
from gimp import GENERATION
from screen import PATIENCE, Screen
from window_test import LAYER

SIGN_IN, SIGN_OUT, STATUS = (("alt+f", "Down", "Right", *["Up"] * steps, "Return") for steps in (3, 2, 1))
WHO = "^Getty Images"
REFUSED = [{"route": "token", "call": 1, "status": 400, "body": '{"error":"invalid_grant"}',
            "headers": [["Content-Type", "application/json"]]}]


class SignIn(unittest.TestCase):
    def setUp(self):
        self.screen = Screen()
        self.addCleanup(self.screen.__exit__)
        name = self.id().rsplit(".", 1)[-1]
        self.session = signing.Session(name)
        self.addCleanup(self.session.end)
        self.service = desk.service(name, {"put_answer": 200, "client_secret": signing.own_secret(name)})
        self.addCleanup(self.service.__exit__)
        self.data = desk.folder(name + "-data")
        self.browser = signing.Browser(gimp.home(), name)

    def tearDown(self):
        if any(problem for _, problem in self._outcome.result.errors + self._outcome.result.failures):
            self.screen.shot("gimp-at-failure")

    def kept(self):
        return self.session.kept(self.service)

    def type_key(self):
        self.screen.focus(self.screen.wait_window(people.SIGN_IN))
        self.screen.type(self.service.said["public_api_key"])

    def read_message(self, title, name):
        """What stays until it has been read. A window of progress may have the same title before it."""
        self.screen.wait_window(title)
        self.screen.shot(name)

        def read():
            for window in self.screen.windows(title):
                if self.screen.run("xdotool", "getwindowfocus", check=False) == window:
                    self.screen.key("Escape")
                else:
                    self.screen.run("xdotool", "windowactivate", window, check=False)
            return not gimp.plug_in_processes()

        desk.wait_for(read, PATIENCE, "the plug-in's end")

    def no_plug_in(self):
        desk.wait_for(lambda: not gimp.plug_in_processes(), PATIENCE, "the plug-in's end")

    def test_with_browser_and_keyring(self):
        window = gimp.Window(self.screen, self.service, self.data, **self.session.environment)
        self.addCleanup(window.__exit__)
        self.person = person = people.Driver(self.screen, self.service)
        image = window.open_image(1200, 800)

        # An insert asks to sign in, and goes on.
        self.browser.will("chromium.py")
        window.start_from_menu(*LAYER)
        self.type_key()
        self.screen.shot("gimp-sign-in")
        self.screen.key("Return")
        desk.wait_for(self.browser.addresses, PATIENCE, "the browser")
        self.screen.shot("gimp-sign-in-browser")
        person.fill_form("gimp-sign-in-insert")
        self.assertIn("refresh_token=", self.kept())
        desk.wait_for(lambda: self.browser.has_read("Thank you"), PATIENCE, "the end of the page")
        self.assertEqual(0, person.calls("put"))

        # The service takes the sign-in back under the filled form: the same person, the same form.
        self.browser.will("browser.py")
        self.service.control(do="expire_tokens")
        self.service.control(do="scenario", rules=REFUSED)
        sizes = person.calls("sizes")
        self.screen.focus(self.screen.wait_window(people.FORM))
        self.screen.type(" ")  # asks once more, for the same
        self.screen.focus(self.screen.wait_window(people.SIGN_IN))
        self.screen.shot("gimp-sign-in-again")
        self.screen.key("Return")
        desk.wait_for(lambda: person.calls("sizes") > sizes, PATIENCE, "the sizes")
        person.press_button(lambda: window.layer_count(image) == 2)
        self.no_plug_in()
        self.assertEqual(2, len(self.browser.addresses()))
        self.assertEqual(1, len(self.service.log("ledger")))

        # Who it is.
        window.start_from_menu(*STATUS)
        self.read_message(WHO, "gimp-who")
        said = window.scheme("(car (plug-in-inset-status RUN-NONINTERACTIVE))")
        self.assertIn("…" + self.service.said["public_api_key"][-4:] + " (kept in the keyring)", said)
        self.assertIn("(31415)", said)
        found = signing.secrets(self.service, self.session)
        self.assertGreater(len(found), 6, "codes, verifiers and tokens are known")
        signing.no_command_line_has(self, found)

        # Out, in again by the menu, out by script.
        window.start_from_menu(*SIGN_OUT)
        self.read_message("^Sign Out", "gimp-signed-out")
        self.assertEqual("", self.kept())
        window.start_from_menu(*STATUS)
        self.read_message("^Who Is", "gimp-who-nobody")
        window.start_from_menu(*SIGN_IN)
        self.type_key()
        self.screen.key("Return")
        desk.wait_for(lambda: len(self.browser.addresses()) == 3, PATIENCE, "the browser")
        desk.wait_for(self.kept, PATIENCE, "the sign-in in the keyring")
        self.read_message("^Sign In", "gimp-signed-in")
        found |= signing.secrets(self.service, self.session)
        self.assertIn("Signed out.", window.scheme("(car (plug-in-inset-sign-out RUN-NONINTERACTIVE))"))
        self.assertEqual("", self.kept())

        saved = os.path.join(desk.folder("sign-in-saved"), "picture.xcf")
        window.scheme(f'(gimp-xcf-save RUN-NONINTERACTIVE {image} (car (gimp-image-get-active-drawable {image})) "{saved}" "{saved}")')
        window.quit()
        self.assertEqual(1, len(self.service.log("ledger")))
        places = [gimp.home(), self.data, desk.folder("window"), desk.folder("runtime"), os.path.dirname(saved)]
        self.assertTrue(desk.files_with([GENERATION], [os.path.dirname(saved)]))
        desk.nowhere(self, found | signing.secrets(self.service, self.session), places)

    def test_by_script_without_a_window(self):
        """The address is printed for whom no browser opens; here one does."""
        self.browser.will("browser.py")
        with self.assertRaisesRegex(AssertionError, "Nobody is signed in"):
            gimp.batch(self.service, self.data, "(plug-in-inset-status RUN-NONINTERACTIVE)", **self.session.environment)
        key = self.service.said["public_api_key"]
        # What GIMP sees of a display is none; the browser is the one that BROWSER names.
        said = gimp.batch(self.service, self.data, f"""
          (say (plug-in-inset-sign-in RUN-NONINTERACTIVE "{key}" ""))
          (say (plug-in-inset-status RUN-NONINTERACTIVE))
          (say (car (gimp-image-get-active-layer (new-picture 2 "1k"))))
          (say (plug-in-inset-sign-out RUN-NONINTERACTIVE))""", BROWSER=self.browser.script, **self.session.environment)
        said = [" ".join(words) for words in said]
        for text in said[:2]:
            self.assertIn("(kept in the keyring). Agreement: AI Generation (31415).", text)
        self.assertIn("Signed out.", said[3])
        self.assertEqual("", self.kept())
        self.assertEqual(1, len(self.service.log("ledger")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
