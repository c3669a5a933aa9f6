"""Sockets, TLS and requests: listeners on the loopback addresses, and one thread for each connection."""

import fcntl
import os
import select
import socket
import ssl
import struct
import termios
import threading
import time
import urllib.parse

MOST_CONNECTIONS = 200
MOST_HEAD = 64 * 1024
MOST_BODY = 1024 * 1024


class Stop:
    """A pipe that every waiting thread polls; closing its end wakes them all."""

    def __init__(self):
        self.fd, self._end = os.pipe()
        self.is_set = False

    def set(self):
        if not self.is_set:
            self.is_set = True
            os.close(self._end)


class BadRequest(Exception):
    pass


class Request:
    """One request as it was read. The service adds route, call, size and rule."""

    def __init__(self, method, target, headers, body, listener, connection):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.listener, self.connection = listener, connection
        self.path, _, self.query = target.partition("?")
        self.n = self.route = self.call = self.size = None
        self.rule = {}

    def fields(self):
        return urllib.parse.parse_qsl(self.query, keep_blank_values=True)


class Connection:
    def __init__(self, raw, number, listener, stop):
        self.socket, self.number, self.listener, self._stop = raw, number, listener, stop
        self._buffer = b""
        self.lock = threading.Lock()
        self.closed = False

    # Waiting

    def pause(self, seconds):
        """Waits; False as soon as the client has gone or the service stops. None is for ever."""
        end = None if seconds is None else time.monotonic() + seconds
        poller = select.poll()
        poller.register(self.socket.fileno(), select.POLLRDHUP)
        poller.register(self._stop.fd, 0)
        left = None if end is None else max(0, end - time.monotonic()) * 1000
        return not poller.poll(left)

    # Reading

    def _more(self):
        data = self.socket.recv(64 * 1024)
        self._buffer += data
        return bool(data)

    def _line_of(self, limit):
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > limit or not self._more():
                raise BadRequest("no line end")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _exactly(self, count):
        while len(self._buffer) < count:
            if not self._more():
                raise BadRequest("body cut short")
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def read_request(self):
        """The next request, or None when the client has no more."""
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MOST_HEAD:
                raise BadRequest("head too long")
            if not self._more():
                if self._buffer:
                    raise BadRequest("head cut short")
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or words[2] != "HTTP/1.1":
            raise BadRequest("request line: " + first)
        headers = {}
        for line in rest:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise BadRequest("header: " + line)
            name, value = name.lower(), value.strip()
            headers[name] = headers[name] + ", " + value if name in headers else value
        if "host" not in headers:
            raise BadRequest("no Host")
        return Request(words[0], words[1], headers, self._read_body(headers), self.listener.name, self.number)

    def _read_body(self, headers):
        chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers and (not chunked or "content-length" in headers) or not length.isdecimal():
            raise BadRequest("framing")
        if headers.get("expect", "").lower() == "100-continue" and not self._buffer:
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not chunked:
            if int(length) > MOST_BODY:
                raise BadRequest("body too long")
            return self._exactly(int(length))
        body = b""
        while True:
            size = int(self._line_of(1024).partition(b";")[0], 16)
            if len(body) + size > MOST_BODY:
                raise BadRequest("body too long")
            body += self._exactly(size)
            if self._line_of(1024) and size:
                raise BadRequest("chunk end")
            if not size:
                return body

    # Writing and ending

    def send(self, data):
        self.socket.sendall(data)

    def close(self, how):
        """clean: close_notify and FIN; abrupt: FIN without close_notify; reset: RST after all that was sent has arrived."""
        try:
            if how == "reset":
                self._drained_out()
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                if how == "clean" and isinstance(self.socket, ssl.SSLSocket):
                    self._close_notify()
                # The base class's methods, because those of SSLSocket would end TLS in their own way.
                socket.socket.shutdown(self.socket, socket.SHUT_WR)
                self._drained_in()
        except (OSError, ValueError):
            pass
        with self.lock:
            self.closed = True
            self.socket.close()

    def _close_notify(self):
        self.socket.settimeout(0)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                self.socket.unwrap()
            except ssl.SSLWantWriteError:
                select.select([], [self.socket], [], 0.1)
                continue
            except OSError:
                pass  # mostly "want read": ours is sent, and the client's is not waited for
            return

    def _drained_out(self):
        # A reset throws away what still waits here to be sent; the test wants exactly k bytes to arrive.
        end = time.monotonic() + 2
        while time.monotonic() < end:
            waiting, = struct.unpack("i", fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, bytes(4)))
            if not waiting:
                return
            time.sleep(0.001)

    def _drained_in(self):
        # Closing with unread input would make the kernel send a reset in place of the FIN.
        self.socket.settimeout(None)
        end = time.monotonic() + 2
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self.socket.fileno(), self._stop.fd], [], [], left)
            if not ready or self._stop.fd in ready or not socket.socket.recv(self.socket, 65536):
                return

    def hang_up(self):
        """From another thread: wakes whatever this connection is doing."""
        with self.lock:
            if not self.closed:
                try:
                    socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
                except OSError:
                    pass


