#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents name only what is there: files, headings, exit codes, variables, options, actions, keys and causes."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
faults = []


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def files_of_project():
    """As git sees them; without git, such as in an unpacked archive, all but the builds."""
    try:
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"],
                                capture_output=True, check=True, text=True).stdout
        found = [path for path in listed.split("\0") if path]
        if found:
            return [path for path in found if os.path.isfile(os.path.join(ROOT, path))]
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in ("build", ".git")]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return found


def anchors(text):
    """Headings as the usual viewers of Markdown name them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        yield plain.strip().replace(" ", "-")


def check_links(path, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        there = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(os.path.join(ROOT, there)):
            faults.append(f"{path}: {target} does not exist")
        elif heading and heading not in anchors(read(there)):
            faults.append(f"{path}: {target}: there is no such heading")


def check_no_leftovers(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\bTO" r"DO\b|\bFIX" r"ME\b", line):
            faults.append(f"{path}:{number}: something is left to do")
        if re.search(r"(?<![\w.$~{}\"-])/(?:home|root|work|Users|mnt)/\w", line):
            faults.append(f"{path}:{number}: the path of one machine")


def settings_variables():
    """Those that stand in the code, and those that are made of the settings' names."""
    source = read("src/settings.cc")
    names = re.findall(r'"(\w+)"', source.split("kNames = {", 1)[1].split("};", 1)[0])
    return set(re.findall(r'"(INSET_[A-Z_]+)"', source)) | {"INSET_" + name.upper() for name in names}


def check_names(path, text, code):
    for name in set(re.findall(r"\bINSET_[A-Z_]+\b", text)) - settings_variables():
        if name not in code:
            faults.append(f"{path}: {name} is not in the code")
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)):
        if option not in code and option not in ("--preset", "--build", "--install", "--prefix", "--workflow"):
            faults.append(f"{path}: {option} is not in the code")


def first_cells(text, heading):
    """The first column of the table below a heading."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")]
    return section, [row for row in rows[2:] if row]


def check_easel_page():
    text = read("docs/easel.md")
    _, codes = first_cells(text, "Exit status")
    known = re.findall(r"^  k\w+ = (\d+),", read("sdk-shim/headless/exit_code.h"), flags=re.M)
    if sorted(codes) != sorted(known):
        faults.append(f"docs/easel.md: exit codes {codes}, in the code {known}")

    descriptor = read("plugin/descriptor.cc")
    section, actions = first_cells(text, "Actions")
    in_code = set(re.findall(r'\{"([\w-]+)", "', descriptor.split("kActions[]", 1)[1].split("};", 1)[0]))
    in_page = {action.strip("`") for action in actions}
    if in_page != in_code:
        faults.append(f"docs/easel.md: actions {sorted(in_page)}, in the code {sorted(in_code)}")
    for line in section.splitlines():
        cells = line.split("|")
        if len(cells) < 4 or cells[1].strip().strip("`") not in in_code:
            continue
        action = cells[1].strip().strip("`")
        name = re.search(rf'\{{"{action}",[^}}]*?(k\w+Fields|nullptr)', descriptor).group(1)
        fields = set()
        if name != "nullptr":
            block = descriptor.split(name + "[]", 1)[1].split("};", 1)[0]
            fields = set(re.findall(r'\{"(\w+)", "', block))
        if set(re.findall(r"`(\w+)`", cells[2])) != fields:
            faults.append(f"docs/easel.md: keys of {action}: {cells[2].strip()}, in the code {sorted(fields)}")

    _, variables = first_cells(text, "Environment")
    named = {name for row in variables for name in re.findall(r"INSET_\w+", row)}
    used = settings_variables()
    if named != used:
        faults.append(f"docs/easel.md: variables {sorted(named)}, in the code {sorted(used)}")
    _, settings = first_cells(read("docs/settings.md"), "Settings")
    if {"INSET_" + name.strip("`").upper() for name in settings} | {"INSET_CLIENT_SECRET"} != used:
        faults.append(f"docs/settings.md: settings {sorted(settings)}, in the code {sorted(used)}")


def check_causes():
    named = set()
    for line in read("sdk-shim/README.md").splitlines():
        if re.match(r"\| \d ", line):
            named |= set(re.findall(r"`(\w+)`", line.split("|")[3]))
    named -= {"paid", "no", "rests"}
    known = set(re.findall(r'^    \{"(\w+)", k\w+\},$', read("sdk-shim/headless/exit_code.cc"), flags=re.M))
    for name in sorted(named ^ known):
        faults.append(f"sdk-shim/README.md and exit_code.cc do not agree about the cause {name}")


def main():
    paths = files_of_project()
    pages = [path for path in paths if path.endswith(".md")]
    code = "\n".join(read(path) for path in paths
                     if path.endswith((".cc", ".h", ".c", ".py", ".txt", ".json")) or path.startswith(("dist/", "tests/run")))
    for path in pages:
        text = read(path)
        check_links(path, text)
        check_names(path, text, code)
    for path in paths:
        if path != "dist/documents_test.py" and not path.startswith("tests/data/"):
            try:
                check_no_leftovers(path, read(path))
            except UnicodeDecodeError:
                pass  # a picture
    check_easel_page()
    check_causes()
    for fault in faults:
        print(fault)
    print(f"{len(pages)} documents, {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
