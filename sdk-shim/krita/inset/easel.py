# SPDX-License-Identifier: GPL-2.0-or-later
"""The contract of easel.h for Python: its structs, constants and functions, member by member.

A test compares every size and offset with the header. Everything that C calls back is kept alive by whoever made it.
"""

import ctypes
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint16, c_uint32, c_uint64, c_void_p

VERSION_MAJOR, VERSION_MINOR = 1, 0
ENTRY_NAME = "easel_entry_v1"
CANVAS, REPORT, FORM = b"easel.canvas/1", b"easel.report/1", b"easel.form/1"

OK, UNSUPPORTED, INVALID, GONE, FAILED, BUG = 0, -1, -2, -3, -4, -5
RGBA8 = 1
TEXT, SECRET, INTEGER, CHOICE, NOTE = 1, 2, 3, 4, 5
REQUIRED, WATCHED, DISABLED, MULTILINE = 1, 2, 4, 8
DEBUG, INFO, WARNING, ERROR = 0, 1, 2, 3

Status = c_int32


class Version(ctypes.Structure):
    _fields_ = [("major", c_uint16), ("minor", c_uint16)]


class Pair(ctypes.Structure):
    _fields_ = [("key", c_char_p), ("value", c_char_p)]


class Image(ctypes.Structure):
    pass


Release = ctypes.CFUNCTYPE(None, POINTER(Image))
Image._fields_ = [("width", c_uint32), ("height", c_uint32), ("stride", c_uint64), ("format", c_int32), ("pixels", c_void_p),
                  ("release", Release), ("release_data", c_void_p)]


class Asset(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("path", c_char_p), ("mime", c_char_p), ("facts", POINTER(Pair)), ("fact_count", c_size_t)]


class Choice(ctypes.Structure):
    _fields_ = [("value", c_char_p), ("label", c_char_p), ("thumbnail", POINTER(Image))]


class Field(ctypes.Structure):
    _fields_ = [("key", c_char_p), ("label", c_char_p), ("help", c_char_p), ("initial", c_char_p), ("choices", POINTER(Choice)),
                ("choice_count", c_size_t), ("kind", c_int32), ("flags", c_uint32)]


class Action(ctypes.Structure):
    _fields_ = [("id", c_char_p), ("label", c_char_p), ("hint", c_char_p), ("fields", POINTER(Field)), ("field_count", c_size_t)]


class Descriptor(ctypes.Structure):
    _fields_ = [("id", c_char_p), ("name", c_char_p), ("release", c_char_p), ("vendor", c_char_p), ("actions", POINTER(Action)),
                ("action_count", c_size_t)]


class Host(ctypes.Structure):
    pass


Get = ctypes.CFUNCTYPE(c_void_p, POINTER(Host), c_char_p)
Wake = ctypes.CFUNCTYPE(None, POINTER(Host))
Log = ctypes.CFUNCTYPE(None, POINTER(Host), c_int32, c_char_p)
Host._fields_ = [("version", Version), ("name", c_char_p), ("release", c_char_p), ("data_dir", c_char_p), ("data", c_void_p),
                 ("get", Get), ("wake", Wake), ("log", Log)]

Place = ctypes.CFUNCTYPE(Status, POINTER(Host), c_uint64, POINTER(Image), POINTER(Asset))
Opened = ctypes.CFUNCTYPE(Status, POINTER(Host), c_uint64, Status, POINTER(Image))
Event = ctypes.CFUNCTYPE(None, POINTER(Host), c_int64, c_char_p, POINTER(Pair), c_size_t)
Ask = ctypes.CFUNCTYPE(Status, POINTER(Host), c_uint64, c_char_p, c_char_p, POINTER(Field), c_size_t)
Dismiss = ctypes.CFUNCTYPE(None, POINTER(Host), c_uint64)


class Canvas(ctypes.Structure):
    _fields_ = [("place", Place), ("opened", Opened)]


class Report(ctypes.Structure):
    _fields_ = [("event", Event)]


class Form(ctypes.Structure):
    _fields_ = [("ask", Ask), ("dismiss", Dismiss)]


class Plugin(ctypes.Structure):
    pass


Plugin._fields_ = [
    ("data", c_void_p),
    ("invoke", ctypes.CFUNCTYPE(c_int64, POINTER(Plugin), c_char_p, c_uint64, POINTER(Pair), c_size_t)),
    ("answer", ctypes.CFUNCTYPE(None, POINTER(Plugin), c_uint64, c_int32, POINTER(Pair), c_size_t)),
    ("changed", ctypes.CFUNCTYPE(None, POINTER(Plugin), c_uint64, c_char_p, c_char_p)),
    ("cancel", ctypes.CFUNCTYPE(None, POINTER(Plugin), c_int64)),
    ("open", ctypes.CFUNCTYPE(c_int64, POINTER(Plugin), c_char_p)),
    ("pump", ctypes.CFUNCTYPE(c_uint32, POINTER(Plugin))),
    ("destroy", ctypes.CFUNCTYPE(None, POINTER(Plugin))),
]


class Entry(ctypes.Structure):
    _fields_ = [("version", Version), ("descriptor", POINTER(Descriptor)),
                ("create", ctypes.CFUNCTYPE(POINTER(Plugin), POINTER(Host)))]


# By the names of the header, for the test that compares the two.
STRUCTS = {"easel_version": Version, "easel_pair": Pair, "easel_image": Image, "easel_asset": Asset, "easel_choice": Choice,
           "easel_field": Field, "easel_action": Action, "easel_descriptor": Descriptor, "easel_host": Host,
           "easel_canvas": Canvas, "easel_report": Report, "easel_form": Form, "easel_plugin": Plugin, "easel_entry": Entry}


def load(path):
    """The entry of the plugin library at this path. OSError or ValueError say what is wrong with it."""
    library = ctypes.CDLL(path)  # never unloaded
    try:
        entry = Entry.in_dll(library, ENTRY_NAME)
    except ValueError:
        raise ValueError(f"{path} is not a plugin: it does not export {ENTRY_NAME}") from None
    if entry.version.major != VERSION_MAJOR:
        raise ValueError(f"{path} is made for contract {entry.version.major}, this host speaks {VERSION_MAJOR}")
    return entry


def actions(entry):
    """What the plugin offers: label and hint, by the action's id."""
    about = entry.descriptor.contents
    return {text(one.id): (text(one.label), text(one.hint)) for one in about.actions[:about.action_count]}


def pairs(values):
    """A dictionary, or a list of pairs, as an array for C. It lives as long as the result does."""
    items = list(values.items()) if isinstance(values, dict) else list(values)
    return (Pair * len(items))(*[Pair(key.encode(), value.encode()) for key, value in items])


def text(value):
    """A string of C; nothing for null."""
    return value.decode("utf-8", "replace") if value else ""


def read_pairs(first, count):
    """All pairs, in order; a key may come twice."""
    return [(text(first[i].key), text(first[i].value)) for i in range(count)]
