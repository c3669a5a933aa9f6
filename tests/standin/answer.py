"""Writes a reply to the connection, with the faults that the rule asks for."""

import base64
import os
import time

import body as bodies

REASONS = {
    200: "OK", 202: "Accepted", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 303: "See Other", 307: "Temporary Redirect",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 410: "Gone",
    415: "Unsupported Media Type", 416: "Range Not Satisfiable", 429: "Too Many Requests", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}
CHUNK = 16 * 1024


class Reply:
    def __init__(self, status, headers=(), body=b"", seconds=0):
        self.status, self.headers = status, list(headers)
        self.body = bodies.Bytes(body) if isinstance(body, (bytes, str)) else body
        self.seconds = seconds  # how long the body should take

    def set(self, name, *values):
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()] + [(name, value) for value in values]


class Answer:
    """One reply on its way out."""

    def __init__(self, connection, request, reply, folder):
        self._connection, self._request, self._reply, self._folder = connection, request, reply, folder
        self._rule = request.rule
        self.status = None  # set once the head is out
        self.sent = 0  # bytes of the body, without the marks of chunks

    def send(self):
        """How the connection ends now: clean, abrupt or reset; None if it stays open."""
        rule = self._rule
        if "hold" in rule and "hold_at" not in rule and not self._hold():
            return "abrupt"
        if "delay" in rule and not self._connection.pause(rule["delay"]):
            return "abrupt"
        if "no_reply" in rule:
            if rule["no_reply"] == "mute":
                self._connection.pause(None)
                return "abrupt"
            return rule["no_reply"]
        self._informational()
        self._connection.send(self._head())
        self.status = self._reply.status
        if "delay_body" in rule and not self._connection.pause(rule["delay_body"]):
            return "abrupt"
        if self._request.method != "HEAD" and not self._body():
            return "abrupt"
        return self._ending()

    def _hold(self):
        name = self._rule["hold"]
        open(os.path.join(self._folder, "held-" + name), "w").close()
        while not os.path.exists(os.path.join(self._folder, "release-" + name)):
            if not self._connection.pause(0.01):
                return False
        return True

    def _informational(self):
        asked = self._rule.get("informational", [])
        if isinstance(asked, dict):
            block = f"HTTP/1.1 {asked['status']} Wait\r\n\r\n".encode() * 100
            for _ in range(asked["times"] // 100):
                self._connection.send(block)
            asked = [asked["status"]] * (asked["times"] % 100)
        for status in asked:
            self._connection.send(f"HTTP/1.1 {status} Wait\r\n\r\n".encode())

    def _head(self):
        rule, reply = self._rule, self._reply
        if rule.get("gzip"):
            reply.body = bodies.gzipped(reply.body)
            reply.set("Content-Encoding", "gzip")
        for name in dict.fromkeys(pair[0] for pair in rule.get("headers", [])):
            reply.set(name, *[value for other, value in rule["headers"] if other == name])
        if "retry_after" in rule:
            reply.set("Retry-After", _retry_after(rule["retry_after"]))
        headers = [("Date", http_date(time.time())), *reply.headers]
        if rule.get("chunked"):
            headers.append(("Transfer-Encoding", "chunked"))
        elif not rule.get("no_length"):
            headers.append(("Content-Length", str(rule.get("content_length", reply.body.length))))
        if self._asked_to_close() or rule.get("no_length"):
            headers.append(("Connection", "close"))
        flood = rule.get("header_flood", 0)
        headers += [(f"X-Flood-{number}", "f" * 1000) for number in range(flood // 1000)]
        lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Status')}"] + [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")

    def _body(self):
        rule, body = self._rule, self._reply.body
        rate = rule.get("rate") or (self._reply.seconds and body.length / self._reply.seconds)
        chunked = rule.get("chunked")
        piece = bodies.PIECE
        if chunked:
            piece = CHUNK
        if rate:
            piece = max(1, min(piece, int(rate / 20)))
        begun = time.monotonic()
        end = min(body.length, rule.get("cut", body.length))
        stops = sorted({end} | ({min(end, rule["hold_at"])} if "hold_at" in rule else set()))
        for stop in stops:
            while self.sent < stop:
                data = body.read(self.sent, min(piece, stop - self.sent))
                if chunked:
                    # A chunk that the cut falls into is announced as long as it would have been.
                    whole = min(piece, body.length - self.sent) if stop == end else len(data)
                    self._connection.send(f"{whole:x}\r\n".encode() + data + (b"\r\n" if whole == len(data) else b""))
                else:
                    self._connection.send(data)
                self.sent += len(data)
                if rate and not self._connection.pause(max(0, begun + self.sent / rate - time.monotonic())):
                    return False
            if self.sent == rule.get("hold_at") and not self._hold():
                return False
        if chunked and "cut" not in rule:
            trailers = "".join(f"{name}: {value}\r\n" for name, value in rule.get("trailers", []))
            self._connection.send(f"0\r\n{trailers}\r\n".encode())
        return True

    def _ending(self):
        rule = self._rule
        if any(key in rule for key in ("close", "cut", "content_length", "no_length")):
            return rule.get("close", "clean")
        return "clean" if self._asked_to_close() else None

    def _asked_to_close(self):
        return "close" in self._request.headers.get("connection", "").lower()


def canned(rule):
    """The reply that the rule itself gives."""
    return Reply(rule.get("status", 200), body=canned_body(rule) or b"")


def canned_body(rule):
    if "body" in rule:
        return bodies.Bytes(rule["body"])
    if "body_base64" in rule:
        return bodies.Bytes(base64.b64decode(rule["body_base64"]))
    if "body_repeat" in rule:
        return bodies.Repeated(**{"text": "", **rule["body_repeat"]})
    return None


def http_date(moment):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))


def _retry_after(value):
    """A number of seconds or any text as it is; "+5" is the date in five seconds."""
    if isinstance(value, str) and value[:1] in "+-" and value[1:].isdecimal():
        return http_date(time.time() + int(value))
    return str(value)
