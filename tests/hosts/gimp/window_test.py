# SPDX-License-Identifier: GPL-2.0-or-later
"""GIMP with its window, clicked and typed at: menu, form, progress, Cancel, undo, and an image that is closed meanwhile. The
screenshots in the build's folder are for people to look at."""

import os
import time
import unittest

import desk
import gimp
from screen import HEIGHT, WIDTH, Screen

FORM = "Insert Generated Image"


class Window(unittest.TestCase):
    def setUp(self):
        self.screen = Screen()
        self.addCleanup(self.screen.__exit__)
        gimp.home()

    def tearDown(self):
        if any(problem for _, problem in self._outcome.result.errors + self._outcome.result.failures):
            self.screen.shot("gimp-at-failure")

    def start(self, name, scenario):
        service = desk.service(name, scenario)
        self.addCleanup(service.__exit__)
        window = gimp.Window(self.screen, service, desk.folder(name + "-data"))
        self.addCleanup(window.__exit__)
        return service, window

    def calls(self, service, route):
        return len([line for line in service.log("requests") if line.get("route") == route])

    def fill_form(self, service, name, layer=True):
        """From the menu to the form with all its fields."""
        form = self.screen.wait_window(FORM)
        self.screen.focus(form)
        sizes = self.calls(service, "sizes")
        self.screen.type(gimp.GENERATION)
        desk.wait_for(lambda: self.calls(service, "sizes") > sizes, 30, "the sizes")
        desk.wait_for(lambda: self.calls(service, "preview") >= 3, 30, "the previews")
        time.sleep(1.5)
        self.screen.shot(name)
        return form

    def open_form_for_layer(self, service, window, name):
        window.menu("alt+l", "e")
        return self.fill_form(service, name)

    def held(self, service, name):
        desk.wait_for(lambda: os.path.exists(os.path.join(service.folder, "held-" + name)), 60, "the request to be held")

    def let_go(self, service, name):
        open(os.path.join(service.folder, "release-" + name), "w").close()

    def test_a_layer_by_menu_form_and_button_and_one_undo(self):
        service, window = self.start("layer", {"put_answer": 200, "rules": [{"route": "file", "hold": "file", "hold_at": 60000}]})
        image = window.open_image(1200, 800)
        self.open_form_for_layer(service, window, "gimp-form")
        self.assertEqual(0, self.calls(service, "put"))
        self.screen.key("Return")
        self.screen.wait_gone(FORM)
        self.held(service, "file")
        time.sleep(1)
        self.screen.shot("gimp-progress")
        # GIMP itself is not held up: it answers while the plug-in waits.
        began = time.monotonic()
        window.layer_count(image)
        print(f"GIMP answered in {(time.monotonic() - began) * 1000:.0f} ms while the plug-in waited")
        self.let_go(service, "file")
        desk.wait_for(lambda: window.layer_count(image) == 2, 60, "the layer")
        desk.wait_for(lambda: not gimp.plug_in_processes(), 30, "the plug-in's end")
        time.sleep(1)
        self.screen.shot("gimp-canvas")
        window.menu("ctrl+z")
        desk.wait_for(lambda: window.layer_count(image) == 1, 10, "the undo")
        window.menu("ctrl+y")
        desk.wait_for(lambda: window.layer_count(image) == 2, 10, "the redo")
        layer = f"(car (gimp-image-get-active-layer {image}))"
        self.assertIn("asset_id=", window.scheme(f"(caddr (car (gimp-item-get-parasite {layer} \"inset-asset\")))"))

        # With last values: the same once more, without a question or a charge.
        window.scheme(f'(plug-in-inset-layer RUN-WITH-LAST-VALS {image} {layer} "" 0 "" 0 "" "" "")')
        self.assertEqual(3, window.layer_count(image))
        self.assertEqual(1, len(service.log("ledger")))

    def test_cancel_kills_the_plug_in_and_loses_nothing(self):
        rules = [{"route": "put", "call": 1, "charge": True, "status": 202, "hold": "put"}]
        service, window = self.start("cancel", {"ready_polls": 1, "rules": rules})
        image = window.open_image(1200, 800)
        self.open_form_for_layer(service, window, "gimp-form-2")
        self.screen.key("Return")
        self.held(service, "put")
        time.sleep(1)
        self.screen.shot("gimp-cancel-before")
        self.screen.click(*CANCEL)
        began = time.monotonic()
        desk.wait_for(lambda: not gimp.plug_in_processes(), 5, "the plug-in's end")
        print(f"the plug-in was gone {(time.monotonic() - began) * 1000:.0f} ms after the click on Cancel")
        self.assertEqual(1, window.layer_count(image))
        self.let_go(service, "put")
        window.scheme("(plug-in-inset-resume RUN-NONINTERACTIVE)")
        self.assertEqual(1, len(service.log("ledger")))
        self.assertEqual(2, window.number("(car (gimp-image-list))"))

    def test_an_image_that_is_closed_meanwhile(self):
        service, window = self.start("closed", {"put_answer": 200, "rules": [{"route": "file", "hold": "file"}]})
        image = window.open_image(1200, 800)
        self.open_form_for_layer(service, window, "gimp-form-3")
        self.screen.key("Return")
        self.held(service, "file")
        window.menu("ctrl+w")
        desk.wait_for(lambda: window.number(f"(car (gimp-image-is-valid {image}))") == 0, 10, "the image to be closed")
        self.let_go(service, "file")
        desk.wait_for(lambda: window.number("(car (gimp-image-list))") == 1, 60, "the new image")
        self.assertEqual(1, len(service.log("ledger")))
        time.sleep(1)
        self.screen.shot("gimp-closed")

    def test_a_new_image_where_none_is_open(self):
        service, window = self.start("none", {"put_answer": 200, "rules": [{"route": "file", "hold": "file", "hold_at": 60000}]})
        window.menu("alt+f", "Down", "Right", "e")
        self.fill_form(service, "gimp-form-new")
        self.screen.key("Return")
        self.held(service, "file")
        time.sleep(1)
        self.screen.shot("gimp-progress-new")
        self.let_go(service, "file")
        desk.wait_for(lambda: window.number("(car (gimp-image-list))") == 1, 60, "the new image")
        self.assertEqual(1, len(service.log("ledger")))


# GIMP's Cancel, at the end of the line below the canvas of a maximized window.
CANCEL = (WIDTH - 246, HEIGHT - 18)

if __name__ == "__main__":
    unittest.main(verbosity=2)
