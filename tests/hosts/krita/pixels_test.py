# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures made smaller for a layer, without Krita: nothing of them is lost, whether or not the sizes divide."""

import importlib.util
import os
import types
import unittest

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

spec = importlib.util.spec_from_file_location("pixels", os.path.join(ROOT, "sdk-shim", "krita", "inset", "pixels.py"))
pixels = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pixels)


def ramp(length):
    """From 0 to 255, at the middle of each pixel."""
    return (numpy.arange(length) + 0.5) / length * 255


def picture_of(values):
    height, width = values.shape[:2]
    return types.SimpleNamespace(width=width, height=height, stride=4 * width, pixels=values.ctypes.data)


def scaled(values, width, height):
    """Blue, green, red and alpha, as a layer takes them."""
    out = numpy.zeros((height, width, 4), numpy.uint8)
    for band in pixels.bands(picture_of(values), width, height):
        if band is not None:
            top, rows, data = band
            out[top:top + rows] = numpy.frombuffer(data, numpy.uint8).reshape(rows, width, 4)
    return out


class Scaled(unittest.TestCase):
    def test_a_ramp_stays_a_ramp(self):
        for width, height, to_width, to_height in ((23, 23, 2, 2), (31, 17, 4, 2), (64, 48, 16, 12), (1006, 705, 143, 100),
                                                   (703, 1009, 87, 125), (300, 200, 299, 199), (20, 30, 50, 75)):
            with self.subTest(f"{width} x {height} to {to_width} x {to_height}"):
                values = numpy.full((height, width, 4), 255, numpy.uint8)
                values[..., 0] = ramp(width)[None, :] + 0.5
                values[..., 1] = ramp(height)[:, None] + 0.5
                got = scaled(values, to_width, to_height).astype(float)
                # Nothing lies elsewhere by more than one pixel of the picture.
                self.assertLess(numpy.abs(got[..., 2] - ramp(to_width)[None, :]).max(), max(2, 255 / width))
                self.assertLess(numpy.abs(got[..., 1] - ramp(to_height)[:, None]).max(), max(2, 255 / height))
                self.assertTrue((got[..., 3] == 255).all())

    def test_in_its_own_size_it_is_the_same(self):
        values = numpy.random.default_rng(1).integers(0, 256, (301, 257, 4), numpy.uint8)
        self.assertTrue((scaled(values, 257, 301) == values[..., [2, 1, 0, 3]]).all())


if __name__ == "__main__":
    unittest.main(verbosity=2)
