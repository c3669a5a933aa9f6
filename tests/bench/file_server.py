#!/usr/bin/python3
"""Serves the files of a folder by HTTPS at a steady rate: /RATE/NAME is NAME at so many Mbit/s, 0 without a limit.

    file_server.py FOLDER CERTIFICATE

Prints its port, and ends with its standard input.
"""

import os
import socket
import ssl
import sys
import threading
import time

PIECE = 16 << 10  # a TLS record


def request_path(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        more = connection.recv(4096)
        if not more:
            return None
        text += more
    return text.split(b" ", 2)[1].decode()


def send_file(connection, body, rate):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(body))
    begun = time.monotonic()
    for at in range(0, len(body), PIECE):
        piece = body[at:at + PIECE]
        if rate:
            wait = begun + (at + len(piece)) * 8 / (rate * 1e6) - time.monotonic()
            if wait > 0:
                time.sleep(wait)
        connection.sendall(piece)


def serve(plain, context, folder):
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(plain, server_side=True) as connection:
            while (path := request_path(connection)) is not None:
                _, rate, name = path.split("/")
                with open(os.path.join(folder, os.path.basename(name)), "rb") as file:
                    body = file.read()
                send_file(connection, body, float(rate))
    except (OSError, ValueError):
        pass  # the client has gone


def main():
    folder, certificate = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0], context, folder), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


main()
