"""A scenario: what the service is like, and the rules by which it misbehaves. README.md explains every key."""

import json

import pictures

READY = "5B0E7C1A-93D4-4F26-8A5E-2D1C6F70B9E3"
PENDING = "A94D20F7-1B6C-4E83-B7D5-08C3E6152F4A"
GONE = "E17F83B2-6A05-49DC-9C31-7B2E4D8056CF"

LISTENERS = ("api", "auth", "file", "mirror")
ROUTES = ("token", "authorize", "metadata", "generation", "history", "products", "sizes", "put", "get", "redownload", "preview", "file",
          "unknown")
CLOSINGS = ("clean", "abrupt", "reset")

SETTINGS = {
    "api_key": "standin-api-key",
    # Every character here has a meaning in a form or in Basic, so a client that forgets to encode it is refused.
    "client_secret": "standin+secret/with=signs&100%",
    "public_api_key": "standin-public-key",
    "generations": [
        {"id": READY, "prompt": "a meadow at sunrise", "pictures": [
            {"index": 0, "photograph": "dandelions", "kind": "baseline"},
            {"index": 1, "photograph": "mountains", "kind": "progressive"},
            {"index": 2, "photograph": "dogs", "kind": "rgba"},
            {"index": 3, "blocked": True},
        ]},
        {"id": PENDING, "prompt": "mountains in June", "pending_polls": 2, "pictures": [
            {"index": 0, "photograph": "mountains", "kind": "baseline"},
        ]},
        {"id": GONE, "prompt": "two dogs at a window", "gone": True, "pictures": []},
    ],
    "sizes": None,
    "product": {"id": 31415, "is_note_required": False, "is_project_code_required": False, "project_codes": []},
    "quota": 1000,
    "token_life": 1800,
    "expires_in": None,
    "rotate_refresh": True,
    "consent": "ask",
    "put_answer": 202,
    "ready_polls": 2,
    "ready_seconds": 0,
    "get_before_put": 404,
    "redownload_charges": False,
    "link_life": 86400,
    "file_seconds": 0,
}

# For a person who watches: a wait that can be seen, and a progress bar that moves.
HUMAN = {"ready_polls": 1, "ready_seconds": 3, "file_seconds": 4}


class Wrong(Exception):
    """The scenario has a mistake; saying so beats a test that passes because its fault never happened."""


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value):
    return _is_integer(value) and value >= 0


def _is_text(value):
    return isinstance(value, str)


def _is_flag(value):
    return isinstance(value, bool)


def _is_pairs(value):
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in value)


def _is_range(value):
    return (isinstance(value, list) and len(value) == 2 and _is_count(value[0]) and value[0] > 0
            and (value[1] is None or _is_count(value[1]) and value[1] >= value[0]))


def _is_repeat(value):
    return (isinstance(value, dict) and set(value) <= {"before", "text", "times", "after"} and _is_count(value.get("times"))
            and all(isinstance(value.get(part, ""), str) for part in ("before", "text", "after")))


def _is_informational(value):
    if isinstance(value, dict):
        return set(value) == {"status", "times"} and all(_is_count(number) for number in value.values())
    return isinstance(value, list) and all(_is_count(number) for number in value)


def _is_checksum(value):
    return (isinstance(value, dict) and set(value) <= {"Content-MD5", "Repr-Digest", "x-amz-checksum-sha256"}
            and all(kind in ("right", "wrong") for kind in value.values()))


def _one_of(*allowed):
    return lambda value: isinstance(value, str) and value in allowed


def _anything(_):
    return True


def _is_generations(value):
    return isinstance(value, list) and all(
        isinstance(one, dict) and set(one) <= {"id", "prompt", "date", "pending_polls", "gone", "pictures"} and _is_text(one.get("id"))
        and isinstance(one.get("pictures"), list) and all(_is_picture(picture) for picture in one["pictures"]) for one in value)


def _is_picture(value):
    if not isinstance(value, dict) or not _is_integer(value.get("index")):
        return False
    if value.get("blocked"):
        return set(value) == {"index", "blocked"}
    return set(value) == {"index", "photograph", "kind"} and value["photograph"] in pictures.SHAPES and value["kind"] in pictures.SUFFIXES


SETTING = {
    "generations": _is_generations, "sizes": _anything,
    "product": lambda value: isinstance(value, dict) and set(value) == set(SETTINGS["product"]),
    "quota": lambda value: value is None or _is_count(value), "expires_in": _anything, "consent": _one_of("ask", "allow", "deny"),
    "put_answer": lambda value: value in (200, 202),
}
BY_TYPE = {str: _is_text, bool: _is_flag, int: _is_number}  # of the default, for the other settings

