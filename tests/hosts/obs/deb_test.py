# SPDX-License-Identifier: GPL-2.0-or-later
"""The .deb, installed by dpkg into a system folder of its own: what lies where, OBS loads it from there, and its removal leaves
nothing behind."""

import os
import re
import subprocess

import obs
from obs import Story, desk

ROOT = desk.folder("system")


def dpkg(*words):
    # OBS and the libraries are those of the real system, which this one does not know of.
    subprocess.run(["dpkg", "--root=" + ROOT, "--log=/dev/null", "--force-not-root", "--force-bad-path", "--force-depends",
                    *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))


def installed():
    return sorted("/" + os.path.relpath(os.path.join(place, name), ROOT) for place, _, names in os.walk(ROOT) for name in names
                  if "/var/lib/dpkg" not in place)


def main():
    for name in ("info", "updates", "triggers"):
        os.makedirs(os.path.join(ROOT, "var", "lib", "dpkg", name))
    obs.write(os.path.join(ROOT, "var", "lib", "dpkg", "status"), "")
    packed = desk.folder("packed")
    subprocess.run([os.path.join(desk.ROOT, "dist", "pack-obs"), "--build", desk.BUILD, "--out", packed], check=True,
                   stdout=subprocess.DEVNULL)
    (deb,) = [os.path.join(packed, name) for name in os.listdir(packed) if name.endswith(".deb")]
    dpkg("--install", deb)

    # OBS takes every library in its plugin folder for a module, so ours is the only one there.
    files = installed()
    (module,) = [path for path in files if "/obs-plugins/" in path and path.endswith(".so")]
    libraries = os.path.dirname(os.path.dirname(module))
    assert re.fullmatch(r"/usr/lib/[^/]+/obs-plugins/inset-obs\.so", module), module
    own = {path for path in files if path.startswith(libraries + "/inset/")}
    assert {f"{libraries}/inset/{name}" for name in ("inset.so", "inset-decode", f"inset-qt{obs.qt_of_obs()}.so")} <= own, files
    others = [path for path in files if path != module and path not in own]
    assert all(path.startswith(("/usr/share/obs/obs-plugins/inset-obs/", "/usr/share/doc/inset-obs/")) for path in others), others
    assert os.access(f"{ROOT}{libraries}/inset/inset-decode", os.X_OK)

    home, data = desk.folder("deb-home"), desk.folder("deb-data")
    with Story("deb") as story:
        stand_in = story.stand_in
        variables = dict(desk.environment(home, stand_in, data), OBS_PLUGINS_PATH=ROOT + os.path.dirname(module),
                         OBS_PLUGINS_DATA_PATH=ROOT + "/usr/share/obs/obs-plugins")
        host = story.start(home, variables, "deb")
        host.wait_for_log("forms by Qt")
        host.connect()
        with open(f"/proc/{host.process.pid}/maps") as file:
            loaded = file.read()
        for path in (module, f"{libraries}/inset/inset.so"):
            assert ROOT + path in loaded, path
        # Its words are found as well.
        host.find("Insert Generated Image…", "menu item")
        assert host.vendor("insert", generation=stand_in.said["generation"], index=2, size="1k")["accepted"]
        placed = host.wait_for_event("placed", "failed")
        assert placed["eventType"] == "placed", placed
        host.wait_until_shown(placed["eventData"]["name"])
        obs.assert_exact(host, placed["eventData"]["name"])
        host.quit()

        dpkg("--purge", "inset-obs")
        assert not installed(), installed()
        host = story.start(home, variables, "deb-removed")
        host.connect()
        assert host.items() == [placed["eventData"]["name"]], host.items()
        host.find("Exit", "menu item")
        assert not host.is_there("Place Finished Downloads", "menu item")
        assert "[inset]" not in host.log()


if __name__ == "__main__":
    main()
