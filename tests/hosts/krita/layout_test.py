# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python mirror of easel.h against the header itself: a small C program says every size, offset and constant."""

import ctypes
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HEADER = os.path.join(ROOT, "sdk-shim", "include", "easel", "easel.h")
COMPILER = os.environ.get("CC") or "cc"

spec = importlib.util.spec_from_file_location("easel", os.path.join(ROOT, "sdk-shim", "krita", "inset", "easel.py"))
easel = importlib.util.module_from_spec(spec)
spec.loader.exec_module(easel)

with open(HEADER) as file:
    TEXT = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)


def said_by_c(lines):
    """The numbers that these expressions have in C, by expression."""
    body = "\n".join(f'printf("%s=%lld\\n", "{line}", (long long)({line}));' for line in lines)
    source = f'#include <easel/easel.h>\n#include <stdio.h>\nint main(void) {{\n{body}\nreturn 0;\n}}\n'
    with tempfile.TemporaryDirectory() as folder:
        path, program = os.path.join(folder, "layout.c"), os.path.join(folder, "layout")
        with open(path, "w") as out:
            out.write(source)
        subprocess.run([*COMPILER.split(), "-std=c11", "-I", os.path.dirname(os.path.dirname(HEADER)), "-o", program, path],
                       check=True)
        said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return {name: int(value) for name, value in (line.rsplit("=", 1) for line in said.splitlines())}


def members_of(struct):
    """The names of a struct's members, in the order of the header."""
    body = re.search(r"struct %s \{(.*?)\n\}" % struct, TEXT, re.DOTALL).group(1)
    parts = [" ".join(part.split()) for part in body.split(";")]
    return [re.search(r"\(\*(\w+)\)|(\w+)$", part).group(0).strip("(*)") for part in parts if part]



class Layout(unittest.TestCase):
    def test_every_struct_of_the_header_is_there(self):
        self.assertEqual(sorted(re.findall(r"struct (\w+) \{", TEXT)), sorted(easel.STRUCTS))

    def test_members_have_the_same_names_and_order(self):
        for name, mirror in easel.STRUCTS.items():
            with self.subTest(name):
                self.assertEqual(members_of(name), [member for member, _ in mirror._fields_])

    def test_sizes_and_offsets(self):
        want = {}
        for name, mirror in easel.STRUCTS.items():
            want[f"sizeof({name})"] = ctypes.sizeof(mirror)
            for member, kind in mirror._fields_:
                want[f"offsetof({name}, {member})"] = getattr(mirror, member).offset
                want[f"sizeof((({name} *)0)->{member})"] = ctypes.sizeof(kind)
        self.assertEqual(want, said_by_c(want))

    def test_constants(self):
        names = re.findall(r"\b(EASEL_\w+) = ", TEXT) + ["EASEL_VERSION_MAJOR", "EASEL_VERSION_MINOR"]
        self.assertGreater(len(names), 15)
        want = {name: getattr(easel, name[len("EASEL_"):]) for name in names}
        self.assertEqual(want, said_by_c(want))

    def test_names(self):
        for name, value in (("EASEL_CANVAS", easel.CANVAS), ("EASEL_REPORT", easel.REPORT), ("EASEL_FORM", easel.FORM),
                            ("EASEL_ENTRY_NAME", easel.ENTRY_NAME.encode())):
            self.assertIn(f'#define {name} "{value.decode()}"', TEXT)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
