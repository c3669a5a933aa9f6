# SPDX-License-Identifier: GPL-2.0-or-later
"""Installing and removing for Krita, and the zip: by our scripts, and by the importer that comes with Krita."""

import importlib.util
import os
import subprocess
import sys
import unittest
import zipfile

import krita
import desk

IMPORTER = "/usr/share/krita/pykrita/plugin_importer/plugin_importer.py"


def run(*words, home):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return subprocess.run(words, env=dict(clean, HOME=home), check=True, capture_output=True, text=True).stdout


def files(folder):
    return sorted(os.path.relpath(os.path.join(path, name), folder) for path, _, names in os.walk(folder) for name in names)


class Install(unittest.TestCase):
    def test_it_is_there_switched_on_and_gone_again(self):
        home = desk.folder("krita-install")
        settings = os.path.join(home, ".config", "kritarc")
        os.makedirs(os.path.dirname(settings))
        before = "[Foo]\nbar=1\n\n[python]\nenable_other=true\n\n[Zoo]\nlast=2\n"
        with open(settings, "w") as file:
            file.write(before)
        for _ in range(2):
            run(krita.INSTALL, "--build", desk.BUILD, home=home)
        with open(settings) as file:
            now = file.read()
        self.assertEqual(1, now.count("enable_inset=true"))
        self.assertIn("enable_inset=true", now.split("[python]")[1].split("[Zoo]")[0])
        plugins = os.path.join(home, ".local/share/krita/pykrita")
        self.assertLessEqual({"inset.desktop", "inset/__init__.py", "inset/easel.py", "inset/inset.so"}, set(files(plugins)))
        open(os.path.join(plugins, "inset", "mine.txt"), "w").close()
        os.mkdir(os.path.join(plugins, "inset", "__pycache__"))  # as Krita leaves it
        run(krita.INSTALL, "--remove", home=home)
        self.assertEqual(["inset/mine.txt"], files(plugins))
        with open(settings) as file:
            self.assertNotIn("enable_inset", file.read())

    def test_it_comes_where_nothing_was(self):
        home = desk.folder("krita-install-bare")
        run(krita.INSTALL, "--remove", home=home)
        self.assertEqual([], files(home))
        run(krita.INSTALL, "--build", desk.BUILD, home=home)
        with open(os.path.join(home, ".config", "kritarc")) as file:
            self.assertIn("[python]\nenable_inset=true", file.read())

    @unittest.skipUnless(os.path.exists(IMPORTER), "this Krita has no importer")
    def test_the_zip_is_taken_by_kritas_importer(self):
        out = desk.folder("krita-zip")
        archive = run(os.path.join(desk.ROOT, "dist", "pack-krita"), "--build", desk.BUILD, "--out", out,
                      home=desk.folder("home")).strip()
        with zipfile.ZipFile(archive) as zipped:
            self.assertFalse([name for name in zipped.namelist() if "__pycache__" in name])
        spec = importlib.util.spec_from_file_location("plugin_importer", IMPORTER)
        importer = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(importer)
        home = desk.folder("krita-zip-home")
        resources = desk.folder("krita-zip-home", ".local", "share", "krita")
        imported = importer.PluginImporter(archive, resources, lambda plugin: True).import_all()
        self.assertEqual(["inset"], [plugin["name"] for plugin in imported])
        self.assertIn("inset/inset.so", files(os.path.join(resources, "pykrita")))

        decoder = os.path.join(resources, "pykrita", "inset", "inset-decode")
        self.assertFalse(os.access(decoder, os.X_OK), "the importer keeps the bit by now; then decoder.py can go")

        # Krita runs what it unpacked, and the bit is there again.
        settings = os.path.join(home, ".config", "kritarc")
        os.makedirs(os.path.dirname(settings))
        with open(settings, "w") as file:
            file.write("[python]\nenable_inset=true\n")
        krita.add_selftest(home)
        with desk.service("krita-zip", {"put_answer": 200}) as service:
            result = krita.play("no_document", service, desk.folder("krita-zip-data"), desk.folder("krita-zip-out"), of=home)
            self.assertEqual(1, len(service.log("ledger")))
        self.assertEqual([768, 1024], result["size"])
        self.assertTrue(os.access(decoder, os.X_OK))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
