# SPDX-License-Identifier: GPL-2.0-or-later
"""Krita with the real keyring and a real browser: an insert without a key asks to sign in and goes on by itself, also when the
sign-in ends under a filled form; who is signed in; signing out and in. Nothing secret is written anywhere. What happens inside is in
sign_in_scene.py."""

import os
import unittest
import zipfile
from concurrent.futures import ThreadPoolExecutor

import krita
import desk
import signing

REFUSED = [{"route": "token", "call": 1, "status": 400, "body": '{"error":"invalid_grant"}',
            "headers": [["Content-Type", "application/json"]]}]
NAME = "sign_in"


class SignIn(unittest.TestCase):
    def setUp(self):
        self.session = signing.Session(NAME)
        self.addCleanup(self.session.end)
        self.service = desk.service(NAME, {"put_answer": 200, "client_secret": signing.own_secret(NAME)})
        self.addCleanup(self.service.__exit__)
        self.out = desk.folder(NAME + "-out")
        self.browser = signing.Browser(krita.home(), NAME)

    def when_asked(self, running, name, do):
        """Does that when the scene asks for it. Its result."""
        desk.wait_for(lambda: running.done() or os.path.exists(os.path.join(self.out, "ask-" + name)), 280, name)
        if running.done():
            running.result()  # what is wrong
        result = do()
        open(os.path.join(self.out, "done-" + name), "w").close()
        return result

    def expire(self):
        """The service takes the sign-in back, and the next browser is a quick one."""
        desk.wait_for(lambda: self.browser.has_read("Thank you"), signing.PATIENCE, "the end of the page")
        self.assertIn("refresh_token=", self.session.kept(self.service))
        self.browser.will("browser.py")
        self.service.control(do="expire_tokens")
        self.service.control(do="scenario", rules=REFUSED)

    def look(self):
        found = signing.secrets(self.service, self.session)
        self.assertGreater(len(found), 6, "codes, verifiers and tokens are known")
        signing.no_command_line_has(self, found)
        return found, self.session.kept(self.service)

    def test_with_browser_and_keyring(self):
        self.browser.will("chromium.py")
        data = desk.folder(NAME + "-data")
        with ThreadPoolExecutor() as pool:
            running = pool.submit(krita.play, "sign_in", self.service, data, self.out, SELFTEST_KEY=self.service.said["public_api_key"],
                                  INSET_SELFTEST_SCENES=os.path.join(krita.HERE, "sign_in_scene.py"), **self.session.environment)
            self.when_asked(running, "expire", self.expire)
            found, kept = self.when_asked(running, "look", self.look)
            self.assertEqual("", kept, "signed out")
            found_again, kept = self.when_asked(running, "look-again", self.look)
            self.assertIn("refresh_token=", kept)
            result = running.result()
        account = "Signed in to Getty Images with the API key …" + self.service.said["public_api_key"][-4:] + " (kept in the keyring)."
        agreement = "Agreement: AI Generation (31415)."
        self.assertEqual(account + " " + agreement, result["account"])
        self.assertIn("no longer accepts the sign-in", result["why"])
        self.assertEqual("For the autumn programme", result["notes"])
        self.assertEqual(2, result["layers"])
        self.assertLessEqual({account, agreement}, set(result["who"]))
        self.assertFalse(result["who again"], "it has been read")
        self.assertIn("Signed out.", result["out"])
        self.assertIn("Nobody is signed in.", result["nobody"])
        self.assertEqual(account + " " + agreement, result["in"])
        self.assertEqual(3, len(self.browser.addresses()))
        (charge,) = self.service.log("ledger")
        self.assertEqual("For the autumn programme", charge["notes"])

        unpacked = desk.folder(NAME + "-unpacked")
        with zipfile.ZipFile(os.path.join(self.out, "signed-in.kra")) as saved:
            saved.extractall(unpacked)
        self.assertTrue(desk.files_with([charge["asset_id"]], [unpacked]))
        desk.nowhere(self, found | found_again, [krita.home(), data, self.out, unpacked, desk.folder("runtime")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
