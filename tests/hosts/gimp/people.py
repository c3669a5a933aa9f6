# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person does with the form, in any GIMP, and what the stand-in service sees of it."""

import os
import time

import desk
from gimp import GENERATION
from screen import PATIENCE

FORM = "Insert Generated Image"
SIGN_IN = "Sign In"


class Driver:
    def __init__(self, screen, service):
        self.screen, self.service = screen, service

    def calls(self, route):
        return len([line for line in self.service.log("requests") if line.get("route") == route])

    def fill_form(self, name):
        """From the empty form to all its fields, and a screenshot."""
        self.screen.focus(self.screen.wait_window(FORM))
        sizes = self.calls("sizes")
        self.screen.type(GENERATION)
        desk.wait_for(lambda: self.calls("sizes") > sizes, PATIENCE, "the sizes")
        desk.wait_for(lambda: self.calls("preview") >= 3, PATIENCE, "the previews")
        self.screen.shot(name)

    def press_button(self, done, title=FORM):
        """Return, until that is done: the first may come before the form is complete, which then asks again."""
        def pressed():
            for form in self.screen.windows(title):
                if self.screen.run("xdotool", "getwindowfocus", check=False) == form:
                    self.screen.key("Return")
                    time.sleep(1)
                else:
                    self.screen.run("xdotool", "windowactivate", form, check=False)
            return done()

        desk.wait_for(pressed, PATIENCE, "what follows the button")

    def close(self, title):
        """Every window with that title."""
        def closed():
            for window in self.screen.windows(title):
                self.screen.run("wmctrl", "-i", "-c", window, check=False)
            return not self.screen.windows(title)

        desk.wait_for(closed, PATIENCE, f"the end of {title!r}")

    def held(self, name):
        """Whether the service holds an answer back there; until let_go()."""
        return lambda: os.path.exists(os.path.join(self.service.folder, "held-" + name))

    def let_go(self, name):
        open(os.path.join(self.service.folder, "release-" + name), "w").close()
