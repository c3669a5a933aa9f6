#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may include whom. Reads the include lines; that is the whole enforcement of the folders' order."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
HOSTS = ("obs", "gimp", "krita", "headless", "loader", "qt")

# Libraries, and the only files that may name them.
OWNERS = {
    "libcurl": (re.compile(r"curl/"), {"src/curl_transport.cc", "src/url.cc"}),
    "libmicrohttpd": (re.compile(r"microhttpd"), {"src/loopback.cc"}),
    "libsecret": (re.compile(r"libsecret/"), {"src/keyring/inset_keyring.cc"}),
    "nettle": (re.compile(r"nettle/"), {"src/digest.h", "src/digest.cc"}),
    "nlohmann/json": (re.compile(r"nlohmann/"), {"src/json_input.h"}),
    "json_input.h": (re.compile(r"(.*/)?json_input\.h$"), {"src/api.cc", "src/journal.cc", "src/settings.cc"}),
}
DECODE_ONLY = re.compile(r"stb|jpeglib|jerror|lcms2|zlib\.h|linux/(seccomp|filter|audit)\.h")
HOST_HEADERS = re.compile(r"obs|gtk/|gdk/|glib|gegl|Q[A-Z]|libgimp|png\.h|jpeglib|easel/")
# The files of the flow hold no I/O: nothing that reads, writes, waits, or tells the time.
PURE = {"flow", "api", "token", "retry", "error", "text", "record", "insert_form", "oauth", "sign_in_form"}
BLOCKING = re.compile(r"(sys/(?!socket)|fcntl|unistd|poll|thread|mutex|fstream|filesystem|condition_variable|future|time\.h|netdb)")


def faults(path, text):
    """What is wrong with the include lines of one file; `path` is relative to the project."""
    for kind, name in INCLUDE.findall(text):
        top = path.parts[0]
        own = (ROOT / "src" / name).exists() or name.startswith("decode/")
        if top == "src":
            if name.startswith("easel/") or name == "easel.h":
                yield name, "src does not know the contract"
            for library, (pattern, owners) in OWNERS.items():
                if pattern.match(name) and str(path) not in owners:
                    yield name, f"{library} is for {', '.join(sorted(owners))} alone"
            if DECODE_ONLY.match(name) and path.parts[1] != "decode":
                yield name, "only src/decode reads pictures"
            if HOST_HEADERS.match(name) and not DECODE_ONLY.match(name):
                yield name, "src knows no host and no toolkit"
            if path.stem in PURE and len(path.parts) == 2 and kind == "<" and BLOCKING.match(name):
                yield name, "this file does no I/O"
            if kind == '"' and not own:
                yield name, "src includes only itself"
        elif top == "plugin":
            if kind == '"' and not own and not (ROOT / "plugin" / name).exists():
                yield name, "plugin includes easel.h, src and itself"
            if kind == "<" and not name.startswith("easel/") and "/" in name and not name.startswith("sys/"):
                yield name, "plugin links no library of its own"
            if HOST_HEADERS.match(name) and not name.startswith("easel/"):
                yield name, "plugin knows no host and no toolkit"
        elif top == "sdk-shim":
            if name.startswith(("src/", "../src", "decode/", "plugin/", "../plugin")) or "../../src" in name:
                yield name, "a host never includes the engine"
            if kind == '"':
                shims = ROOT / "sdk-shim"
                places = [ROOT / path.parent, shims, shims / "include", shims / "qt", shims / path.parts[1]]
                found = next((p for p in ((place / name).resolve() for place in places) if p.exists()), None)
                if not found or not found.is_relative_to(shims):
                    yield name, "a host includes easel.h, the loader, the Qt forms and itself"
                    continue
                folder = found.relative_to(ROOT / "sdk-shim").parts[0]
                mine = path.parts[1]
                if folder != mine and folder in HOSTS and folder not in ("loader", "qt"):
                    yield name, "a host includes no other host"
                if mine == "loader" and folder not in ("loader", "include"):
                    yield name, "the loader includes easel.h and itself"
                if mine == "qt" and folder not in ("qt", "include"):
                    yield name, "the Qt forms include easel.h and themselves"


def self_test():
    """A check that cannot fail is no check."""
    bad = {
        "src/flow.cc": ["<fstream>", "<easel/easel.h>", "<nlohmann/json.hpp>"],
        "src/fetch.cc": ["<curl/curl.h>", '"json_input.h"', "<nettle/sha2.h>", "<stb_image.h>", '"loader/loader.h"'],
        "plugin/plugin.cc": ["<curl/curl.h>", "<obs/obs-module.h>", '"loader/loader.h"', "<nlohmann/json.hpp>"],
        "sdk-shim/headless/main.cc": ['"flow.h"', '"../../src/flow.h"', '"decode/decoder.h"', '"obs/source.h"'],
        "sdk-shim/loader/loader.cc": ['"headless/canvas.h"'],
    }
    good = {
        "src/api.cc": ['"json_input.h"', '"flow.h"', "<algorithm>"],
        "src/url.cc": ["<curl/curl.h>", "<sys/socket.h>"],
        "plugin/plugin.cc": ["<easel/easel.h>", '"worker.h"', '"plugin.h"', "<sys/stat.h>"],
        "sdk-shim/headless/main.cc": ["<easel/easel.h>", '"loader/loader.h"', '"canvas.h"', "<nlohmann/json.hpp>"],
    }
    missed = [(p, n) for p, names in bad.items() for n in names
              if not list(faults(pathlib.Path(p), f"#include {n}\n"))]
    wrong = [(p, n) for p, names in good.items() for n in names
             if list(faults(pathlib.Path(p), f"#include {n}\n"))]
    for path, name in missed:
        print(f"self-test: {name} in {path} was not seen")
    for path, name in wrong:
        print(f"self-test: {name} in {path} is allowed")
    return not missed and not wrong


def main():
    found = seen = 0
    for top in ("src", "plugin", "sdk-shim"):
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix not in (".h", ".c", ".cc", ".cpp", ".hpp"):
                continue
            seen += 1
            path = file.relative_to(ROOT)
            for name, why in faults(path, file.read_text(encoding="utf-8")):
                found += 1
                print(f"{path}: {name}: {why}")
    if seen < 50:
        print(f"only {seen} files were found")
        found += 1
    return 0 if self_test() and not found else 1


if __name__ == "__main__":
    sys.exit(main())
