"""What the stand-in's own tests need to talk to it: a child process, bare requests, bare bytes."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 60  # seconds: for what happens at once on an idle computer


class Answer:
    """What arrived: taken apart as far as it can be."""

    def __init__(self, raw, error=None):
        self.raw, self.error = raw, error
        self.informational = 0
        while raw.startswith(b"HTTP/1.1 1"):
            self.informational += 1
            raw = raw.partition(b"\r\n\r\n")[2]
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if lines[0] else None
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:]]

    def header(self, name):
        found = [value for other, value in self.headers if other.lower() == name.lower()]
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)


class Standin:
    """The service as a child process, as the end-to-end tests run it."""

    def __init__(self, folder, shared, scenario=None, *more):
        self.folder = folder
        arguments = [sys.executable, os.path.join(HERE, "standin.py"), "--dir", folder, "--ca", os.path.join(shared, "ca"),
                     "--pictures", os.path.join(shared, "pictures"), *more]
        if scenario is not None:
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, "scenario.json"), "w") as file:
                json.dump(scenario, file)
            arguments += ["--scenario", file.name]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.said = json.loads(line) if line else None
        if self.said is None:
            return
        self.tls = ssl.create_default_context(cafile=self.said["ca_file"])
        self.tls.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)  # a missing close_notify is what tests look for
        self.token = None

    def stop(self, number=None):
        if number:
            self.process.send_signal(number)
            self.process.wait(PATIENCE)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        code, out, err = self.stop()
        assert (code, out, err) == (0, "", ""), (code, out, err)

    # Requests

    def connect(self, listener="api", host="127.0.0.1", tls=True):
        port = urllib.parse.urlsplit(self.said[listener + "_url"]).port
        raw = socket.create_connection((host, port), PATIENCE)
        return self.tls.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False) if tls else raw

    def request(self, method, path, headers=(), body=b"", listener="api", connection=None):
        """Sends and reads until the connection ends; on a connection that is given, just one answer with a length."""
        data = body if isinstance(body, bytes) else body.encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
        if data:
            lines.append(f"Content-Length: {len(data)}")
        if connection is None:
            lines.append("Connection: close")
            with self.connect(listener) as own:
                own.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + data)
                return read_all(own)
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + data)
        return read_one(connection)

    def form(self, fields, headers=(), path="/oauth2/token"):
        body = urllib.parse.urlencode(fields)
        return self.request("POST", path, [("Content-Type", "application/x-www-form-urlencoded"), *headers], body, "auth")

    def sign_in(self):
        answer = self.form({"grant_type": "client_credentials", "client_id": self.said["api_key"],
                            "client_secret": self.said["client_secret"]})
        self.token = answer.json()["access_token"]
        return answer

    def api(self, method, path, body=None, connection=None, headers=()):
        """With key and token."""
        if self.token is None:
            self.sign_in()
        headers = [("Api-Key", self.said["api_key"]), ("Authorization", "Bearer " + self.token), *headers]
        if body is None:
            return self.request(method, path, headers, connection=connection)
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.request(method, path, [*headers, ("Content-Type", "application/json")], text, connection=connection)

    def image(self, index=0, last="download"):
        return f"/v3/ai/image-generations/{self.said['generation']}/images/{index}/{last}"

    def link(self, index=0, size="1k"):
        """Licenses a picture; the path of its file on the file host."""
        self.api("PUT", self.image(index), {"size_name": size})
        for _ in range(5):
            answer = self.api("GET", self.image(index))
            if answer.status == 200:
                return answer.json()["url"].partition(self.said["file_url"])[2]
        raise AssertionError(answer.raw)

    def file(self, path, headers=(), listener="file"):
        return self.request("GET", path, headers, listener=listener)

    # Logs and control

    def log(self, name="requests"):
        with open(os.path.join(self.folder, name + ".jsonl")) as file:
            return [json.loads(line) for line in file]

    def wait_for(self, condition, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("waited in vain")
            time.sleep(0.005)

    def control(self, **command):
        handle = os.open(self.folder, os.O_PATH)  # the path itself may be longer than a socket's address can be
        with socket.socket(socket.AF_UNIX) as talk:
            talk.connect(f"/proc/self/fd/{handle}/control")
            os.close(handle)
            talk.sendall(json.dumps(command).encode() + b"\n")
            with talk.makefile() as lines:
                return json.loads(lines.readline())


def read_all(connection):
    """Until the end, of whatever kind; `error` says which: None, "ragged" (no close_notify), "reset"."""
    data, error = b"", None
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            error = "reset"
            break
        except ssl.SSLError as problem:
            # Python 3.11 loses the number of a system call's error now and then; a plain end of file always has a reason.
            error = "ragged" if problem.reason else "reset"
            break
        if not piece:
            break
        data += piece
    return Answer(data, error)


def read_one(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return Answer(data)
        data += piece
    length = int(Answer(data).header("Content-Length"))
    while len(Answer(data).body) < length:
        data += connection.recv(65536)
    return Answer(data)
