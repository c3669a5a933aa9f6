import gzip
import json
import os
import threading
import time

from client import read_all, read_one
from shared_service import ServiceTest


class Matching(ServiceTest):
    def statuses(self, path, times):
        return [self.service.request("GET", path).status for _ in range(times)]

    def test_by_call_and_by_range(self):
        self.rules({"route": "unknown", "call": 2, "status": 502}, {"route": "unknown", "calls": [4, None], "status": 504})
        self.assertEqual([403, 502, 403, 504, 504], self.statuses("/", 5))
        self.rules({"route": "unknown", "calls": [1, 2], "status": 500})
        self.assertEqual([500, 500, 403], self.statuses("/", 3))

    def test_the_first_rule_wins_and_the_log_names_it(self):
        self.rules({"route": "put", "status": 500}, {"route": "unknown", "status": 501}, {"route": "unknown", "status": 502})
        self.statuses("/", 1)
        self.assertEqual(1, next(line["rule"] for line in self.service.log() if line.get("route") == "unknown"))

    def test_by_size(self):
        self.rules({"route": "put", "size": "4k", "status": 503}, {"route": "get", "size": "1k", "status": 504},
                   {"route": "file", "size": "1k", "status": 505})
        self.assertEqual(503, self.service.api("PUT", self.service.image(0), {"size_name": "4k"}).status)
        self.assertEqual(202, self.service.api("PUT", self.service.image(0), {"size_name": "1k"}).status)
        self.assertEqual(504, self.service.api("GET", self.service.image(0)).status)
        self.rules({"route": "file", "size": "4k", "status": 505})
        self.assertEqual(200, self.service.file(self.service.link(0)).status)


class Charges(ServiceTest):
    def put(self):
        return self.service.api("PUT", self.service.image(0), {"size_name": "1k"})

    def charged(self):
        return len(self.service.log("ledger"))

    def test_a_status_alone_charges_nothing(self):
        self.rules({"route": "put", "status": 503})
        self.assertEqual((503, b"", 0), (self.put().status, self.put().body, self.charged()))

    def test_charged_but_answered_otherwise(self):
        self.rules({"route": "put", "status": 503, "charge": True, "body": "<html>"})
        answer = self.put()
        self.assertEqual((503, b"<html>", 1), (answer.status, answer.body, self.charged()))
        self.assertEqual(200, self.service.api("GET", self.service.image(0)).status)

    def test_charged_and_the_answer_lost_and_the_other_way_round(self):
        for how, error in (("clean", None), ("abrupt", "ragged"), ("reset", "reset")):
            self.rules({"route": "put", "no_reply": how, "charge": False})
            answer = self.put()
            self.assertEqual((b"", error), (answer.raw, answer.error))
        self.assertEqual(0, self.charged())
        self.rules({"route": "put", "no_reply": "reset"})
        self.assertEqual("reset", self.put().error)
        self.assertEqual(1, self.charged())
        put = [line for line in self.service.log() if line.get("route") == "put"][-1]
        self.service.wait_for(lambda: {"n": put["n"], "answered": None, "sent": 0}.items() <= self.service.log()[-1].items())

    def test_a_redirect_charges_nothing_and_names_the_other_host(self):
        self.rules({"route": "put", "redirect": "{file_url}/x", "status": 307}, {"route": "get", "redirect": "{self}"})
        answer = self.put()
        self.assertEqual((307, self.service.said["file_url"] + "/x", 0), (answer.status, answer.header("Location"), self.charged()))
        answer = self.service.api("GET", self.service.image(0))
        self.assertEqual((302, self.service.said["api_url"] + self.service.image(0)), (answer.status, answer.header("Location")))

    def test_other_links_and_assets(self):
        self.put()
        port = self.service.said["file_url"].rpartition(":")[2]
        for link in (None, "", 7, "relative", "file:///etc/passwd", "http://localhost:{file_port}/x",
                     "https://127.0.0.1:{file_port}{link_path}"):
            self.rules({"route": "get", "link": link, "asset_id": "{asset:4k}" if link else None})
            answer = self.service.api("GET", self.service.image(0)).json()
            if link and "{link_path}" in str(link):
                self.assertEqual(200, self.service.file(answer["url"].removeprefix("https://127.0.0.1:" + port)).status)
            else:
                self.assertEqual(link.replace("{file_port}", port) if isinstance(link, str) else link, answer["url"])
            self.assertEqual(bool(link), answer["generated_asset_id"] is not None)
            self.assertNotEqual(self.service.log("ledger")[0]["asset_id"], answer["generated_asset_id"])


