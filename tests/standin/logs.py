"""What happened, one JSON object a line, on disk at once so that a test may read while the service runs."""

import json
import os
import threading
import time


class Lines:
    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, record):
        # One write call for the whole line: a reader never sees half of one followed by another.
        os.write(self._file, (json.dumps({**record, "time": time.time()}) + "\n").encode())


class Logs:
    def __init__(self, folder):
        self._requests = Lines(os.path.join(folder, "requests.jsonl"))
        self._connections = Lines(os.path.join(folder, "connections.jsonl"))
        self.ledger = Lines(os.path.join(folder, "ledger.jsonl"))
        self._lock = threading.Lock()
        self.connections = {}

    def connection(self, number, listener, event, **more):
        with self._lock:
            counts = self.connections.setdefault(listener, {})
            counts[event] = counts.get(event, 0) + 1
        self._connections.write({"connection": number, "listener": listener, "event": event, **more})

    def request(self, request, rule):
        record = {
            "n": request.n, "route": request.route, "call": request.call, "method": request.method, "path": request.target,
            "host": request.headers.get("host"), "listener": request.listener, "connection": request.connection,
            "headers": request.headers, "body": request.body.decode("utf-8", "replace"), "rule": rule,
        }
        if request.listener in ("file", "mirror"):
            # The file host is another company's: what a client sends there of these it has given away.
            record["leaked"] = [name for name in ("api-key", "authorization", "cookie") if name in request.headers]
        self._requests.write(record)

    def answered(self, request, status, sent):
        self._requests.write({"n": request.n, "answered": status, "sent": sent})
