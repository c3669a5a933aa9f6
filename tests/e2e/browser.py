#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A person and their browser, as far as a sign-in needs them: opens the address, presses a button, goes where it is sent.

browser.py HOW LOG ADDRESS     HOW: allow, deny, stray (wrong answers first), replay (the right one again), again (allow, twice in
                               a row), close (the page is opened, and that is all)

LOG gets a line for each answer of the program's own address: what was asked, and its status or what went wrong.
"""

import html
import http.client
import re
import ssl
import sys
import urllib.parse

how, log, address = sys.argv[1:]
unchecked = ssl.create_default_context()
unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE


def talk(url, method="GET", body=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        link = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=60, context=unchecked)
    else:
        link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    link.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers or {})
    answer = link.getresponse()
    page = answer.read().decode("utf-8")
    link.close()
    return answer, page


def bring(what, url):
    """To the program that waits on this machine. The query holds a code, so it is not logged."""
    try:
        answer, page = talk(url)
        said = re.search(r"<h1[^>]*>([^<]*)", page)
        careful = answer.getheader("Cache-Control"), answer.getheader("Referrer-Policy")
        line = f"{what} {answer.status} {said and said[1]} {careful}"
    except OSError as error:
        line = f"{what} {type(error).__name__}"
    with open(log, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def press(button):
    _, page = talk(address)
    fields = dict((html.unescape(name), html.unescape(value)) for name, value in
                  re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page))
    action = urllib.parse.urljoin(address, re.search(r'action="([^"]*)"', page)[1])
    form = urllib.parse.urlencode({**fields, "decision": button})
    answer, _ = talk(action, "POST", form, {"Content-Type": "application/x-www-form-urlencoded"})
    return answer.getheader("Location")


def with_query(url, **changes):
    parts = urllib.parse.urlsplit(url)
    query = {**dict(urllib.parse.parse_qsl(parts.query)), **changes}
    return parts._replace(query=urllib.parse.urlencode(query)).geturl()


if how == "close":
    talk(address)
else:
    back = press("deny" if how == "deny" else "allow")
    if how == "stray":
        bring("root", urllib.parse.urljoin(back, "/"))
        bring("icon", urllib.parse.urljoin(back, "/favicon.ico"))
        bring("wrong-state", with_query(back, state="x" * 43))
        bring("no-state", back.split("?")[0])
        bring("long", urllib.parse.urljoin(back, "/callback?state=" + "y" * 20000))
    bring("answer", back)
    if how == "replay":
        bring("replay", back)