MATCHING = {"call": lambda value: _is_count(value) and value > 0, "calls": _is_range}
ROUTE_RULE = {
    "route": _one_of(*ROUTES), **MATCHING, "size": _is_text,
    "charge": _is_flag, "hold": _is_text, "hold_at": _is_count, "delay": _is_number, "no_reply": _one_of("mute", *CLOSINGS),
    "status": lambda value: _is_integer(value) and 100 <= value <= 999, "headers": _is_pairs, "retry_after": _anything,
    "redirect": _is_text, "body": _is_text, "body_base64": _is_text, "body_repeat": _is_repeat,
    "informational": _is_informational, "header_flood": _is_count, "gzip": _is_flag,
    "content_length": lambda value: isinstance(value, (int, str)), "chunked": _is_flag, "trailers": _is_pairs, "no_length": _is_flag,
    "delay_body": _is_number, "rate": lambda value: _is_number(value) and value > 0, "cut": _is_count, "close": _one_of(*CLOSINGS),
    "link": _anything, "asset_id": _anything,
    "file_bytes": _is_text, "truncate": _is_count, "flip": _is_integer, "etag": _is_text, "ignore_range": _is_flag,
    "range_wrong": lambda value: isinstance(value, (bool, str)), "checksum": _is_checksum,
}
LISTENER_RULE = {
    "listener": _one_of(*LISTENERS), **MATCHING, "delay": _is_number, "accept": _one_of("mute", *CLOSINGS[1:]),
    "handshake": _one_of("mute", *CLOSINGS[1:]), "certificate": _one_of("good", "expired", "wrong_name", "self_signed"),
}


# These change what the handler answers, so they need a handler that heeds them.
DOWNLOAD_KEYS = {"link", "asset_id"}
FILE_KEYS = {"file_bytes", "truncate", "flip", "etag", "ignore_range", "range_wrong", "checksum"}


class Scenario:
    """Settings and rules. Both may be replaced while the service runs."""

    def __init__(self, given, human=False):
        self.settings = {**SETTINGS, **(HUMAN if human else {})}
        self.rules = []
        self.change(given)

    def change(self, given):
        """Takes over the settings that are given, and the rules if there are any."""
        if not isinstance(given, dict):
            raise Wrong("a scenario is an object")
        rules = given.get("rules", self.rules)
        if not isinstance(rules, list):
            raise Wrong("rules is a list")
        for position, rule in enumerate(rules):
            _check(position, rule)
        unknown = set(given) - set(SETTINGS) - {"rules"}
        if unknown:
            raise Wrong("unknown setting " + ", ".join(sorted(unknown)))
        for key, value in given.items():
            check = SETTING.get(key) or BY_TYPE.get(type(SETTINGS.get(key)), _anything)
            if not check(value):
                raise Wrong(f"{key} cannot be {json.dumps(value)}")
        self.settings = {**self.settings, **{key: value for key, value in given.items() if key != "rules"}}
        self.rules = rules

    def rule(self, key, name, call, size=None):
        """The first rule for this route or listener, and its position; an empty one if there is none."""
        for position, rule in enumerate(self.rules):
            if rule.get(key) != name or "size" in rule and rule["size"] != size:
                continue
            first, last = rule.get("calls", (rule.get("call", 1), rule.get("call")))
            if call >= first and (last is None or call <= last):
                return position, rule
        return None, {}


def read(path):
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file)
        except ValueError as error:
            raise Wrong(f"{path}: {error}") from None


def _check(position, rule):
    where = f"rule {position}: "
    if not isinstance(rule, dict) or ("route" in rule) == ("listener" in rule):
        raise Wrong(where + "is an object with either route or listener")
    known = ROUTE_RULE if "route" in rule else LISTENER_RULE
    for key, value in rule.items():
        if key not in known:
            raise Wrong(where + f"unknown key {key}")
        if not known[key](value):
            raise Wrong(where + f"{key} cannot be {json.dumps(value)}")
    if "call" in rule and "calls" in rule:
        raise Wrong(where + "call and calls exclude each other")
    if sum(key in rule for key in ("body", "body_base64", "body_repeat")) > 1:
        raise Wrong(where + "one body is enough")
    for keys, routes in ((DOWNLOAD_KEYS, ("get", "put", "redownload")), (FILE_KEYS, ("file", "preview"))):
        if keys & set(rule) and (rule.get("route") not in routes or {"status", "redirect"} & set(rule)):
            raise Wrong(where + ", ".join(sorted(keys & set(rule))) + " would do nothing here")
    for key, needed in (("hold_at", "hold"), ("trailers", "chunked")):
        if key in rule and needed not in rule:
            raise Wrong(where + f"{key} needs {needed}")
    if rule.get("charge") is False and not {"status", "redirect", "no_reply"} & set(rule):
        raise Wrong(where + "charge false leaves no answer: say status, redirect or no_reply")
