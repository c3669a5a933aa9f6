import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import unittest
import warnings

import certificates
import pictures
from client import HERE, Standin
from shared_service import FOLDER


def place(name):
    return os.path.join(FOLDER, name)


class Life(unittest.TestCase):
    def test_announces_itself_and_ends_with_its_input(self):
        service = Standin(place("life"), FOLDER)
        said = service.said
        self.assertEqual({"api_url", "auth_url", "file_url", "mirror_url", "ca_file", "api_key", "client_secret", "public_api_key",
                          "generation", "pid"}, set(said))
        self.assertEqual(service.process.pid, said["pid"])
        self.assertEqual(4, len({said[name + "_url"] for name in ("api", "auth", "file", "mirror")}))
        self.assertEqual((0, "", ""), service.stop())
        self.assertFalse(os.path.exists(os.path.join(service.folder, "control")))

    def test_ends_by_signal_even_while_a_client_is_held_and_another_muted(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            service = Standin(place(f"signal-{number}"), FOLDER, {"rules": [
                {"route": "unknown", "call": 1, "no_reply": "mute"}, {"route": "unknown", "call": 2, "hold": "x"},
                {"listener": "file", "accept": "mute"}]})
            waiting = [threading.Thread(target=service.request, args=("GET", "/")) for _ in range(2)]
            for thread in waiting:
                thread.start()
            silent = service.connect("file", tls=False)
            idle = service.connect("auth")
            service.wait_for(lambda: len(service.log()) == 2 and len(service.log("connections")) == 7)
            begun = time.monotonic()
            self.assertEqual((0, "", ""), service.stop(number))
            self.assertLess(time.monotonic() - begun, 10)  # not the minutes that a client may be held
            for thread in waiting:
                thread.join()
            silent.close()
            idle.close()

    def test_answers_on_both_loopback_addresses(self):
        with Standin(place("both"), FOLDER) as service:
            hosts = ["127.0.0.1", "::1"] if os.path.exists("/proc/net/if_inet6") else ["127.0.0.1"]
            for host in hosts:
                for listener in ("api", "auth", "file", "mirror"):
                    with service.connect(listener, host) as connection:
                        self.assertIn(connection.version(), ("TLSv1.2", "TLSv1.3"))

    def test_refuses_a_scenario_with_a_mistake(self):
        for mistake in ({"qota": 1}, {"rules": [{"route": "putt"}]}, {"rules": [{"route": "put", "stauts": 503}]}, {"rules": [{}]},
                        {"rules": [{"route": "put", "status": "503"}]}, {"rules": [{"route": "put", "charge": False}]},
                        {"rules": [{"listener": "api", "status": 503}]}, {"rules": [{"route": "put", "call": 1, "calls": [1, 2]}]},
                        {"rules": [{"route": "get", "status": 200, "link": ""}]}, {"rules": [{"route": "get", "flip": 1}]},
                        {"quota": "5"}, {"put_answer": 500}, {"generations": [{"id": "x", "pictures": [{"index": 0}]}]}):
            service = Standin(place("mistake"), FOLDER, mistake)
            self.assertIsNone(service.said)
            code, _, err = service.stop()
            self.assertEqual(1, code, mistake)
            self.assertIn("standin: ", err)

    def test_forgets_the_holds_of_an_earlier_run(self):
        for _ in range(2):
            with Standin(place("holds"), FOLDER, {"rules": [{"route": "unknown", "hold": "a"}]}) as service:
                marks = [os.path.join(service.folder, name) for name in ("held-a", "release-a")]
                self.assertEqual([False, False], [os.path.exists(mark) for mark in marks])
                for mark in marks:
                    open(mark, "w").close()

    def test_a_long_folder_name_still_has_a_control_socket(self):
        with Standin(place("l" * 120), FOLDER):
            self.assertTrue(os.path.exists(place("l" * 120 + "/control")))

    def test_control_tells_mistakes_and_goes_on(self):
        with Standin(place("control"), FOLDER) as service:
            self.assertFalse(service.control(do="dance")["ok"])
            self.assertFalse(service.control(do="scenario", rules=[{"route": "x"}])["ok"])
            state = service.control(do="state")
            self.assertEqual((True, 1000, []), (state["ok"], state["quota"], state["charged"]))


class Caches(unittest.TestCase):
    def test_many_at_once_make_one_authority(self):
        shared = place("race")
        services = []
        for number in range(4):
            services.append(subprocess.Popen(
                [sys.executable, os.path.join(HERE, "standin.py"), "--dir", place(f"race-{number}"), "--ca", shared],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        lines = [json.loads(service.stdout.readline()) for service in services]
        for service in services:
            service.communicate()
        self.assertEqual({os.path.join(shared, "ca.pem")}, {line["ca_file"] for line in lines})
        self.assertEqual([], [name for name in os.listdir(FOLDER) if name.startswith(".certificates")])

    def test_keys_are_for_their_owner(self):
        folder = place("keys")
        certificates.prepare(folder)
        for name in certificates.VARIANTS:
            self.assertEqual(0o600, os.stat(os.path.join(folder, name + ".pem")).st_mode & 0o777)
        self.assertEqual({"ca.pem"} | {name + ".pem" for name in certificates.VARIANTS}, set(os.listdir(folder)))

    def test_pictures_are_what_their_names_say(self):
        from PIL import Image
        folder = place("pictures")
        for kind, mode, form in (("baseline", "RGB", "JPEG"), ("progressive", "RGB", "JPEG"), ("rgb", "RGB", "PNG"),
                                 ("rgba", "RGBA", "PNG")):
            path = pictures.path(folder, "dogs", "1k", kind)
            with Image.open(path) as picture:
                self.assertEqual((form, mode, (768, 1024)), (picture.format, picture.mode, picture.size))
                self.assertEqual(kind == "progressive", "progressive" in picture.info)
                if form == "JPEG":
                    self.assertEqual((2, 2), picture.layer[0][1:3])
                if kind == "rgba":
                    alpha = picture.getchannel("A")
                    self.assertEqual([x * 255 // 767 for x in range(768)], [alpha.getpixel((x, 500)) for x in range(768)])

    def test_pictures_are_the_same_bytes_each_time(self):
        made = []
        for folder in ("once", "again"):
            with open(pictures.path(place(folder), "mountains", "preview", "baseline"), "rb") as file:
                made.append(file.read())
        self.assertEqual(*made)


class Certificates(unittest.TestCase):
    def test_each_variant_is_refused_for_its_own_reason(self):
        rules = [{"listener": "api", "call": 1, "certificate": "expired"}, {"listener": "api", "call": 2, "certificate": "wrong_name"},
                 {"listener": "api", "call": 3, "certificate": "self_signed"}]
        with Standin(place("certificates"), FOLDER, {"rules": rules}) as service:
            for reason in ("expired", "Hostname mismatch", "self-signed"):
                with self.assertRaises(ssl.SSLCertVerificationError) as caught:
                    service.connect()
                self.assertIn(reason, caught.exception.verify_message)
            service.connect().close()
            service.connect("auth").close()
            service.wait_for(lambda: sum(line["event"] == "closed" for line in service.log("connections")) == 5)
            events = [line["event"] for line in service.log("connections") if line["listener"] == "api"]
            self.assertEqual((4, 3, 1), (events.count("tcp"), events.count("tls_failed"), events.count("tls")))

    def test_old_tls_is_not_spoken(self):
        with Standin(place("old-tls"), FOLDER) as service:
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                service.tls.minimum_version = ssl.TLSVersion.TLSv1
                service.tls.maximum_version = ssl.TLSVersion.TLSv1_1
            service.tls.set_ciphers("ALL:@SECLEVEL=0")
            with self.assertRaises(OSError):
                service.connect()
