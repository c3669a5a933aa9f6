# SPDX-License-Identifier: GPL-2.0-or-later
"""Installing and removing for GIMP, and the archive."""

import os
import shutil
import subprocess
import tarfile
import unittest

import desk
import gimp

PLUG_INS = ".config/GIMP/2.10/plug-ins"
PACK = os.path.join(desk.ROOT, "dist", "pack-gimp")


def run_fully(*words, home):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "GIMP"))}
    return subprocess.run(words, env=dict(clean, HOME=home), check=True, capture_output=True, text=True)


def run(*words, home):
    return run_fully(*words, home=home).stdout


class Install(unittest.TestCase):
    def test_it_is_there_and_gone_again(self):
        home = desk.folder("gimp-install")
        run(gimp.INSTALL, "--remove", home=home)
        for _ in range(2):
            run(gimp.INSTALL, "--build", desk.BUILD, home=home)
        folder = os.path.join(home, PLUG_INS, "inset")
        self.assertLessEqual({"inset", "libinset.so"}, set(os.listdir(folder)))
        self.assertLessEqual(set(os.listdir(folder)), {"inset", "libinset.so", "inset-decode", "inset-keyring"})
        self.assertTrue(os.access(os.path.join(folder, "inset"), os.X_OK))
        # GIMP runs the first file that has the folder's name, whatever follows the dot, in the order the disk has them.
        self.assertEqual(["inset"], [name for name in os.listdir(folder) if os.path.splitext(name)[0] == "inset"])
        run(gimp.INSTALL, "--remove", home=home)
        self.assertEqual([], os.listdir(os.path.join(home, PLUG_INS)))

    def test_what_the_person_put_there_stays(self):
        home = desk.folder("gimp-install-other")
        run(gimp.INSTALL, "--build", desk.BUILD, home=home)
        mine = os.path.join(home, PLUG_INS, "inset", "mine.txt")
        open(mine, "w").close()
        run(gimp.INSTALL, "--remove", home=home)
        self.assertEqual(["mine.txt"], os.listdir(os.path.dirname(mine)))

    def test_the_archive_holds_the_folder_and_its_bits(self):
        out = desk.folder("gimp-archive")
        archives = run(PACK, "--build", desk.BUILD, "--out", out, home=desk.folder("home")).split()
        self.assertTrue(any("gimp-2.10" in archive for archive in archives), archives)
        for archive in archives:
            with tarfile.open(archive) as tar:
                self.assertLessEqual({"inset", "inset/inset", "inset/libinset.so"}, set(tar.getnames()))
                self.assertEqual(0o755, tar.getmember("inset/inset").mode)

    def test_the_packages_for_gimp_bring_the_form_and_a_build_without_it_says_so(self):
        home = desk.folder("gimp-no-form")
        setup = run(os.path.join(desk.ROOT, "dist", "setup"), "--list", "build", "gimp", home=home)
        self.assertIn("qtbase5-dev", setup.split())
        build = desk.folder("gimp-no-form-build")
        shutil.copytree(os.path.join(desk.BUILD, "lib", "inset"), os.path.join(build, "lib", "inset"))
        os.makedirs(os.path.join(build, "hosts", "gimp-2.10"))
        shutil.copy(os.path.join(desk.BUILD, "bin", "easel"), os.path.join(build, "hosts", "gimp-2.10", "inset-gimp"))
        for command in ([gimp.INSTALL], [PACK, "--out", desk.folder("gimp-no-form-archive")]):
            with self.subTest(command):
                self.assertIn("no form", run_fully(*command, "--build", build, home=home).stderr)
                self.assertEqual("", run_fully(*command, "--build", desk.BUILD, home=home).stderr)

    def test_gimp_finds_what_the_archive_holds_and_forgets_it_when_it_is_removed(self):
        home, out = desk.folder("gimp-archive-home"), desk.folder("gimp-archive-2")
        archives = run(PACK, "--build", desk.BUILD, "--out", out, home=home).split()
        os.makedirs(os.path.join(home, PLUG_INS))
        run("tar", "-C", os.path.join(home, PLUG_INS), "-xzf", next(name for name in archives if "gimp-2.10" in name), home=home)
        for there in (True, False):
            gimp.start_once(home)
            self.assertEqual(there, gimp.knows_us(home))
            run(gimp.INSTALL, "--remove", home=home)


if __name__ == "__main__":
    unittest.main(verbosity=2)
