"""Finds the route of a request, its rule and its handler, and sees the answer out."""

import threading
import urllib.parse

from answer import Answer, Reply, canned, canned_body
from wire import BadRequest


class Refusal(Exception):
    """Raised by a handler in the middle of its work."""

    def __init__(self, reply):
        super().__init__(reply.status)
        self.reply = reply


def gateway(status, message, headers=()):
    """The envelope of the gateway in front of the service."""
    return Reply(status, [("Content-Type", "application/json"), *headers], b'{"message":"%s"}' % message.encode())


class Service:
    def __init__(self, folder, scenario, logs, urls):
        self._folder, self.scenario, self._logs, self._urls = folder, scenario, logs, urls
        self._lock = threading.Lock()
        self._requests = 0
        self.calls = {}
        self._routes = {}

    def add(self, listener, method, pattern, name, handler, size=None):
        """`size(request, *parameters)` tells which size the request is about, for the rules that name one."""
        self._routes.setdefault(listener, []).append((method, pattern.split("/"), name, handler, size))

    def serve(self, connection):
        """Every request of one connection."""
        while True:
            try:
                request = connection.read_request()
            except (BadRequest, ValueError) as error:
                connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                self._logs.connection(connection.number, connection.listener.name, "bad_request", reason=str(error))
                return
            if request is None:
                return
            handler, parameters, size = self._route(request)
            if size:
                request.size = size(request, *parameters)
            with self._lock:
                self._requests += 1
                request.n = self._requests
                request.call = self.calls[request.route] = self.calls.get(request.route, 0) + 1
                position, request.rule = self.scenario.rule("route", request.route, request.call, request.size)
            self._logs.request(request, position)
            answer = Answer(connection, request, self._reply(request, handler, parameters), self._folder)
            ending = "abrupt"
            try:
                ending = answer.send()
            finally:
                self._logs.answered(request, answer.status, answer.sent)
            if ending:
                connection.close(ending)
                return

    def restart_counts(self):
        """After new rules the next call of every route is the first."""
        with self._lock:
            self.calls = {}

    def expand(self, request, text, **more):
        """Fills in the addresses that a rule cannot know beforehand."""
        values = {**self._urls, "self": self._urls[request.listener + "_url"] + request.target, **more}
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def _route(self, request):
        segments = [urllib.parse.unquote(segment) for segment in request.path.split("/")]
        for method, pattern, name, handler, size in self._routes.get(request.listener, []):
            if method == request.method and len(pattern) == len(segments):
                pairs = list(zip(pattern, segments))
                if all(part == "{}" or part == segment for part, segment in pairs):
                    request.route = name
                    return handler, [segment for part, segment in pairs if part == "{}"], size
        request.route = "unknown"
        return _no_such_route, [], None

    def _reply(self, request, handler, parameters):
        rule = request.rule
        answers_itself = "status" in rule or "redirect" in rule
        reply = None
        if rule.get("charge", not answers_itself):
            try:
                reply = handler(request, *parameters)
            except Refusal as refusal:
                reply = refusal.reply
        if answers_itself or reply is None:
            reply = canned(rule)
        elif (body := canned_body(rule)) is not None:
            reply.body = body
        if request.listener == "api":
            reply.set("x-amzn-RequestId", f"standin-{request.n}")  # leads from a client's log to ours
        if "redirect" in rule:
            reply.status = rule.get("status", 302)
            reply.set("Location", self.expand(request, rule["redirect"]))
        return reply


def _no_such_route(_):
    # What the gateway says to a path or method that it does not know; no authentication is meant.
    return gateway(403, "Missing Authentication Token")
