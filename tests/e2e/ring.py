#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The keyring of a private session bus, as a person would use it, without its windows.

ring.py lock | unlock PASSWORD     the login keyring
ring.py keep ISSUER                what is on standard input, as Inset would, in a keyring that was the default one once
ring.py mute                       owns the name of the service and never answers; prints "up"
ring.py prompter                   is the window that asks for the keyring's password, and nobody types one; prints "up"
"""

import sys
import time

import dbus

SERVICE = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
LOGIN = ROOT + "/collection/login"
# What gnome-keyring calls its own way to unlock by a password that is known already.
INTERNAL = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"

bus = dbus.SessionBus()
verb = sys.argv[1]
if verb in ("mute", "prompter"):
    bus.request_name(SERVICE if verb == "mute" else "org.gnome.keyring.SystemPrompter")
    print("up", flush=True)
    time.sleep(600)
root = bus.get_object(SERVICE, ROOT)
service = dbus.Interface(root, "org.freedesktop.Secret.Service")
if verb == "keep":
    _, session = service.OpenSession("plain", dbus.String("", variant_level=1))
    secret = (session, dbus.ByteArray(b""), dbus.ByteArray(sys.stdin.buffer.read()), "text/plain")
    item = "org.freedesktop.Secret.Item."
    what = {item + "Label": "Inset: Getty Images",
            item + "Attributes": dbus.Dictionary({"app": "inset", "issuer": sys.argv[2]}, signature="ss")}
    other = bus.get_object(SERVICE, ROOT + "/collection/session")
    dbus.Interface(other, "org.freedesktop.Secret.Collection").CreateItem(
        dbus.Dictionary(what, signature="sv"), dbus.Struct(secret, signature="oayays"), False)
if verb == "lock":
    service.Lock(dbus.Array([dbus.ObjectPath(LOGIN)], signature="o"))
if verb == "unlock":
    _, session = service.OpenSession("plain", dbus.String("", variant_level=1))
    password = (session, dbus.ByteArray(b""), dbus.ByteArray(sys.argv[2].encode()), "text/plain")
    dbus.Interface(root, INTERNAL).UnlockWithMasterPassword(dbus.ObjectPath(LOGIN), dbus.Struct(password, signature="oayays"))
