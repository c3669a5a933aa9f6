# SPDX-License-Identifier: GPL-2.0-or-later
"""The real OBS, from the menu to the order by the keyboard alone: sign-in, form; progress and exact pixels; quit in the middle
of a second download; and what is there after the restart. Screenshots go to the build folder's "screens"."""

import os
import time

from obs import Story, assert_exact, desk, install, ledger, wait_for

GENERATION = "5B0E7C1A-93D4-4F26-8A5E-2D1C6F70B9E3"
NOTES = "For the autumn programme"


def main():
    home = desk.folder("obs-home")
    data = desk.folder("obs-data")
    with Story("obs") as story:
        stand_in = story.stand_in
        install(home)
        signed_out = desk.environment(home, stand_in, data)
        signed_in = dict(signed_out)
        for name in ("INSET_API_KEY", "INSET_CLIENT_SECRET"):
            del signed_out[name]

        host = story.start(home, signed_out, "first")
        host.wait_for_log("[inset] Inset ")
        host.connect()
        assert "forms by Qt" in host.log(), host.log()

        # From the menu to the order by the keyboard alone.
        host.main_window("-a")
        host.keys("alt+t")
        wait_for(lambda: host.has_focus("Insert Generated Image…") or host.keys("Up"), 30, "the item of the menu")
        host.screen("menu")
        host.keys("Return")

        # Nobody has signed in yet.
        host.type_at("API key", stand_in.said["api_key"])
        host.keys("Tab")
        host.type_at("Client secret", stand_in.said["client_secret"])
        host.screen("sign-in")
        host.keys("Return")

        host.type_at("Generation", GENERATION)
        host.find("License and Insert 1024 × 576", "push button", 30)
        host.keys("Tab")
        host.keys_until("Right", "License and Insert 1024 × 1024")
        host.keys_until("Right", "License and Insert 768 × 1024")
        host.keys("Tab")
        host.keys_until("Down", "License and Insert 3072 × 4096")
        host.keys_until("Up", "License and Insert 768 × 1024")
        assert host.find("A charge may apply under your agreement.", "label")
        host.keys("Tab")
        host.type_at("Notes", NOTES)
        host.keys("Tab")
        host.wait_for_focus("Visible at once")
        host.keys("space", "space")
        host.screen("form")
        host.keys("Tab")
        host.wait_for_focus("License and Insert 768 × 1024")
        host.keys("Return")
        time.sleep(0.6)
        host.screen("progress")
        host.wait_for_log("[inset] shown: 768 x 1024")
        time.sleep(0.7)
        host.screen("scene")
        (source,) = host.items()
        settings = assert_exact(host, source)
        assert settings["facts"]["asset_id"] and settings["facts"]["sha256"], settings
        assert host.wait_for_event("placed")["eventData"]["width"] == 768
        secrets = [stand_in.said[name] for name in ("api_key", "client_secret")]
        assert not any(secret in host.log() + str(settings) for secret in secrets)

        # What goes wrong is said in a window.
        stand_in.control(do="scenario", quota=0)
        host.press("Insert Generated Image…", "menu item")
        host.find("Generation", "text")
        host.type_into("Generation", GENERATION)
        host.find("License and Insert 1024 × 576", "push button", 30)
        host.press("License and Insert 1024 × 576")
        host.find("Close", "push button", 30, "The Picture Was Not Inserted")
        time.sleep(0.5)
        host.screen("error")
        host.press("Close", "push button", "The Picture Was Not Inserted")
        (charge,) = ledger(stand_in)
        assert charge["notes"] == NOTES, charge

        # Quit while a second picture is on its way.
        stand_in.control(do="scenario", quota=10, rules=[{"route": "file", "hold": "file", "hold_at": 50000}])
        assert host.vendor("insert", generation=GENERATION, index=1, size="4k")["accepted"]
        wait_for(lambda: os.path.exists(os.path.join(stand_in.folder, "held-file")), 60, "the second download")
        took = host.quit()
        print(f"quit in the middle of a download: {took:.2f} s")
        assert "[inset] ended" in host.log()
        # What was typed into the form for key and secret was kept in memory alone.
        assert os.path.exists(os.path.join(home, ".config", "obs-studio", "basic", "scenes", "ci.json"))
        written = desk.files_with(secrets, (home, data, desk.folder("runtime"), desk.folder("logs")))
        assert not written, written
        stand_in.control(do="scenario", rules=[])
        write = os.path.join(stand_in.folder, "release-file")
        open(write, "w").close()

        host = story.start(home, signed_in, "second")
        host.wait_for_log("[inset] shown: 768 x 1024")
        host.connect()
        assert host.items() == [source], host.items()
        assert_exact(host, source)
        # The second one is made ready, and not placed unasked.
        wait_for(lambda: len(os.listdir(os.path.join(data, "originals"))) == 2, 60, "the second original")
        time.sleep(1)
        host.screen("ready")
        assert host.items() == [source], host.items()
        assert sorted((c["index"], c["size"]) for c in ledger(stand_in)) == [(1, "4k"), (2, "1k")]
        print(f"quit: {host.quit():.2f} s")

        # Taken away again, OBS starts as if it had never been there, and keeps the scene.
        install(home, "--remove")
        host = story.start(home, signed_in, "third")
        host.wait_for_log("Startup complete")
        host.connect()
        assert host.items() == [source], host.items()
        assert "[inset]" not in host.log()


if __name__ == "__main__":
    main()
