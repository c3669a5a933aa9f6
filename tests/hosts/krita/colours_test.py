# SPDX-License-Identifier: GPL-2.0-or-later
"""Right colours in every colour space: a layer is put into a document of each, and compared with what was sold.

Stated once, in steps of 1/255 of a channel:
  RGBA 8 bit sRGB       exact in the export
  RGBA 16 bit, float    0.1 in the export
  RGBA 8 bit, profile   2 in the layer, beside what lcms makes of it with all its digits
  gray                  1 in the export, of the gray that is as bright
  LABA                  1.5 in the layer. Krita's own way back to sRGB, in an export, is coarser than that
  CMYKA                 the gamut is smaller: 20 on average, and the order of bright and dark is kept
"""

import os
import unittest

import numpy
from PIL import Image, ImageCms

import krita
import desk

LUMINANCE = numpy.array([0.22249, 0.71690, 0.06061])
ADOBE = "/usr/share/color/icc/krita/ClayRGB-elle-V2-g22.icc"
EXPORTED = {"rgba-u8": 0, "rgba-u16": 0.1, "rgba-u16-linear": 0.1, "rgba-f32": 0.1}

# sRGB's primaries with D50 as white, as its profiles have them.
TO_XYZ = numpy.array([[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]])
WHITE = numpy.array([0.9642, 1.0, 0.8249])


def from_lab(lightness, a, b):
    """sRGB values from 0 to 255."""
    y = (lightness + 16) / 116
    steps = numpy.stack([y + a / 500, y, y - b / 200], -1)
    xyz = numpy.where(steps > 6 / 29, steps ** 3, (steps - 4 / 29) * 3 * (6 / 29) ** 2) * WHITE
    return desk.curved(xyz @ numpy.linalg.inv(TO_XYZ).T) * 255


class Colours(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = desk.folder("krita-colours")
        scenario, cls.sold = desk.serve_small("krita-colours")
        with desk.service("krita-colours", scenario) as service:
            cls.result = krita.play("colours", service, desk.folder("krita-colours-data"), cls.out)
            cls.charges = len(service.log("ledger"))

    def exported(self, tag):
        return desk.read16(os.path.join(self.out, tag + ".png"))

    def test_all_of_them_cost_one_licence(self):
        self.assertEqual(1, self.charges)

    def test_the_layer_has_the_space_of_its_document(self):
        for tag, case in self.result["cases"].items():
            with self.subTest(tag):
                self.assertEqual("", case["reason"])
                self.assertEqual(case["document"], case["space"])

    def test_one_undo_takes_it_away(self):
        for tag, case in self.result["cases"].items():
            with self.subTest(tag):
                self.assertEqual(len(case["before"]) + 1, len(case["layers"]))
                self.assertEqual(case["before"], case["after one undo"])

    def raw(self, tag, kind):
        """The layer's own values, in the order of memory."""
        with open(os.path.join(self.out, tag + ".raw"), "rb") as file:
            return numpy.frombuffer(file.read(), kind).reshape(192, 256, -1)

    def compare(self, tag, got, want, most):
        difference = numpy.abs(got.astype(float) - want)
        print(f"{tag}: worst {difference.max():.2f}, mean {difference.mean():.3f}")
        self.assertLessEqual(difference.max(), most)

    def test_rgb_is_exact(self):
        for tag, most in EXPORTED.items():
            with self.subTest(tag):
                self.compare(tag, self.exported(tag), self.sold, most)

    def test_a_profile_is_converted_to(self):
        want = ImageCms.profileToProfile(Image.fromarray(self.sold, "RGBA").convert("RGB"), ImageCms.createProfile("sRGB"), ADOBE,
                                         renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                                         flags=ImageCms.FLAGS["NOTPRECALC"])
        got = self.raw("rgba-u8-adobe", "u1")[..., 2::-1]
        self.compare("rgba-u8-adobe", got, numpy.array(want), 2)
        self.assertGreater(desk.worst(got, self.sold[..., :3]), 20, "the bytes were not converted")

    def test_lab_is_the_same_colour(self):
        lab = self.raw("laba-u16", "<u2").astype(float) / 257
        self.compare("laba-u16", from_lab(lab[..., 0] / 2.55, lab[..., 1] - 128, lab[..., 2] - 128), self.sold[..., :3], 1.5)

    def test_gray_is_as_bright(self):
        want = desk.curved(desk.linear(self.sold[..., :3] / 255.0) @ LUMINANCE) * 255
        for tag, most in (("graya-u16", 1), ("graya-u8", 1)):
            with self.subTest(tag):
                self.compare(tag, self.exported(tag)[..., 0], want, most)

    def test_cmyk_keeps_what_it_can(self):
        opaque = self.sold[..., 3] == 255
        got, want = self.exported("cmyka-u8")[opaque][:, :3], self.sold[opaque][:, :3].astype(float)
        print(f"cmyka-u8: mean {numpy.abs(got - want).mean():.2f}")
        self.assertLessEqual(numpy.abs(got - want).mean(), 20)
        self.assertGreater(numpy.corrcoef(got.mean(-1), want.mean(-1))[0, 1], 0.95)


if __name__ == "__main__":
    unittest.main(verbosity=2)
