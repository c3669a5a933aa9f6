# SPDX-License-Identifier: GPL-2.0-or-later
"""Right colours in every kind of image: a layer is put into each, and what GIMP exports is compared with what was sold.

Stated once, in steps of 1/255 of a channel:
  RGB 8 and 16 bit      exact
  RGB half              0.1, because a half has 11 bits
  RGB linear            exact as light: 0.5 where the image has 8 linear bits, else 0.1 after the curve
  gray                  0.6 at 8 bits (rounding, and one rounding of the reference), 0.1 at 16; luminance as babl has it
  indexed               no channel is further away than half a step of the palette's cube; alpha on or off
  with a profile        1, beside what lcms makes of it at 8 bits: one rounding there and one here
"""

import io
import os
import unittest

import numpy
from PIL import Image, ImageCms

import desk
import gimp

LUMINANCE = numpy.array([0.22249, 0.71690, 0.06061])
ADOBE = "/usr/share/color/icc/ghostscript/a98.icc"
WIDE = "/usr/share/color/icc/ghostscript/rommrgb.icc"
GRAY = "/usr/share/color/icc/krita/Gray-D50-elle-V2-g18.icc"

PLAIN = [("rgb-u8", "RGB", "U8-GAMMA"), ("rgb-u16", "RGB", "U16-GAMMA"), ("rgb-half", "RGB", "HALF-GAMMA"),
         ("rgb-float", "RGB", "FLOAT-GAMMA"), ("rgb-u8-linear", "RGB", "U8-LINEAR"), ("rgb-u32-linear", "RGB", "U32-LINEAR"),
         ("rgb-float-linear", "RGB", "FLOAT-LINEAR"), ("gray-u8", "GRAY", "U8-GAMMA"), ("gray-u16", "GRAY", "U16-GAMMA"),
         ("gray-float-linear", "GRAY", "FLOAT-LINEAR")]
PROFILED = [("adobe-u8", "RGB", ADOBE, None), ("adobe-u16", "RGB", ADOBE, "U16-GAMMA"),
            ("adobe-float-linear", "RGB", ADOBE, "FLOAT-LINEAR"), ("wide-u16", "RGB", WIDE, "U16-GAMMA"),
            ("gray-profile", "GRAY", GRAY, None)]


def gray_of(pixels):
    """The sRGB value of a gray that is as bright."""
    return desk.curved(desk.linear(pixels[..., :3] / 255.0) @ LUMINANCE) * 255


class Colours(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = desk.folder("colours")
        scenario, cls.sold = desk.serve_small("colours")
        cases = []
        for tag, kind, precision in PLAIN:
            cases.append(f"""
              (let* ((image (empty-image 256 192 {kind} PRECISION-{precision} {kind}-IMAGE))
                     (layer (add-picture image 2 "1k" "")))
                (export image layer "{cls.out}/{tag}.png") (gimp-image-delete image))""")
        cases.append(f"""
              (let ((image (empty-image 256 192 RGB PRECISION-U8-GAMMA RGB-IMAGE)))
                (gimp-image-convert-indexed image CONVERT-DITHER-NONE CONVERT-PALETTE-WEB 0 FALSE FALSE "")
                (export image (add-picture image 2 "1k" "") "{cls.out}/indexed.png"))""")
        for tag, kind, profile, precision in PROFILED:
            # The precision is changed with the profile in place, so that GIMP makes the linear form of it.
            before = f"(gimp-image-convert-precision image PRECISION-{precision})" if precision else ""
            after = "(gimp-image-convert-precision image PRECISION-U8-GAMMA)" if precision else ""
            cases.append(f"""
              (let ((image (empty-image 256 192 {kind} PRECISION-U8-GAMMA {kind}-IMAGE)))
                (gimp-image-set-color-profile-from-file image "file://{profile}") {before}
                (let ((layer (add-picture image 2 "1k" ""))) {after}
                  (export image layer "{cls.out}/{tag}.png") (gimp-image-delete image)))""")
        with desk.service("colours", scenario) as service:
            gimp.batch(service, desk.folder("colours-data"), *cases, timeout=400)
            cls.charges = len(service.log("ledger"))

    def exported(self, tag):
        return desk.read16(os.path.join(self.out, tag + ".png"))

    def test_all_of_them_cost_one_licence(self):
        self.assertEqual(1, self.charges)

    def test_rgb_is_exact(self):
        for tag, least in (("rgb-u8", 0), ("rgb-u16", 0), ("rgb-float", 0.01), ("rgb-half", 0.1)):
            with self.subTest(tag):
                self.assertLessEqual(desk.worst(self.exported(tag), self.sold), least)

    def test_linear_rgb_is_exact_as_light(self):
        got = self.exported("rgb-u8-linear")[..., :3]
        self.assertLessEqual(desk.worst(got, desk.linear(self.sold[..., :3] / 255.0) * 255), 0.51)
        for tag in ("rgb-u32-linear", "rgb-float-linear"):
            with self.subTest(tag):
                got = desk.curved(self.exported(tag)[..., :3] / 255) * 255
                self.assertLessEqual(desk.worst(got, self.sold[..., :3]), 0.1)
                self.assertLessEqual(desk.worst(self.exported(tag)[..., 3], self.sold[..., 3]), 0.01)

    def test_gray_is_as_bright(self):
        want = gray_of(self.sold)
        for tag, least in (("gray-u8", 0.6), ("gray-u16", 0.1)):
            with self.subTest(tag):
                self.assertLessEqual(desk.worst(self.exported(tag)[..., 0], want), least)
        got = desk.curved(self.exported("gray-float-linear")[..., 0] / 255) * 255
        self.assertLessEqual(desk.worst(got, want), 0.1)

    def test_indexed_takes_the_nearest_colour(self):
        got = self.exported("indexed")
        opaque = self.sold[..., 3] == 255
        self.assertTrue((got[..., 3][opaque] == 255).all())
        self.assertLessEqual(desk.worst(got[opaque][:, :3], self.sold[opaque][:, :3]), 26)
        self.assertLessEqual(set(numpy.unique(got[..., 3])), {0.0, 255.0})

    def test_a_profile_is_converted_to(self):
        for tag, *_ in PROFILED:
            with self.subTest(tag), Image.open(os.path.join(self.out, tag + ".png")) as picture:
                profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
                mode = "L" if tag.startswith("gray") else "RGB"
                exported = numpy.array(picture.convert(mode))
                want = ImageCms.profileToProfile(Image.fromarray(self.sold, "RGBA").convert("RGB"), ImageCms.createProfile("sRGB"),
                                                 profile, outputMode=mode, flags=ImageCms.FLAGS["NOTPRECALC"],
                                                 renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC)
                difference = numpy.abs(numpy.array(want).astype(float) - exported)
                print(f"{tag}: worst {difference.max():.1f}, mean {difference.mean():.3f}")
                self.assertLessEqual(difference.max(), 1)
                if tag.startswith("adobe"):
                    self.assertGreater(desk.worst(exported, self.sold[..., :3]), 20, "the bytes were not converted")


if __name__ == "__main__":
    unittest.main(verbosity=2)
