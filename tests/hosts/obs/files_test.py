# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shipped for OBS, without starting it: the module's links and symbols, its words, and what is installed where."""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.environ["INSET_BUILD"]
MODULE = os.path.join(BUILD, "obs", "inset-obs.so")
SHIM = os.path.join(ROOT, "sdk-shim", "obs")


def output(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def needed(path):
    return re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", path))


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names)


class Module(unittest.TestCase):
    def test_links_neither_qt_nor_curl(self):
        for library in needed(MODULE):
            self.assertNotRegex(library, "(?i)qt|curl")
        self.assertNotRegex(output("nm", "-D", MODULE), r"(?i)curl_|_ZN?K?\d+Q[A-Z]")

    def test_exports_what_obs_asks_for_and_nothing_else(self):
        names = [line.split()[-1] for line in output("nm", "-D", "--defined-only", MODULE).splitlines()]
        self.assertIn("obs_module_load", names)
        for name in names:
            self.assertRegex(name, "^obs_(module_|current_module$)")

    def test_forms_are_of_one_qt_each(self):
        for major in (5, 6):
            path = os.path.join(BUILD, "lib", "inset", f"inset-qt{major}.so")
            if not os.path.exists(path):
                continue
            for library in needed(path):
                self.assertNotRegex(library, f"libQt{11 - major}|curl")
            names = output("nm", "-D", "--defined-only", path).split("\n")
            self.assertEqual([line.split()[-1] for line in names if line], ["easel_qt_v1"])


class Words(unittest.TestCase):
    def test_every_word_is_there_and_used(self):
        used = set()
        for folder in (SHIM, os.path.join(ROOT, "sdk-shim", "qt")):
            for name in os.listdir(folder):
                if name.endswith((".cc", ".h")):
                    with open(os.path.join(folder, name)) as file:
                        used |= set(re.findall(r'"((?:Fact|Form|Menu|Message|Module|Notice|Progress|Source)\.[A-Za-z0-9.]+)"', file.read()))
        for name in os.listdir(os.path.join(SHIM, "data", "locale")):
            with open(os.path.join(SHIM, "data", "locale", name)) as file:
                there = set(re.findall(r"^([A-Za-z0-9.]+)=", file.read(), re.M))
            self.assertEqual(used, there, name)


class Installation(unittest.TestCase):
    def run_in(self, home, *words):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        return output(*words, env=dict(clean, HOME=home))

    def test_both_layouts_and_back(self):
        install = os.path.join(ROOT, "dist", "install-obs")
        with tempfile.TemporaryDirectory() as home:
            plugins = os.path.join(home, ".config", "obs-studio", "plugins")
            for words, place in (([], "bin/64bit/"), (["--flat"], ""), ([], "bin/64bit/")):
                self.run_in(home, install, "--build", BUILD, *words)
                there = files_below(os.path.join(plugins, "inset-obs"))
                self.assertIn(place + "inset-obs.so", there)
                self.assertIn(place + "inset/inset.so", there)
                self.assertIn("data/locale/en-US.ini", there)
                self.assertEqual(sum(name.endswith("inset-obs.so") for name in there), 1, there)
                with open(os.path.join(plugins, "inset-obs", "data", "manifest.json")) as file:
                    self.assertEqual(json.load(file)["id"], "inset-obs")
            foreign = os.path.join(plugins, "inset-obs", "data", "mine.txt")
            open(foreign, "w").close()
            self.run_in(home, install, "--remove")
            self.assertEqual(files_below(home), [os.path.relpath(foreign, home)])
            os.remove(foreign)
            self.run_in(home, install, "--build", BUILD)
            self.run_in(home, install, "--remove")
            self.assertEqual(os.listdir(plugins), [])

    def test_packages(self):
        with tempfile.TemporaryDirectory() as out:
            output(os.path.join(ROOT, "dist", "pack-obs"), "--build", BUILD, "--out", out)
            archives = [name for name in os.listdir(out) if name.endswith(".tar.gz")]
            self.assertEqual(len(archives), 2)
            for name in archives:
                with tarfile.open(os.path.join(out, name)) as archive:
                    names = archive.getnames()
                place = "inset-obs/" if "flat" in name else "inset-obs/bin/64bit/"
                for file in ("inset-obs.so", "inset/inset.so", "inset/inset-decode", "inset/inset-keyring"):
                    self.assertIn(place + file, names)
                self.assertIn("inset-obs/data/manifest.json", names)
                self.assertIn("inset-obs/data/locale/en-US.ini", names)
            debs = [name for name in os.listdir(out) if name.endswith(".deb")]
            self.assertEqual(len(debs), 1)
            lines = output("dpkg-deb", "-c", os.path.join(out, debs[0])).splitlines()
            names = [line.split()[5] for line in lines]
            in_plugins = [name for name in names if re.search(r"/obs-plugins/[^/]+\.so$", name)]
            self.assertEqual(len(in_plugins), 1, names)
            self.assertRegex(in_plugins[0], r"^\./usr/lib/[^/]+/obs-plugins/inset-obs\.so$")
            own = in_plugins[0].replace("obs-plugins/inset-obs.so", "inset/inset.so")
            self.assertIn(own, names)
            self.assertIn("./usr/share/obs/obs-plugins/inset-obs/locale/en-US.ini", names)
            self.assertFalse([name for name in names if "/usr/local" in name])
            control = output("dpkg-deb", "-f", os.path.join(out, debs[0]), "Depends")
            self.assertRegex(control, "libcurl")
            self.assertRegex(control, "libobs")


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=sys.argv[:1])
