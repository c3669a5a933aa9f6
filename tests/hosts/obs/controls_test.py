# SPDX-License-Identifier: GPL-2.0-or-later
"""The real OBS: where a picture goes, what is remembered, Cancel, Place Finished Downloads, the buttons of the properties; and
an OBS whose Qt the forms are not made for. Screenshots go to the build folder's "screens"."""

import json
import os
import socket
import unittest

import obs
from obs import Obs, Windows, assert_exact, desk, ledger, wait_for

# A generation for each test, so that none depends on what another has bought.
BOX, STUDIO, CANCEL, PROPERTIES, OTHER_QT = (f"0000000{n}-93D4-4F26-8A5E-2D1C6F70B9E3" for n in range(1, 6))
SCENARIO = obs.generations(BOX, STUDIO, CANCEL, PROPERTIES, OTHER_QT)
NOTES = "For the autumn programme"


class Viewer:
    """Where OBS streams to: whoever sends does not wait for an answer in this protocol."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(60)
        self.address = "rist://127.0.0.1:%d" % self.socket.getsockname()[1]

    def watch(self):
        seen = 0
        while seen < 20000:
            seen += len(self.socket.recv(4096))

    def close(self):
        self.socket.close()


class WithObs(unittest.TestCase):
    name = None

    @classmethod
    def prepare(cls, plugin_folder):
        """For what is to be changed in the installation."""

    @classmethod
    def setUpClass(cls):
        cls.home, cls.data = desk.folder(cls.name + "-home"), desk.folder(cls.name + "-data")
        cls.stand_in = desk.service(cls.name, SCENARIO)
        cls.addClassCleanup(cls.stand_in.stop)
        cls.prepare(obs.install(cls.home))
        # What opens files for the person writes down what it was to open.
        tools = desk.folder(cls.name + "-bin")
        cls.shown = os.path.join(tools, "shown")
        obs.write(os.path.join(tools, "xdg-open"), f'#!/bin/sh\nprintf "%s\\n" "$1" >>"{cls.shown}"\n')
        os.chmod(os.path.join(tools, "xdg-open"), 0o755)
        variables = desk.environment(cls.home, cls.stand_in, cls.data)
        variables["PATH"] = tools + ":" + variables["PATH"]
        windows = Windows()
        cls.addClassCleanup(windows.end)
        cls.host = Obs(cls.home, variables, cls.name)
        cls.addClassCleanup(cls.host.end)
        cls.host.wait_for_log("[inset] ")
        cls.host.connect()

    def setUp(self):
        self.addCleanup(self.picture_of_a_failure)

    def picture_of_a_failure(self):
        outcome = self._outcome.result
        if any(problem and test is self for test, problem in outcome.errors + outcome.failures):
            self.host.screen("failed-" + self.id().rsplit(".", 1)[-1])
            self.host.print_forms()

    def charges(self):
        return len(ledger(self.stand_in))

    def scene_items(self, scene):
        return self.host.request("GetSceneItemList", sceneName=scene)["sceneItems"]

    def wait_for_placed(self):
        event = self.host.wait_for_event("placed", "failed")
        self.assertEqual(event["eventType"], "placed", event)
        self.host.wait_for_event("done", job=event["eventData"]["job"])
        return event["eventData"]

    def current(self):
        return self.host.request("GetCurrentProgramScene")["currentProgramSceneName"]

    def new_scene(self, name):
        self.host.request("CreateScene", sceneName=name)
        self.host.request("SetCurrentProgramScene", sceneName=name)
        wait_for(lambda: self.current() == name, 20, "the scene to be shown")
        return name


class Controls(WithObs):
    name = "controls"

    def open_form(self, generation=None):
        self.host.press("Insert Generated Image…", "menu item")
        self.host.find("Generation", "text")
        if generation is not None:
            self.host.type_into("Generation", generation)

    def accept(self, button):
        self.host.find(button, "push button", 60)
        self.host.press(button, "push button")

    def cancel_form(self):
        self.host.press("Cancel", "push button", "Insert Generated Image")
        wait_for(lambda: not self.host.is_there("Generation", "text"), 20, "the form to go")
        self.assertEqual(self.host.wait_for_event("failed")["eventData"]["cause"], "cancelled")

    def test_what_is_chosen_is_remembered_but_never_shows_a_picture_on_air(self):
        scene = self.new_scene("Box")
        shown = lambda: [item["sceneItemEnabled"] for item in self.scene_items(scene)]
        box = lambda: self.host.is_checked("Visible at once")

        self.open_form(BOX)
        self.host.find("License and Insert 1024 × 576", "push button", 60)
        self.assertTrue(box())
        self.host.press("Visible at once", "check box")
        wait_for(lambda: not box(), 20, "the box")
        self.host.type_into("Notes", NOTES)
        self.accept("License and Insert 1024 × 576")
        self.wait_for_placed()
        self.assertEqual(shown(), [False])

        # What was chosen and typed is there again, and is in no need of a second licence.
        self.open_form()
        self.host.find("Insert 1024 × 576", "push button", 60)
        self.host.find("Already licensed: free.", "label")
        self.assertEqual(self.host.text_of("Generation"), BOX)
        self.assertEqual(self.host.text_of("Notes"), NOTES)
        self.assertFalse(box())
        self.host.press("Visible at once", "check box")
        wait_for(box, 20, "the box")
        self.accept("Insert 1024 × 576")
        self.wait_for_placed()
        self.assertEqual(shown(), [False, True])

        # On air, the box is not ticked, and pictures come hidden.
        viewer = Viewer()
        self.addCleanup(viewer.close)
        self.host.request("SetStreamServiceSettings", streamServiceType="rtmp_custom",
                          streamServiceSettings={"server": viewer.address, "key": ""})
        expected = [False, True]
        for what in ("Record", "Stream"):
            with self.subTest(what):
                active = lambda: self.host.request(f"Get{what}Status")["outputActive"]
                self.host.request("Start" + what)
                wait_for(active, 60, "the output")
                self.open_form()
                self.host.find("Insert 1024 × 576", "push button", 60)
                self.assertFalse(box())
                self.host.screen("live-" + what.lower())
                self.accept("Insert 1024 × 576")
                self.wait_for_placed()
                self.assertTrue(self.host.vendor("insert", generation=BOX, index=0, size="1k")["accepted"])
                self.wait_for_placed()
                expected += [False, False]
                self.assertEqual(shown(), expected)
                if what == "Stream":
                    viewer.watch()
                self.assertTrue(active())
                self.host.request("Stop" + what)
                wait_for(lambda: not active(), 60, "the end of the output")

        # That was not the person's choice, so it is not what is remembered.
        self.open_form()
        self.host.find("Insert 1024 × 576", "push button", 60)
        self.assertTrue(box())
        self.cancel_form()
        with open(os.path.join(self.home, ".config", "obs-studio", "plugin_config", "inset-obs", "preferences.json")) as file:
            self.assertEqual(json.load(file), {"visible_at_once": True, "last_values": {"generation": BOX, "notes": NOTES}})
        self.assertEqual([charge["generation"] for charge in ledger(self.stand_in)].count(BOX), 1)

    def test_in_studio_mode_it_goes_to_the_preview_of_the_click(self):
        on_air = self.new_scene("On Air")
        for name in ("Prepared", "Later"):
            self.host.request("CreateScene", sceneName=name)
        self.host.request("SetStudioModeEnabled", studioModeEnabled=True)
        self.addCleanup(self.host.request, "SetStudioModeEnabled", studioModeEnabled=False)
        preview = lambda: self.host.request("GetCurrentPreviewScene")["currentPreviewSceneName"]
        self.host.request("SetCurrentPreviewScene", sceneName="Prepared")
        wait_for(lambda: preview() == "Prepared", 20, "the preview")
        self.open_form(STUDIO)
        self.host.find("License and Insert 1024 × 576", "push button", 60)
        self.host.request("SetCurrentPreviewScene", sceneName="Later")
        wait_for(lambda: preview() == "Later", 20, "the preview")
        self.accept("License and Insert 1024 × 576")
        self.wait_for_placed()
        self.host.screen("studio")
        self.assertEqual([len(self.scene_items(name)) for name in (on_air, "Later", "Prepared")], [0, 0, 1])

    def test_cancel_and_place_finished_downloads(self):
        scene = self.new_scene("Cancelled")
        before = self.charges()
        self.stand_in.control(do="scenario", rules=[{"route": "file", "hold": "cancel", "hold_at": 50000}])
        self.addCleanup(self.stand_in.control, do="scenario", rules=[])
        self.open_form(CANCEL)
        self.accept("License and Insert 1024 × 576")
        wait_for(lambda: os.path.exists(os.path.join(self.stand_in.folder, "held-cancel")), 60, "the download")
        self.host.find("Cancel", "push button", window="Generated Images")
        self.host.screen("progress-held")
        self.host.press("Cancel", "push button", "Generated Images")
        failed = self.host.wait_for_event("failed")["eventData"]
        self.assertEqual((failed["cause"], failed["paid"]), ("cancelled", "yes"))
        # What it came too late for is said until it has been read.
        self.host.find("Close", "push button", window="A Picture Waits")
        self.host.screen("cancelled")
        self.host.press("Close", "push button", "A Picture Waits")
        self.assertEqual(self.scene_items(scene), [])

        open(os.path.join(self.stand_in.folder, "release-cancel"), "w").close()
        self.stand_in.control(do="scenario", rules=[])
        self.host.press("Place Finished Downloads", "menu item")
        self.host.find_containing(CANCEL, "Place Finished Downloads")
        self.host.screen("resume")
        self.accept("Place 1 picture")
        placed = self.wait_for_placed()
        (item,) = self.scene_items(scene)
        self.assertEqual(item["sourceName"], placed["name"])
        # It names what it has placed.
        self.host.find_containing(placed["name"], "Generated Images")
        self.host.screen("placed-later")
        self.host.wait_until_shown(item["sourceName"])
        assert_exact(self.host, item["sourceName"])
        self.assertEqual(self.charges(), before + 1)
        # There is nothing more to place, and that is said too.
        self.host.press("Place Finished Downloads", "menu item")
        self.host.wait_for_event("done")
        self.host.find_containing("There is nothing to finish.", "Generated Images")
        self.assertEqual(len(self.scene_items(scene)), 1)

    def test_the_properties_show_the_facts_and_their_buttons_work(self):
        scene = self.new_scene("Properties")
        self.assertTrue(self.host.vendor("insert", generation=PROPERTIES, index=0, size="1k")["accepted"])
        placed = self.wait_for_placed()
        self.host.request("OpenInputPropertiesDialog", inputName=placed["name"])
        self.host.find_containing(placed["asset_id"])
        # That it was still on its way goes away by itself.
        wait_for(lambda: not self.host.is_there("Loading", "label"), 60, "the end of loading")
        self.host.screen("properties")
        self.host.press("Show Original File", "push button")
        wait_for(lambda: os.path.exists(self.shown), 30, "the program that shows files")
        with open(self.shown) as file:
            (said,) = file.read().splitlines()
        self.assertEqual(said.removeprefix("file://"), placed["original"])

        # Another size is another licence, and another source.
        before = self.charges()
        self.host.press("Fetch Another Size…", "push button")
        self.host.find("Insert 1024 × 576", "push button", 60)
        self.assertEqual(self.host.text_of("Generation"), PROPERTIES)
        self.host.find("Already licensed: free.", "label")
        self.host.wait_for_focus("Generation")
        self.host.keys("Tab", "Tab")
        self.host.keys_until("Down", "License and Insert 4096 × 2304")
        self.host.find("A charge may apply under your agreement.", "label")
        self.host.screen("another-size")
        self.accept("License and Insert 4096 × 2304")
        larger = self.wait_for_placed()
        self.host.wait_for_log("[inset] shown: 4096 x 2304")
        self.assertEqual(self.charges(), before + 1)
        self.assertEqual(sorted(item["sourceName"] for item in self.scene_items(scene)), sorted([placed["name"], larger["name"]]))
        sizes = [self.host.request("GetInputSettings", inputName=one["name"])["inputSettings"] for one in (placed, larger)]
        self.assertEqual([(size["width"], size["facts"]["size"]) for size in sizes], [(1024, "1k"), (4096, "4k")])
        self.host.press("OK", "push button", f"Properties for '{placed['name']}'")


class OtherQt(WithObs):
    name = "other-qt"

    @classmethod
    def prepare(cls, plugin_folder):
        # As the package of an OBS of the other Qt would have it: the forms there are cannot be used here.
        qt = obs.qt_of_obs()
        os.rename(f"{plugin_folder}/inset-qt{qt}.so", f"{plugin_folder}/inset-qt{11 - qt}.so")

    def test_says_so_in_one_line_and_serves_programs(self):
        (line,) = [line for line in self.host.log().splitlines() if "[inset]" in line]
        self.assertRegex(line, r"no forms \(OBS runs Qt [56], and .*inset-qt[56]\.so is not there\)")
        with open(f"/proc/{self.host.process.pid}/maps") as file:
            self.assertNotIn("inset-qt", file.read())
        # An item that could do nothing is not offered.
        self.host.find("Place Finished Downloads", "menu item")
        self.assertFalse(self.host.is_there("Insert Generated Image…", "menu item"))

        self.assertTrue(self.host.vendor("insert", generation=OTHER_QT, index=0, size="1k")["accepted"])
        source = self.wait_for_placed()["name"]
        self.host.wait_until_shown(source)
        assert_exact(self.host, source)
        self.host.quit()


if __name__ == "__main__":
    unittest.main(verbosity=2)
