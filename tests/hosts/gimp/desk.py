# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests in real editors share: a folder for one test run, the stand-in service, pictures to compare."""

import atexit
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time

import numpy
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.environ.get("INSET_BUILD") or os.path.join(ROOT, "build", "release")
SHARED = os.path.join(BUILD, "standin")

sys.path.insert(0, os.path.join(ROOT, "tests", "standin"))
from client import Standin  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="inset-host-")
if not os.environ.get("INSET_KEEP"):
    atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def folder(*names):
    path = os.path.join(FOLDER, *names)
    os.makedirs(path, exist_ok=True)
    return path


def wait_for(condition, seconds=30, what="that"):
    """The first true value of `condition`, asked some times a second."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.1)


def service(name, scenario=None):
    return Standin(folder(name + "-service"), SHARED, scenario or {})


def environment(home, stand_in, data):
    """For a program that has the plugin. Nothing of the person who runs the tests is seen."""
    out = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    out.update(HOME=home, XDG_RUNTIME_DIR=folder("runtime"), INSET_DATA_DIR=data, INSET_KEYRING="no", NO_AT_BRIDGE="1")
    os.chmod(out["XDG_RUNTIME_DIR"], 0o700)
    if stand_in is not None:
        said = stand_in.said
        out.update(INSET_API_URL=said["api_url"], INSET_AUTH_URL=said["auth_url"], INSET_CA_FILE=said["ca_file"],
                   INSET_API_KEY=said["api_key"], INSET_CLIENT_SECRET=said["client_secret"])
    return out


def easel(stand_in, data, *words):
    """Runs the program without a window; its events."""
    done = subprocess.run([os.path.join(BUILD, "bin", "easel"), "run", *words, "--json", "--out", folder("easel")],
                          env=environment(folder("home"), stand_in, data), capture_output=True, text=True, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def files_with(words, folders):
    """The files below these folders that hold one of the words, as text or as UTF-16."""
    wanted = [word.encode(kind) for word in words for kind in ("utf-8", "utf-16-le")]
    found = set()
    for folder_ in folders:
        for path, _, names in os.walk(folder_):
            for name in names:
                full = os.path.join(path, name)
                if not stat.S_ISREG(os.lstat(full).st_mode):
                    continue
                with open(full, "rb") as file:
                    content = file.read()
                if any(word in content for word in wanted):
                    found.add(full)
    return found


def nowhere(test, words, folders):
    """None of the words was written. What must be there, the generation in a journal, shows that the search finds things."""
    test.assertTrue(files_with(["5B0E7C1A-93D4-4F26-8A5E-2D1C6F70B9E3"], folders))
    test.assertEqual(set(), files_with(words, folders))


def small_picture(path, width=256, height=192):
    """A PNG with every alpha, sharp edges and all values of each colour, and its pixels. Small, so that many cases are
    cheap."""
    x = numpy.arange(width)[None, :].repeat(height, 0)
    y = numpy.arange(height)[:, None].repeat(width, 1)
    alpha = numpy.where(x < width // 2, 255, 64 + (y & 127))
    pixels = numpy.stack([(x + 9) & 255, (y * 3) & 255, (x ^ y) & 255, alpha], -1).astype(numpy.uint8)
    Image.fromarray(pixels, "RGBA").save(path)
    return pixels


def serve_small(name, **more):
    """The scenario that sells that picture as size 1k of picture 2, ready at once; and its pixels."""
    path = os.path.join(folder(name), "small.png")
    pixels = small_picture(path)
    height, width = pixels.shape[:2]
    scenario = {"put_answer": 200, "sizes": [{"size_name": "1k", "width": width, "height": height}],
                "rules": [{"route": "file", "file_bytes": path}]}
    scenario.update(more)
    return scenario, pixels


def read16(path):
    """A PNG's values as they are in the file, as numbers from 0 to 255 with fractions, RGBA."""
    raw = subprocess.run(["convert", path, "+profile", "icc", "-set", "colorspace", "sRGB", "-depth", "16", "rgba:-"],
                         capture_output=True, check=True, timeout=60).stdout
    with Image.open(path) as picture:
        width, height = picture.size
    return numpy.frombuffer(raw, "<u2").reshape(height, width, 4) / 257.0


def linear(values):
    """sRGB values from 0 to 1 as light."""
    return numpy.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def curved(light):
    """Light from 0 to 1 as sRGB values."""
    light = numpy.clip(light, 0, 1)
    return numpy.where(light <= 0.0031308, 12.92 * light, 1.055 * numpy.power(light, 1 / 2.4) - 0.055)


def worst(one, other):
    """The largest difference of any value."""
    return float(numpy.abs(one.astype(float) - other.astype(float)).max())