class Listener:
    """One name of the service: a port of the system's choosing, the same on 127.0.0.1 and ::1."""

    def __init__(self, name):
        self.name = name
        self.connections = 0
        self.sockets = _bound()
        self.port = self.sockets[0].getsockname()[1]
        self.url = f"https://localhost:{self.port}"


def _bound():
    for _ in range(100):
        first = socket.socket(socket.AF_INET)
        first.bind(("127.0.0.1", 0))
        first.listen(64)
        second = socket.socket(socket.AF_INET6)
        second.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            second.bind(("::1", first.getsockname()[1]))
            second.listen(64)
            return [first, second]
        except OSError as error:
            second.close()
            if not os.path.exists("/proc/net/if_inet6") or error.errno == 99:
                return [first]  # a machine without IPv6
            first.close()  # the port is taken there: try another
    raise RuntimeError("no port is free on both loopback addresses")


class Server:
    """Accepts for all listeners and runs `serve(connection)` in a thread for each connection."""

    def __init__(self, listeners, scenario, certificates, logs, serve):
        self._listeners, self._scenario, self._certificates, self._logs, self._serve = listeners, scenario, certificates, logs, serve
        self._stop = Stop()
        self._live = {}
        self._count = 0
        self._contexts = {}
        self._thread = threading.Thread(target=self._accept, name="accept")
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()
        for connection in list(self._live):
            connection.hang_up()
        end = time.monotonic() + 2
        for thread in list(self._live.values()):
            thread.join(max(0, end - time.monotonic()))

    def _accept(self):
        poller = select.poll()
        poller.register(self._stop.fd, 0)
        owners = {}
        for listener in self._listeners:
            for bound in listener.sockets:
                owners[bound.fileno()] = (listener, bound)
                poller.register(bound.fileno(), select.POLLIN)
        while not self._stop.is_set:
            for fd, _ in poller.poll():
                if fd in owners:
                    self._take(*owners[fd])
        for _, bound in owners.values():
            bound.close()

    def _take(self, listener, bound):
        raw, peer = bound.accept()
        if len(self._live) >= MOST_CONNECTIONS:
            raw.close()
            return
        self._count += 1
        listener.connections += 1
        _, rule = self._scenario.rule("listener", listener.name, listener.connections)
        self._logs.connection(self._count, listener.name, "tcp", peer=peer[0])
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(raw, self._count, listener, self._stop)
        thread = threading.Thread(target=self._run, args=(connection, rule), daemon=True)
        self._live[connection] = thread
        thread.start()

    def _run(self, connection, rule):
        try:
            if self._greet(connection, rule):
                self._serve(connection)
        except OSError:
            connection.close("abrupt")
        finally:
            if not connection.closed:
                connection.close("clean")
            self._logs.connection(connection.number, connection.listener.name, "closed")
            del self._live[connection]

    def _greet(self, connection, rule):
        """TLS, or what the rule puts in its place; True when requests can be read."""
        if "delay" in rule and not connection.pause(rule["delay"]):
            return False
        for phase in ("accept", "handshake"):
            if phase in rule:
                if phase == "handshake":
                    connection.socket.recv(1, socket.MSG_PEEK)  # the client has begun
                if rule[phase] == "mute":
                    connection.pause(None)
                connection.close("abrupt" if rule[phase] == "mute" else rule[phase])
                return False
        name = rule.get("certificate", "good")
        connection.socket.settimeout(30)
        try:
            connection.socket = self._context(name).wrap_socket(connection.socket, server_side=True, do_handshake_on_connect=False)
            connection.socket.do_handshake()
        except (OSError, ValueError) as error:
            self._logs.connection(connection.number, connection.listener.name, "tls_failed", reason=str(error))
            connection.close("abrupt")
            return False
        connection.socket.settimeout(None)
        self._logs.connection(connection.number, connection.listener.name, "tls", version=connection.socket.version())
        return True

    def _context(self, name):
        if name not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.set_alpn_protocols(["http/1.1"])
            context.load_cert_chain(os.path.join(self._certificates, name + ".pem"))
            self._contexts[name] = context
        return self._contexts[name]
