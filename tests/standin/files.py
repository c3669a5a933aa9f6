"""The file host: signed links, parts of files, and damage to them."""

import base64
import hashlib
import hmac
import secrets
import time
import urllib.parse

import body as bodies
import pictures
from answer import Reply, http_date

DENIED = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'


class Links:
    """Addresses that are good for a while. The key is the state: a new one ends every link given out."""

    def __init__(self, scenario, urls):
        self._scenario, self._urls = scenario, urls
        self._key = secrets.token_bytes(32)

    def expire(self):
        self._key = secrets.token_bytes(32)

    def path(self, *parts):
        path = "/" + "/".join(urllib.parse.quote(str(part), safe="") for part in parts)
        expires = int(time.time() + self._scenario.settings["link_life"])
        return f"{path}?Expires={expires}&Signature={self._signature(path, str(expires))}"

    def url(self, *parts):
        return self._urls["file_url"] + self.path(*parts)

    def is_good(self, request):
        fields = dict(request.fields())
        expires, signature = fields.get("Expires", ""), fields.get("Signature", "")
        good = hmac.compare_digest(signature.encode(), self._signature(request.path, expires).encode())
        return good and time.time() < int(expires)

    def _signature(self, path, expires):
        return hmac.new(self._key, f"{path}?{expires}".encode(), hashlib.sha256).hexdigest()


class Files:
    def __init__(self, links, generations, folder):
        self._links, self._generations, self._folder = links, generations, folder

    def add_routes(self, service):
        for listener in ("file", "mirror"):
            for method in ("GET", "HEAD"):
                service.add(listener, method, "/delivery/{}/{}/{}", "file", self.file, lambda request, generation, index, size: size)
                service.add(listener, method, "/preview/{}/{}", "preview", self.preview)

    def preview(self, request, generation, index):
        return self._serve(request, generation, index, "preview", "baseline")

    def file(self, request, generation, index, size):
        return self._serve(request, generation, index, size, None)

    def _serve(self, request, generation, index, size, kind):
        if not self._links.is_good(request):
            return Reply(403, [("Content-Type", "application/xml")], DENIED)
        picture = self._generations.picture(generation, int(index))
        kind = kind or picture["kind"]
        path = pictures.path(self._folder, picture["photograph"], size, kind)
        rule = request.rule
        original = rule.get("file_bytes", path)
        whole = bodies.File(original, rule.get("truncate"), rule.get("flip"))
        reply = Reply(200, body=whole, seconds=self._generations.file_seconds() if request.route == "file" else 0)
        reply.set("Content-Type", "image/png" if path.endswith(".png") else "image/jpeg")
        reply.set("Accept-Ranges", "bytes")
        reply.set("Last-Modified", http_date(1_700_000_000))
        if request.route == "file":
            reply.set("Content-Disposition", f'attachment; filename="{generation}-{index}-{size}"')
        strong = '"' + hashlib.sha256(original.encode()).hexdigest()[:32] + '"'
        etag = {"strong": strong, "weak": "W/" + strong, "none": None}.get(rule.get("etag", "strong"), rule.get("etag"))
        if etag:
            reply.set("ETag", etag)
        for name, kind in rule.get("checksum", {}).items():
            reply.set(name, _checksum(name, original, kind == "wrong"))
        if not rule.get("ignore_range"):
            _part(request, reply, etag)
        return reply


def _part(request, reply, etag):
    """One range, as far as the request may have it; several or odd ones get the whole file."""
    unit, _, asked = request.headers.get("range", "").partition("=")
    first, dash, last = asked.strip().partition("-")
    if unit != "bytes" or not dash or not (first or last) or not (first + last).isdecimal():
        return
    # Only a strong validator proves that it is still the same file.
    if "if-range" in request.headers and (request.headers["if-range"] != etag or etag.startswith("W/")):
        return
    length = reply.body.length
    start = int(first) if first else max(0, length - int(last))
    end = min(int(last), length - 1) if first and last else length - 1
    if start >= length or end < start:
        reply.status, reply.body = 416, bodies.Bytes()
        reply.set("Content-Range", f"bytes */{length}")
        return
    reply.status, reply.body = 206, bodies.Part(reply.body, start, end - start + 1)
    wrong = request.rule.get("range_wrong")
    reply.set("Content-Range", wrong if isinstance(wrong, str) else f"bytes {start + bool(wrong)}-{end + bool(wrong)}/{length}")


def _checksum(name, path, wrong):
    """Of the undamaged file: what is damaged by a rule is damaged on the way."""
    with open(path, "rb") as file:
        data = file.read() + (b"?" if wrong else b"")
    if name == "Content-MD5":
        return base64.b64encode(hashlib.md5(data).digest()).decode()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return f"sha-256=:{digest}:" if name == "Repr-Digest" else digest
