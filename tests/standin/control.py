"""A Unix socket by which a test changes things while the service runs: one JSON line in, one out."""

import json
import os
import socket
import threading

from scenario import Wrong


class Control:
    def __init__(self, folder, commands):
        self._commands = commands
        self._path = os.path.join(folder, "control")
        self._socket = socket.socket(socket.AF_UNIX)
        # A socket's address holds some hundred characters; the way through the folder's descriptor is always short enough.
        handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        if os.path.lexists(self._path):
            os.unlink(self._path)
        self._socket.bind(f"/proc/self/fd/{handle}/control")
        os.close(handle)
        self._socket.listen(8)
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(1)
        self._socket.close()
        os.unlink(self._path)

    def _accept(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(5)
                try:
                    with peer.makefile("rw", encoding="utf-8", newline="\n") as lines:
                        for line in lines:
                            lines.write(json.dumps(self._do(line)) + "\n")
                            lines.flush()
                except OSError:
                    pass

    def _do(self, line):
        try:
            command = json.loads(line)
            name = command.pop("do")
            return {"ok": True, **(self._commands[name](**command) or {})}
        except (ValueError, KeyError, TypeError, AttributeError, Wrong) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}