class Waiting(ServiceTest):
    def test_delays(self):
        for rule in ({"delay": 0.2}, {"delay_body": 0.2}):
            self.rules({"route": "unknown", **rule})
            with self.service.connect() as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                begun = time.monotonic()
                first = connection.recv(65536)
                waited = time.monotonic() - begun
                if "delay" in rule:
                    self.assertGreater(waited, 0.15)
                else:
                    self.assertTrue(first.endswith(b"\r\n\r\n"))
                    self.assertIn(b"message", connection.recv(65536))
                    self.assertGreater(time.monotonic() - begun, 0.15)

    def test_rate(self):
        self.rules({"route": "unknown", "status": 200, "body_repeat": {"text": "x", "times": 1000}, "rate": 5000})
        begun = time.monotonic()
        self.assertEqual(1000, len(self.service.request("GET", "/").body))
        self.assertGreater(time.monotonic() - begun, 0.15)

    def test_mute(self):
        self.rules({"route": "unknown", "no_reply": "mute"})
        with self.service.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                connection.recv(1)
        self.service.wait_for(lambda: self.service.log()[-1].get("answered", 0) is None)

    def test_hold_before_the_answer(self):
        service, held, release = self.service, *(os.path.join(self.service.folder, name) for name in ("held-a", "release-a"))
        self.rules({"route": "put", "hold": "a"})
        answers = []
        asking = threading.Thread(target=lambda: answers.append(service.api("PUT", service.image(0), {"size_name": "1k"})))
        asking.start()
        service.wait_for(lambda: os.path.exists(held))
        self.assertEqual(1, len(service.log("ledger")))
        self.assertEqual([], answers)
        open(release, "w").close()
        asking.join()
        self.assertEqual(202, answers[0].status)

    def test_hold_in_the_body_and_a_client_that_dies(self):
        self.rules({"route": "unknown", "hold": "b", "hold_at": 5})
        connection = self.service.connect()
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.service.wait_for(lambda: os.path.exists(os.path.join(self.service.folder, "held-b")))
        data = b""
        while not data.endswith(b'{"mes'):
            data += connection.recv(65536)
        connection.close()
        self.service.wait_for(lambda: {"answered": 403, "sent": 5}.items() <= self.service.log()[-1].items())


class Framing(ServiceTest):
    """All with one body of 40,000 bytes."""

    def ask(self, **rule):
        self.rules({"route": "unknown", "status": 200, "body_repeat": {"before": "<", "text": "ab", "times": 19999, "after": ">"}, **rule})
        answer = self.service.request("GET", "/")
        self.whole = b"<" + b"ab" * 19999 + b">"
        return answer

    def test_whole(self):
        answer = self.ask()
        self.assertEqual((self.whole, "40000", None), (answer.body, answer.header("Content-Length"), answer.error))

    def test_cut_in_each_way(self):
        for how, error in (("clean", None), ("abrupt", "ragged"), ("reset", "reset")):
            for count in (0, 1, 39999):
                answer = self.ask(cut=count, close=how)
                self.assertEqual((self.whole[:count], error), (answer.body, answer.error), (how, count))
                self.assertEqual("40000", answer.header("Content-Length"))
        # The service may write its line about an answer after the client has gone on.
        self.service.wait_for(lambda: {"answered": 200, "sent": 39999}.items() <= self.service.log()[-1].items())

    def test_wrong_lengths(self):
        for length, shown in ((39000, "39000"), (50000, "50000"), ("x", "x")):
            answer = self.ask(content_length=length)
            self.assertEqual((self.whole, shown, None), (answer.body, answer.header("Content-Length"), answer.error))

    def test_chunks(self):
        answer = self.ask(chunked=True, trailers=[["X-End", "1"]])
        self.assertIsNone(answer.header("Content-Length"))
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (self.whole[:16384], self.whole[16384:32768], self.whole[32768:]))
        self.assertEqual(body + b"0\r\nX-End: 1\r\n\r\n", answer.body)

    def test_chunks_cut(self):
        answer = self.ask(chunked=True, cut=20000, close="abrupt")
        self.assertEqual(b"4000\r\n" + self.whole[:16384] + b"\r\n4000\r\n" + self.whole[16384:20000], answer.body)
        self.assertEqual("ragged", answer.error)
        answer = self.ask(chunked=True, cut=16384)
        self.assertEqual(b"4000\r\n" + self.whole[:16384] + b"\r\n", answer.body)

    def test_no_length(self):
        for how, error in (("clean", None), ("abrupt", "ragged")):
            answer = self.ask(no_length=True, cut=500, close=how)
            self.assertEqual((self.whole[:500], error), (answer.body, answer.error))
            self.assertEqual((None, None), (answer.header("Content-Length"), answer.header("Transfer-Encoding")))

    def test_gzip(self):
        answer = self.ask(gzip=True)
        self.assertEqual(("gzip", self.whole), (answer.header("Content-Encoding"), gzip.decompress(answer.body)))
        self.assertEqual(answer.body[:50], self.ask(gzip=True, cut=50).body)

    def test_informational(self):
        answer = self.ask(informational=[103, 102])
        self.assertTrue(answer.raw.startswith(b"HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK"))
        self.assertEqual(1234, self.ask(informational={"status": 103, "times": 1234}).informational)

    def test_header_flood(self):
        head, _, body = self.ask(header_flood=400000).raw.partition(b"\r\n\r\n")
        self.assertGreater(len(head), 400000)
        self.assertEqual(self.whole, body)

    def test_headers(self):
        answer = self.ask(headers=[["Set-Cookie", "a"], ["Set-Cookie", "b"], ["X-Odd", "\x1b[31m"]])
        self.assertEqual(["a", "b", "\x1b[31m"], [value for name, value in answer.headers if name in ("Set-Cookie", "X-Odd")])

    def test_retry_after(self):
        self.assertEqual("3", self.ask(retry_after=3).header("Retry-After"))
        self.assertEqual("soon", self.ask(retry_after="soon").header("Retry-After"))
        self.assertRegex(self.ask(retry_after="+5").header("Retry-After"), r"^\w{3}, \d\d \w{3} \d{4} .* GMT$")

    def test_bodies(self):
        self.rules({"route": "unknown", "status": 200, "body_base64": "/wA="})
        self.assertEqual(b"\xff\0", self.service.request("GET", "/").body)
        self.rules({"route": "products", "body": "{"})
        answer = self.service.api("GET", "/v3/products")
        self.assertEqual((200, b"{"), (answer.status, answer.body))

    def test_a_huge_body_is_streamed(self):
        self.rules({"route": "unknown", "status": 200, "body_repeat": {"text": "[", "times": 10 ** 12}})
        with self.service.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            received = 0
            while received < 10 ** 7:
                received += len(connection.recv(65536))
        with open(f"/proc/{self.service.process.pid}/status") as status:
            memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        self.assertLess(memory, 100_000)


