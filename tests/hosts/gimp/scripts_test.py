# SPDX-License-Identifier: GPL-2.0-or-later
"""Real GIMP without a display: scripts call the procedures, and what GIMP exports is compared with what was sold."""

import json
import os
import signal
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import numpy
from PIL import Image

import desk
import gimp
from gimp import GENERATION


class Pictures(unittest.TestCase):
    """What the service sells, pixel by pixel."""

    def test_a_new_image_is_the_picture(self):
        out, data = desk.folder("new"), desk.folder("new-data")
        with desk.service("new", {"put_answer": 200}) as service:
            said = gimp.batch(service, data, f"""
              (let* ((image (new-picture 2 "1k")) (layer (car (gimp-image-get-active-layer image))))
                (say (box layer) (car (gimp-item-get-name layer)))
                (export image layer "{out}/dogs.png"))""", f"""
              (let* ((image (new-picture 0 "1k")))
                (say (car (gimp-item-get-name (car (gimp-image-get-active-layer image)))))
                (export image (car (gimp-image-get-active-layer image)) "{out}/dandelions.png"))""")
            self.assertEqual(2, len(service.log("ledger")))
            sold = os.path.join(desk.SHARED, "pictures", "dogs-1k-rgba.png")
            self.assertEqual(["768", "1024", "0", "0"], said[0][:4])
            with Image.open(sold) as one, Image.open(out + "/dogs.png") as other:
                self.assertEqual(0, desk.worst(numpy.array(one), numpy.array(other.convert("RGBA"))))

            # A JPEG has no one true decoding; the program without a window shows the plugin's.
            status, events = desk.easel(service, data, "insert", "generation=" + GENERATION, "index=0", "size=1k")
            self.assertEqual(0, status)
            self.assertEqual([event["name"].split() for event in events if event["event"] == "placed"], said[1:])
            self.assertEqual(2, len(service.log("ledger")))
        with Image.open(os.path.join(desk.folder("easel"), "canvas.png")) as one, Image.open(out + "/dandelions.png") as other:
            self.assertEqual(0, desk.worst(numpy.array(one.convert("RGBA")), numpy.array(other.convert("RGBA"))))


class Layers(unittest.TestCase):
    def test_a_layer_lies_where_the_rule_says_and_the_selection_stays(self):
        scenario, _ = desk.serve_small("layers")
        with desk.service("layers", scenario) as service:
            said = gimp.batch(service, desk.folder("layers-data"), """
              (define image (empty-image 600 400 RGB PRECISION-U8-GAMMA RGB-IMAGE))
              (gimp-image-select-rectangle image CHANNEL-OP-REPLACE 100 50 128 192)
              (say (box (add-picture image 2 "1k" "")))
              (say (box (add-picture image 2 "1k" "as-is")))
              (say (box (add-picture image 2 "1k" "fill")))
              (say (box (add-picture image 2 "1k" "selection")))
              (say (gimp-selection-bounds image))
              (say (gimp-image-get-layers image))
              (define small (empty-image 100 100 RGB PRECISION-U8-GAMMA RGB-IMAGE))
              (say (box (add-picture small 2 "1k" "fit")))
              (say (box (add-picture small 2 "1k" "as-is")))""")
            self.assertEqual(1, len(service.log("ledger")))
        said = [" ".join(words) for words in said]
        self.assertEqual(["256 192 172 104", "256 192 172 104", "600 450 0 -25", "128 96 100 98", "1 100 50 228 242"], said[:5])
        self.assertTrue(said[5].startswith("5 "), said[5])
        self.assertEqual(["100 75 0 12", "256 192 -78 -46"], said[6:])

    def test_a_scaled_layer_looks_like_the_picture(self):
        out = desk.folder("scaled")
        with desk.service("scaled", {"put_answer": 200}) as service:
            gimp.batch(service, desk.folder("scaled-data"), f"""
              (define image (empty-image 300 300 RGB PRECISION-U8-GAMMA RGB-IMAGE))
              (export image (add-picture image 1 "1k" "") "{out}/scaled.png")""")
        with Image.open(os.path.join(desk.SHARED, "pictures", "mountains-1k-progressive.jpg")) as sold:
            want = numpy.array(sold.convert("RGB").resize((300, 300), Image.Resampling.BICUBIC)).astype(float)
        with Image.open(out + "/scaled.png") as got:
            difference = numpy.abs(numpy.array(got.convert("RGB")).astype(float) - want)
        # Another filter than ours may look sharper; on average nobody could tell.
        self.assertLess(difference.mean(), 3)


class Facts(unittest.TestCase):
    def test_they_survive_saving_and_the_export(self):
        out = desk.folder("facts")
        with desk.service("facts", {"put_answer": 200}) as service:
            said = gimp.batch(service, desk.folder("facts-data"), f"""
              (define image (new-picture 2 "1k"))
              (gimp-xcf-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image)) "{out}/new.xcf" "new.xcf")
              (define again (car (gimp-file-load RUN-NONINTERACTIVE "{out}/new.xcf" "new.xcf")))
              (define layer (car (gimp-image-get-active-layer again)))
              (file-png-save2 RUN-NONINTERACTIVE again layer "{out}/new.png" "new.png" 0 6 0 0 0 0 0 0 1)
              (say (car (gimp-item-get-name layer)))
              (say (caddr (car (gimp-item-get-parasite layer "inset-asset"))))
              (define other (empty-image 300 300 RGB PRECISION-U8-GAMMA RGB-IMAGE))
              (export other (add-picture other 0 "1k" "") "{out}/part.png")""")
            first, second = [charge["asset_id"] for charge in service.log("ledger")]
        facts = said[1]
        self.assertLessEqual({"asset_id=" + first, "generation=" + GENERATION, "size=1k"}, set(facts))
        whole, part = tags(out + "/new.png"), tags(out + "/part.png")
        kinds = "http://cv.iptc.org/newscodes/digitalsourcetype/"
        self.assertEqual((kinds + "trainedAlgorithmicMedia", first),
                         (whole["XMP-iptcExt:DigitalSourceType"], whole["XMP-plus:ImageSupplierImageID"]))
        self.assertEqual((kinds + "compositeWithTrainedAlgorithmicMedia", second),
                         (part["XMP-iptcExt:DigitalSourceType"], part["XMP-plus:ImageSupplierImageID"]))
        self.assertTrue(whole.get("XMP-photoshop:Credit"), whole)


