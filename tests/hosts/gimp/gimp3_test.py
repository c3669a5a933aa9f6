# SPDX-License-Identifier: GPL-2.0-or-later
"""GIMP 3.0 in the chroot that run_gimp3 makes: the procedures by script, exported pixels compared with what was sold, and a
crash. Not part of ctest: the chroot is made once for a machine. Roundings as in colours_test.py."""

import io
import os
import shutil
import signal
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import numpy
from PIL import Image, ImageCms

import desk
import gimp
from gimp import GENERATION

ROOT = sys.argv.pop()
OUT = "/inset/out"
HOME = "/inset/home"
PLUG_IN = os.path.join(ROOT, "inset/home/.config/GIMP/3.0/plug-ins/inset")
ADOBE = "/usr/share/color/icc/ghostscript/a98.icc"
LUMINANCE = numpy.array([0.22249, 0.71690, 0.06061])

PRELUDE = gimp.SAY + f"""
(define (new-picture index size)
  (car (plug-in-inset-new #:run-mode RUN-NONINTERACTIVE #:generation "{GENERATION}" #:index index #:size size)))
(define (add-picture image index size placement)
  (car (plug-in-inset-layer #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (car (gimp-image-get-layers image))
                            #:generation "{GENERATION}" #:index index #:size size #:placement placement)))
(define (empty-image width height type precision layer-type)
  (let* ((image (car (gimp-image-new-with-precision width height type precision)))
         (back (car (gimp-layer-new image "back" width height layer-type 100 LAYER-MODE-NORMAL))))
    (gimp-image-insert-layer image back 0 0)
    (gimp-drawable-fill back FILL-WHITE)
    image))
(define (alone image layer)
  (for-each (lambda (each) (gimp-item-set-visible each FALSE)) (vector->list (car (gimp-image-get-layers image))))
  (gimp-item-set-visible layer TRUE))
(define (export image path)
  (file-png-export #:run-mode RUN-NONINTERACTIVE #:image image #:file path #:include-xmp TRUE
                   #:include-color-profile TRUE #:save-transparent TRUE))
(define (box layer) (list (car (gimp-drawable-get-width layer)) (car (gimp-drawable-get-height layer))
                          (gimp-drawable-get-offsets layer)))
"""


def outside(path):
    return ROOT + path


def environment(service, data):
    shutil.copy(service.said["ca_file"], outside("/inset/ca.pem"))
    variables = desk.environment(HOME, service, data)
    variables.update(INSET_CA_FILE="/inset/ca.pem", PATH="/usr/bin:/bin")
    del variables["XDG_RUNTIME_DIR"]
    return variables