class Connections(ServiceTest):
    def test_kept_alive_then_closed_in_place_of_an_answer(self):
        self.rules({"route": "unknown", "call": 3, "no_reply": "clean"}, {"route": "unknown", "call": 5, "close": "clean"})
        ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        with self.service.connect() as connection:
            for _ in range(2):
                connection.sendall(ask)
                self.assertEqual(403, read_one(connection).status)
            connection.sendall(ask)
            self.assertEqual((b"", None), (lambda answer: (answer.raw, answer.error))(read_all(connection)))
        with self.service.connect() as connection:
            connection.sendall(ask + ask)  # two at once
            answer = read_all(connection)
            self.assertEqual((2, None), (answer.raw.count(b"HTTP/1.1 403"), answer.error))
            self.assertNotIn(b"Connection: close", answer.raw)
        numbers = [line["connection"] for line in self.service.log() if line.get("route") == "unknown"]
        self.assertEqual([3, 2], [numbers.count(number) for number in dict.fromkeys(numbers)])

    def test_before_tls(self):
        self.rules({"listener": "file", "call": 1, "accept": "reset"}, {"listener": "file", "call": 2, "accept": "abrupt"},
                   {"listener": "file", "call": 3, "handshake": "reset"}, {"listener": "file", "call": 4, "handshake": "abrupt"},
                   {"listener": "file", "call": 5, "delay": 0.2})
        for _ in range(4):
            with self.assertRaises(OSError):
                self.service.connect("file")
        begun = time.monotonic()
        self.service.connect("file").close()
        self.assertGreater(time.monotonic() - begun, 0.15)
        # The service may write its line about a handshake after the client has gone on.
        def events(): return [line["event"] for line in self.service.log("connections") if line["listener"] == "file"]
        self.service.wait_for(lambda: "tls" in events())
        self.assertEqual((5, 1), (events().count("tcp"), events().count("tls")))

    def test_mute_before_tls(self):
        self.rules({"listener": "file", "call": 1, "accept": "mute"}, {"listener": "file", "call": 2, "handshake": "mute"})
        for _ in range(2):
            with self.service.connect("file", tls=False) as raw:
                raw.sendall(b"\x16\x03\x01")
                raw.settimeout(0.1)
                with self.assertRaises(TimeoutError):
                    raw.recv(1)

    def test_plain_http_is_counted_as_failed_tls(self):
        with self.service.connect("file", tls=False) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            raw.recv(100)
        self.service.wait_for(lambda: any(line["event"] == "tls_failed" for line in self.service.log("connections")))

    def test_requests_that_are_none(self):
        for raw in (b"HELLO\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", b"GET / HTTP/1.1\r\n folded\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
            with self.service.connect() as connection:
                connection.sendall(raw)
                self.assertEqual(400, read_all(connection).status, raw)

    def test_bodies_in_chunks_and_after_a_100(self):
        head = (f"PUT {self.service.image(0)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                f"Api-Key: {self.service.said['api_key']}\r\nAuthorization: Bearer {self.service.token}\r\n").encode()
        body = json.dumps({"size_name": "1k"}).encode()
        with self.service.connect() as connection:
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            for part in (body[:5], body[5:], b""):
                connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            self.assertEqual(202, read_all(connection).status)
        with self.service.connect() as connection:
            connection.sendall(head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
            self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", connection.recv(100))
            connection.sendall(body)
            self.assertEqual(409, read_all(connection).status)
