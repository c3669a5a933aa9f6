"""Access tokens, refresh tokens and authorization codes, each with its life."""

import base64
import hashlib
import secrets
import threading
import time

CODE_LIFE = 60


class Tokens:
    def __init__(self, scenario):
        self._scenario = scenario
        self._lock = threading.Lock()
        self._access = {}  # token: (client, end)
        self._refresh = {}  # token: client
        self._codes = {}  # code: (client, redirect_uri, challenge, end)

    def issue(self, client, refreshable):
        """An access token, and a refresh token or None."""
        access = secrets.token_urlsafe(32)
        with self._lock:
            self._access[access] = (client, time.monotonic() + self._scenario.settings["token_life"])
            if not refreshable:
                return access, None
            refresh = secrets.token_urlsafe(32)
            self._refresh[refresh] = client
            return access, refresh

    def refresh(self, token, client):
        """A new pair; None in place of the second when refresh tokens do not rotate. None altogether for an unknown token."""
        rotate = self._scenario.settings["rotate_refresh"]
        with self._lock:
            if self._refresh.get(token) != client:
                return None
            if rotate:
                del self._refresh[token]
        return self.issue(client, rotate)

    def holder(self, access):
        """The client that the token was given to, while it lives."""
        with self._lock:
            client, end = self._access.get(access, (None, 0))
            return client if time.monotonic() < end else None

    def expire(self):
        with self._lock:
            self._access.clear()

    def living(self):
        with self._lock:
            now = time.monotonic()
            return sum(now < end for _, end in self._access.values())

    def code(self, client, redirect_uri, challenge):
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = (client, redirect_uri, challenge, time.monotonic() + CODE_LIFE)
        return code

    def redeem(self, code, client, redirect_uri, verifier):
        """Whether the code was given for this; either way it is used up."""
        with self._lock:
            wanted = self._codes.pop(code, None)
        if wanted is None or time.monotonic() >= wanted[3]:
            return False
        return wanted[:3] == (client, redirect_uri, challenge_of(verifier))


def challenge_of(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