def batch(service, data, *expressions):
    """What the expressions said. GIMP 3.0 ends with a status that is not 0 if one failed."""
    script = "\n".join(['(define said-port (open-output-file "/inset/said"))', PRELUDE, *expressions, "(close-output-port said-port)"])
    with open(outside("/inset/cases.scm"), "w") as file:
        file.write(script)
    done = subprocess.run(["timeout", "280", "/usr/sbin/chroot", ROOT, "gimp-console", "-i", "-d", "-f", "--quit",
                           "--batch-interpreter=plug-in-script-fu-eval", "-b", '(load "/inset/cases.scm")'],
                          env=environment(service, data), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode != 0:
        raise AssertionError(f"GIMP ended with {done.returncode}:\n{done.stdout}")
    return gimp.words_said(outside("/inset/said"))


def plug_in_processes():
    return gimp.processes_of(os.path.join(PLUG_IN, "inset"))


class Gimp3(unittest.TestCase):
    def setUp(self):
        for name in ("out", "data"):
            shutil.rmtree(outside("/inset/" + name), ignore_errors=True)
        os.makedirs(outside(OUT))
        os.makedirs(PLUG_IN, exist_ok=True)
        shutil.rmtree(PLUG_IN)
        os.makedirs(PLUG_IN)
        for source, name in (("hosts/gimp-3.0/inset-gimp", "inset"), ("lib/inset/inset.so", "libinset.so"),
                             ("lib/inset/inset-decode", "inset-decode"), ("lib/inset/inset-keyring", "inset-keyring")):
            shutil.copy(outside("/inset/build/" + source), os.path.join(PLUG_IN, name))

    def exported(self, tag):
        return desk.read16(outside(f"{OUT}/{tag}.png"))

    def test_pictures(self):
        scenario, sold = desk.serve_small("gimp3")
        cases = []
        for tag, kind, precision in (("rgb-u8", "RGB", "U8-NON-LINEAR"), ("rgb-u16", "RGB", "U16-NON-LINEAR"),
                                     ("rgb-half", "RGB", "HALF-NON-LINEAR"), ("rgb-float", "RGB", "FLOAT-NON-LINEAR"),
                                     ("gray-u8", "GRAY", "U8-NON-LINEAR")):
            cases.append(f"""
              (let* ((image (empty-image 256 192 {kind} PRECISION-{precision} {kind}-IMAGE)))
                (alone image (add-picture image 2 "1k" "fit")) (export image "{OUT}/{tag}.png"))""")
        cases.append(f"""
              (let ((image (empty-image 256 192 RGB PRECISION-U8-NON-LINEAR RGB-IMAGE)))
                (gimp-image-convert-indexed image CONVERT-DITHER-NONE CONVERT-PALETTE-WEB 0 FALSE FALSE "")
                (alone image (add-picture image 2 "1k" "")) (export image "{OUT}/indexed.png"))""")
        cases.append(f"""
              (let ((image (empty-image 256 192 RGB PRECISION-U8-NON-LINEAR RGB-IMAGE)))
                (gimp-image-set-color-profile-from-file image "{ADOBE}")
                (alone image (add-picture image 2 "1k" "")) (export image "{OUT}/adobe.png"))""")
        with desk.service("gimp3", scenario) as service:
            batch(service, "/inset/data", f'(export (new-picture 2 "1k") "{OUT}/new.png")', *cases)
            self.assertEqual(1, len(service.log("ledger")))
        for tag, most in (("new", 0), ("rgb-u8", 0), ("rgb-u16", 0), ("rgb-half", 0.1), ("rgb-float", 0.1)):
            with self.subTest(tag):
                self.assertLessEqual(desk.worst(self.exported(tag), sold), most)
        luminance = desk.curved(desk.linear(sold[..., :3] / 255.0) @ LUMINANCE) * 255
        self.assertLessEqual(desk.worst(self.exported("gray-u8")[..., 0], luminance), 0.6)
        opaque = sold[..., 3] == 255
        self.assertLessEqual(desk.worst(self.exported("indexed")[opaque][:, :3], sold[opaque][:, :3]), 26)
        self.is_adobe(outside(OUT + "/adobe.png"), sold)
        tags = subprocess.run(["exiftool", "-n", "-XMP:all", outside(OUT + "/new.png")], capture_output=True, text=True,
                              check=True).stdout
        self.assertIn("digitalsourcetype/trainedAlgorithmicMedia", tags)

    def is_adobe(self, path, sold):
        with Image.open(path) as picture:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
            got = numpy.array(picture.convert("RGB"))
        want = ImageCms.profileToProfile(Image.fromarray(sold, "RGBA").convert("RGB"), ImageCms.createProfile("sRGB"), profile,
                                         flags=ImageCms.FLAGS["NOTPRECALC"],
                                         renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC)
        difference = desk.worst(numpy.array(want), got)
        print(f"Adobe RGB: worst {difference:.1f}")
        self.assertLessEqual(difference, 2)
        self.assertGreater(desk.worst(got, sold[..., :3]), 20, "the bytes were not converted")

    def test_placement_selection_and_facts(self):
        scenario, _ = desk.serve_small("gimp3-layers")
        with desk.service("gimp3-layers", scenario) as service:
            said = batch(service, "/inset/data", f"""
              (define image (empty-image 600 400 RGB PRECISION-U8-NON-LINEAR RGB-IMAGE))
              (gimp-image-select-rectangle image CHANNEL-OP-REPLACE 100 50 128 192)
              (say (box (add-picture image 2 "1k" "as-is")))
              (say (box (add-picture image 2 "1k" "fill")))
              (define layer (add-picture image 2 "1k" "selection"))
              (say (box layer))
              (say (cdr (gimp-selection-bounds image)))
              (gimp-file-save RUN-NONINTERACTIVE image "{OUT}/facts.xcf")
              (define again (car (gimp-file-load RUN-NONINTERACTIVE "{OUT}/facts.xcf")))
              (say (caddr (car (gimp-item-get-parasite (vector-ref (car (gimp-image-get-layers again)) 0) "inset-asset"))))""")
            (charge,) = service.log("ledger")
        boxes = [" ".join(words[-4:]) for words in said[:4]]
        self.assertEqual(["256 192 172 104", "600 450 0 -25", "128 96 100 98", "100 50 228 242"], boxes)
        self.assertIn("asset_id=" + charge["asset_id"], said[4])

    def test_resume_and_failures(self):
        with desk.service("gimp3-more", {"put_answer": 200}) as service:
            batch(service, "/inset/data", "(plug-in-inset-resume #:run-mode RUN-NONINTERACTIVE)")
            with self.assertRaisesRegex(AssertionError, "1k 768 1024"):
                batch(service, "/inset/data", '(new-picture 2 "")')
            self.assertEqual([], service.log("ledger"))
            service.control(do="scenario", rules=[{"route": "file", "status": 403}])
            with self.assertRaisesRegex(AssertionError, "charged once"):
                batch(service, "/inset/data", '(new-picture 2 "1k")')
            with self.assertRaisesRegex(AssertionError, "Error:.*1 picture could not be placed"):
                batch(service, "/inset/data", "(plug-in-inset-resume #:run-mode RUN-NONINTERACTIVE)")

    def test_killed_between_request_and_answer_it_is_taken_up_without_a_second_charge(self):
        rules = [{"route": "put", "call": 1, "charge": True, "status": 202, "hold": "put"}]
        with desk.service("gimp3-crash", {"ready_polls": 1, "rules": rules}) as service:
            with ThreadPoolExecutor() as pool:
                first = pool.submit(batch, service, "/inset/data", '(new-picture 2 "1k")')
                desk.wait_for(lambda: os.path.exists(os.path.join(service.folder, "held-put")), 120, "the request")
                for process in plug_in_processes():
                    os.kill(process, signal.SIGKILL)
                self.assertIsInstance(first.exception(120), AssertionError)
            open(os.path.join(service.folder, "release-put"), "w").close()
            batch(service, "/inset/data", f"""
              (define found (car (plug-in-inset-resume #:run-mode RUN-NONINTERACTIVE)))
              (say (vector-length found))
              (export (vector-ref found 0) "{OUT}/resumed.png")""")
            self.assertEqual(1, len(service.log("ledger")))
        with Image.open(os.path.join(desk.SHARED, "pictures", "dogs-1k-rgba.png")) as one, \
                Image.open(outside(OUT + "/resumed.png")) as other:
            self.assertEqual(0, desk.worst(numpy.array(one), numpy.array(other.convert("RGBA"))))


if __name__ == "__main__":
    unittest.main(verbosity=2)
