"""What was licensed: downloads in progress and done, the quota, and the ledger of charges."""

import hashlib
import threading
import time


def asset_id(generation, index, size):
    """The same picture in the same size has the same id, however often it is bought."""
    digest = hashlib.sha256(f"{generation}/{index}/{size}".encode()).digest()
    return str(2_000_000_000 + int.from_bytes(digest[:4], "big") % 1_000_000_000)


class Download:
    def __init__(self, size, ready):
        self.size, self.ready = size, ready
        self.polls = 0
        self.begun = time.monotonic()


class Licences:
    def __init__(self, scenario, ledger):
        self._scenario, self._ledger = scenario, ledger
        self._lock = threading.Lock()
        self._downloads = {}  # (generation, index): the latest
        self._assets = {}  # asset id: (generation, index, size)
        self.charged = []

    def quota_left(self):
        quota = self._scenario.settings["quota"]
        return None if quota is None else max(0, quota - len(self.charged))

    def begin(self, request, generation, index, size, licence):
        """Charges and starts: "ready", "pending", or why not: "running", "quota"."""
        settings = self._scenario.settings
        with self._lock:
            running = self._downloads.get((generation, index))
            if running and not self._is_ready(running):
                return "running"
            if self.quota_left() == 0:
                return "quota"
            self._charge(request, generation, index, size, licence)
            download = self._downloads[(generation, index)] = Download(size, settings["put_answer"] == 200)
            return "ready" if download.ready else "pending"

    def poll(self, generation, index):
        """None before any download; else the size and whether it is ready. Counts as one more look."""
        with self._lock:
            download = self._downloads.get((generation, index))
            if download is None:
                return None
            download.polls += 1
            return download.size, self._is_ready(download)

    def size_of(self, generation, index):
        with self._lock:
            download = self._downloads.get((generation, index))
            return download and download.size

    def again(self, request, asset, size, licence):
        """A redownload: the picture, or why not: "unknown", "quota"."""
        with self._lock:
            if asset not in self._assets:
                return "unknown"
            generation, index, _ = self._assets[asset]
            new = asset_id(generation, index, size) not in self._assets
            if new or self._scenario.settings["redownload_charges"]:
                if self.quota_left() == 0:
                    return "quota"
                self._charge(request, generation, index, size, licence)
            return generation, index

    def downloads(self):
        with self._lock:
            return [{"generation": generation, "index": index, "size": download.size, "polls": download.polls,
                     "ready": self._is_ready(download)} for (generation, index), download in self._downloads.items()]

    def _is_ready(self, download):
        settings = self._scenario.settings
        if not download.ready:
            waited = time.monotonic() - download.begun
            download.ready = download.polls >= settings["ready_polls"] and waited >= settings["ready_seconds"]
        return download.ready

    def _charge(self, request, generation, index, size, licence):
        asset = asset_id(generation, index, size)
        self._assets[asset] = (generation, index, size)
        entry = {"n": request.n, "route": request.route, "generation": generation, "index": index, "size": size, "asset_id": asset,
                 **licence}
        self.charged.append(entry)
        self._ledger.write(entry)
