# SPDX-License-Identifier: GPL-2.0-or-later
"""GIMP 3.0 in the chroot that run_gimp3 makes: the procedures by script, exported pixels compared with what was sold. Not part of
ctest: the chroot is made once for a machine. Roundings as in colours_test.py."""

import os
import shutil
import subprocess
import sys
import unittest

import numpy
from PIL import Image

import desk
from gimp import GENERATION

ROOT = sys.argv.pop()
OUT = "/inset/out"

PRELUDE = f"""
(define (new-picture index size)
  (car (plug-in-inset-new #:run-mode RUN-NONINTERACTIVE #:generation "{GENERATION}" #:index index #:size size)))
(define (add-picture image layer index size placement)
  (car (plug-in-inset-layer #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector layer) #:generation "{GENERATION}"
                            #:index index #:size size #:placement placement)))
(define (back-of image type)
  (let ((layer (car (gimp-layer-new image "back" (car (gimp-image-get-width image)) (car (gimp-image-get-height image)) type 100
                                    LAYER-MODE-NORMAL))))
    (gimp-image-insert-layer image layer 0 0)
    (gimp-drawable-fill layer FILL-WHITE)
    layer))
(define (hide layer) (gimp-item-set-visible layer FALSE))
(define (export image path) (file-png-export #:run-mode RUN-NONINTERACTIVE #:image image #:file path #:include-xmp TRUE))
"""


def batch(service, data, *expressions):
    """Ends with status 0 if all was well: 3.0 says so."""
    home = "/inset/home"
    plug_in = os.path.join(ROOT, "inset/home/.config/GIMP/3.0/plug-ins/inset")
    os.makedirs(plug_in, exist_ok=True)
    for source, name in (("hosts/gimp-3.0/inset-gimp", "inset"), ("lib/inset/inset.so", "inset.so"),
                         ("lib/inset/inset-decode", "inset-decode")):
        path = os.path.join(ROOT, "inset/build", source)
        if os.path.exists(path):
            shutil.copy(path, os.path.join(plug_in, name))
    shutil.copy(service.said["ca_file"], os.path.join(ROOT, "inset/ca.pem"))
    with open(os.path.join(ROOT, "inset/cases.scm"), "w") as file:
        file.write("\n".join([PRELUDE, *expressions]))
    variables = desk.environment(home, service, data)
    variables.update(INSET_CA_FILE="/inset/ca.pem", PATH="/usr/bin:/bin")
    del variables["XDG_RUNTIME_DIR"]
    return subprocess.run(["timeout", "280", "/usr/sbin/chroot", ROOT, "gimp-console", "-i", "-d", "-f", "--quit",
                           "--batch-interpreter=plug-in-script-fu-eval", "-b", '(load "/inset/cases.scm")'],
                          env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Gimp3(unittest.TestCase):
    def setUp(self):
        for name in ("out", "data"):
            shutil.rmtree(os.path.join(ROOT, "inset", name), ignore_errors=True)
        os.makedirs(os.path.join(ROOT, "inset/out"))

    def exported(self, tag):
        return desk.read16(os.path.join(ROOT, "inset/out", tag + ".png"))

    def test_pictures(self):
        scenario, sold = desk.serve_small("gimp3")
        cases = []
        for tag, kind, precision in (("rgb-u8", "RGB", "U8-NON-LINEAR"), ("rgb-u16", "RGB", "U16-NON-LINEAR"),
                                     ("rgb-float", "RGB", "FLOAT-NON-LINEAR"), ("gray-u8", "GRAY", "U8-NON-LINEAR")):
            cases.append(f"""
              (let* ((image (car (gimp-image-new-with-precision 256 192 {kind} PRECISION-{precision})))
                     (back (back-of image {kind}-IMAGE)))
                (add-picture image back 2 "1k" "fit") (hide back) (export image "{OUT}/{tag}.png"))""")
        with desk.service("gimp3", scenario) as service:
            done = batch(service, "/inset/data", f'(export (new-picture 2 "1k") "{OUT}/new.png")', *cases)
            self.assertEqual(0, done.returncode, done.stdout)
            self.assertEqual(1, len(service.log("ledger")))
        for tag, most in (("new", 0), ("rgb-u8", 0), ("rgb-u16", 0), ("rgb-float", 0.1)):
            with self.subTest(tag):
                self.assertLessEqual(desk.worst(self.exported(tag), sold), most)
        luminance = desk.curved(desk.linear(sold[..., :3] / 255.0) @ numpy.array([0.22249, 0.71690, 0.06061])) * 255
        self.assertLessEqual(desk.worst(self.exported("gray-u8")[..., 0], luminance), 0.6)
        tags = subprocess.run(["exiftool", "-n", "-XMP:all", os.path.join(ROOT, "inset/out/new.png")], capture_output=True, text=True,
                              check=True).stdout
        self.assertIn("digitalsourcetype/trainedAlgorithmicMedia", tags)

    def test_resume_and_failures(self):
        with desk.service("gimp3-more", {"put_answer": 200}) as service:
            done = batch(service, "/inset/data", "(plug-in-inset-resume #:run-mode RUN-NONINTERACTIVE)")
            self.assertEqual(0, done.returncode, done.stdout)
            done = batch(service, "/inset/data", '(new-picture 2 "")')
            self.assertNotEqual(0, done.returncode)
            self.assertIn("1k 768 1024", done.stdout)
            self.assertEqual([], service.log("ledger"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
