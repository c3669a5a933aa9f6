"""The pictures that are served: made from the photographs, kept in a folder, the same bytes every time.

    pictures.py FOLDER      makes them all, for tests that must not wait for the first one
"""

import contextlib
import fcntl
import os
import sys

PHOTOGRAPHS = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "data", "photographs")

# Width to height of what is cut out of the middle of each photograph.
SHAPES = {"dandelions": (16, 9), "mountains": (1, 1), "dogs": (3, 4)}
LONGEST = {"1k": 1024, "4k": 4096, "preview": 612}
SUFFIXES = {"baseline": "jpg", "progressive": "jpg", "rgb": "png", "rgba": "png"}


def dimensions(photograph, size):
    """Width and height, known without making the picture."""
    wide, high = SHAPES[photograph]
    longest = LONGEST[size]
    if wide >= high:
        return longest, longest * high // wide
    return longest * wide // high, longest


def name(photograph, size, kind):
    return f"{photograph}-{size}-{kind}.{SUFFIXES[kind]}"


def path(folder, photograph, size, kind):
    """The file, made if it is missing or older than what it is made from."""
    made = os.path.join(folder, name(photograph, size, kind))
    source = os.path.join(PHOTOGRAPHS, photograph + ".jpg")
    if not _fresh(made, source):
        # One maker at a time: a second one would only take the processor from the first.
        with _locked(folder):
            if not _fresh(made, source):
                _make(source, made, photograph, size, kind)
    return made


def _fresh(made, source):
    try:
        return os.path.getmtime(made) >= max(os.path.getmtime(source), os.path.getmtime(__file__))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _locked(folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(source, made, photograph, size, kind):
    from PIL import Image  # here, because most starts find every picture made

    wide, high = dimensions(photograph, size)
    with Image.open(source) as photo:
        unit = min(photo.width / wide, photo.height / high)
        across, down = wide * unit, high * unit
        left, top = (photo.width - across) / 2, (photo.height - down) / 2
        picture = photo.convert("RGB").resize((wide, high), Image.Resampling.LANCZOS, (left, top, left + across, top + down))
    if kind == "rgba":
        # Clear at the left edge, solid at the right one; the colours below the clear part stay.
        row = bytes(x * 255 // (wide - 1) for x in range(wide))
        picture.putalpha(Image.frombytes("L", (wide, high), row * high))
    if SUFFIXES[kind] == "jpg":
        options = {"format": "JPEG", "quality": 90, "subsampling": "4:2:0", "progressive": kind == "progressive"}
    else:
        options = {"format": "PNG", "compress_level": 3}
    unfinished = f"{made}.{os.getpid()}"
    picture.save(unfinished, **options)
    os.replace(unfinished, made)


if __name__ == "__main__":
    for photograph in SHAPES:
        path(sys.argv[1], photograph, "preview", "baseline")
        for size in ("1k", "4k"):
            for kind in SUFFIXES:
                path(sys.argv[1], photograph, size, kind)
