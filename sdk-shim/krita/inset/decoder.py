# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that decode pictures and talk to the keyring lie beside the library. Krita's importer drops the bit that lets a
program run; without it no picture could be decoded."""

import os
import stat
import sys


def make_executable(folder):
    for name in ("inset-decode", "inset-keyring"):
        path = os.path.join(folder, name)
        try:
            mode = os.stat(path).st_mode
            if not mode & stat.S_IXUSR:
                os.chmod(path, stat.S_IMODE(mode) | stat.S_IXUSR)
        except OSError as problem:
            if os.path.exists(path):
                print(f"inset: {path} cannot be made executable: {problem}", file=sys.stderr)
