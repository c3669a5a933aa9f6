#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds tests/faults.md to its word: every row is there once and names a test, and every test it names exists."""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROWS = [str(n) for n in range(1, 75)] + [f"P{n}" for n in range(1, 8)] + [f"G{n}" for n in range(1, 8)]


def tests_in(folder):
    names = set()
    for path in folder.rglob("*.cc"):
        found = re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", path.read_text(encoding="utf-8"), re.MULTILINE)
        names.update(f"{suite}.{name}" for suite, name in found)
    # In real hosts, by the folder of the host: "gimp/Class.test_method".
    for path in folder.glob("hosts/*/*_test.py"):
        text = path.read_text(encoding="utf-8")
        for suite, body in re.findall(r"^class (\w+)\(unittest\.TestCase\):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL):
            found = re.findall(r"^    def (test_\w+)\(", body, re.MULTILINE)
            names.update(f"{path.parent.name}/{suite}.{name}" for name in found)
    return names


def faults_of(table, tests):
    rows = {}
    faults = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or not re.fullmatch(r"[PG]?\d+", cells[0]):
            continue
        if len(cells) != 4 or not all(cells):
            faults.append(f"row {cells[0]} has not four cells")
            continue
        if cells[0] in rows:
            faults.append(f"row {cells[0]} is there twice")
        rows[cells[0]] = cells[3]
    faults += [f"row {row} is missing" for row in ROWS if row not in rows]
    faults += [f"row {row} is unknown" for row in rows if row not in ROWS]
    for row, cell in rows.items():
        named = re.findall(r"`([^`]*)`", cell)
        if not named or re.sub(r"`[^`]*`", "", cell).strip():
            faults.append(f"row {row} names no test, or something else beside it")
        faults += [f"row {row} names {name}, which does not exist" for name in named if name not in tests]
    return faults


def main():
    table = (HERE / "faults.md").read_text(encoding="utf-8")
    tests = tests_in(HERE)
    # A check that cannot fail shows nothing.
    spoilt = {"row 8 is missing": re.sub(r"(?m)^\| 8 .*\n", "", table),
              "row 9 names no test, or something else beside it": re.sub(r"(?m)^(\| 9 .*\|)[^|]*\|$", r"\1 later |", table),
              "row P1 is there twice": re.sub(r"(?m)^(\| P1 .*\n)", r"\1\1", table)}
    for expected, text in spoilt.items():
        if expected not in faults_of(text, tests):
            sys.exit(f"check_fault_table.py would not notice: {expected}")
    for gone in ("Put.ReadyAtOnceNeedsNoPolling", "gimp/Colours.test_rgb_is_exact"):
        if not faults_of(table, tests - {gone}):
            sys.exit(f"check_fault_table.py would not notice that {gone} is gone")
    faults = faults_of(table, tests)
    for fault in faults:
        print(f"tests/faults.md: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