def tags(path):
    """The XMP of a file, as another program reads it. With -n: no words for codes."""
    said = subprocess.run(["exiftool", "-n", "-G1", "-XMP:all", "-json", path], capture_output=True, check=True, timeout=60).stdout
    return {name: str(value) for name, value in json.loads(said)[0].items()}


class Failures(unittest.TestCase):
    """Everything that goes wrong ends in words, and without a charge."""

    def words(self, service, call, data="failures-data", **more):
        with self.assertRaises(AssertionError) as caught:
            gimp.batch(service, desk.folder(data), call, **more)
        return str(caught.exception)

    def test_they_name_the_cause_and_cost_nothing(self):
        with desk.service("failures", {"put_answer": 200}) as service:
            self.assertIn("1k 768 1024", self.words(service, '(new-picture 2 "")'))
            self.assertIn("8k", self.words(service, '(new-picture 2 "8k")'))
            self.assertIn("placement must be", self.words(service, """
              (add-picture (empty-image 9 9 RGB PRECISION-U8-GAMMA RGB-IMAGE) 2 "1k" "middle")"""))
            self.assertIn("Nobody is signed in", self.words(service, '(new-picture 2 "1k")', INSET_API_KEY=""))
            self.assertEqual([], service.log("ledger"))
            self.assertEqual(0, len([line for line in service.log("requests") if line.get("route") == "put"]))

    def test_a_refusal_is_told(self):
        with desk.service("refusal", {"put_answer": 200, "quota": 0}) as service:
            self.assertRegex(self.words(service, '(new-picture 2 "1k")', "refusal-data"), "(?i)quota|agreement|used up")
            self.assertEqual([], service.log("ledger"))


    def test_what_rests_is_an_error_and_what_was_opened_stays(self):
        data = desk.folder("rests-data")
        with desk.service("rests", {"put_answer": 200, "rules": [{"route": "file", "status": 403}]}) as service:
            for index, size in ((2, "1k"), (0, "4k")):
                status, _ = desk.easel(service, data, "insert", "generation=" + GENERATION, f"index={index}", "size=" + size)
                self.assertEqual(6, status)
            service.control(do="scenario", rules=[{"route": "file", "size": "4k", "status": 403}])
            said = self.words(service, """
              (define first (catch "failed" (plug-in-inset-resume RUN-NONINTERACTIVE) "succeeded"))
              (gimp-message (string-append "the first " first ", images: " (number->string (car (gimp-image-list)))))
              (plug-in-inset-resume RUN-NONINTERACTIVE)""", "rests-data")
            self.assertIn("the first failed, images: 1", said)
            self.assertRegex(said, "Error:.*1 picture could not be placed")
            self.assertEqual(2, len(service.log("ledger")))


class Crash(unittest.TestCase):
    def test_killed_between_request_and_answer_it_is_taken_up_without_a_second_charge(self):
        """What GIMP's Cancel does, too: the process is gone at once."""
        out, data = desk.folder("crash"), desk.folder("crash-data")
        rules = [{"route": "put", "call": 1, "charge": True, "status": 202, "hold": "put"}]
        with desk.service("crash", {"ready_polls": 1, "rules": rules}) as service:
            with ThreadPoolExecutor() as pool:
                first = pool.submit(gimp.batch, service, data, '(new-picture 2 "1k")')
                desk.wait_for(lambda: os.path.exists(os.path.join(service.folder, "held-put")), 120, "the request")
                for process in gimp.plug_in_processes():
                    os.kill(process, signal.SIGKILL)
                self.assertIsInstance(first.exception(120), AssertionError)
            open(os.path.join(service.folder, "release-put"), "w").close()
            said = gimp.batch(service, data, f"""
              (define found (plug-in-inset-resume RUN-NONINTERACTIVE))
              (say (car found))
              (export (aref (cadr found) 0) (car (gimp-image-get-active-layer (aref (cadr found) 0))) "{out}/resumed.png")
              (say (car (plug-in-inset-resume RUN-NONINTERACTIVE)))""".replace("aref", "vector-ref"))
            self.assertEqual([["1"], ["0"]], said)
            self.assertEqual(1, len(service.log("ledger")))
            self.assertEqual(1, len([line for line in service.log("requests") if line.get("route") == "put"]))
        with Image.open(os.path.join(desk.SHARED, "pictures", "dogs-1k-rgba.png")) as one, Image.open(out + "/resumed.png") as other:
            self.assertEqual(0, desk.worst(numpy.array(one), numpy.array(other.convert("RGBA"))))


if __name__ == "__main__":
    unittest.main(verbosity=2)
