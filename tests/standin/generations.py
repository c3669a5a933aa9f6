"""The generations that the scenario names: what became of them, and how the service shows them."""

import threading

import pictures

SIZES = ("1k", "4k")


class Generations:
    def __init__(self, scenario, links):
        self._scenario, self._links = scenario, links
        self._lock = threading.Lock()
        self._polls = {}

    def find(self, name):
        """The generation by its id, in whatever case; None if there is none."""
        for generation in self._scenario.settings["generations"]:
            if generation["id"].upper() == name.upper():
                return generation
        return None

    def poll(self, generation):
        """One more look; True when the pictures are there."""
        with self._lock:
            count = self._polls[generation["id"]] = self._polls.get(generation["id"], 0) + 1
            return count > generation.get("pending_polls", 0)

    def is_pending(self, generation):
        with self._lock:
            return self._polls.get(generation["id"], 0) < generation.get("pending_polls", 0)

    def picture(self, name, index):
        """A picture that can be had: neither unknown nor blocked."""
        generation = self.find(name)
        for picture in generation["pictures"] if generation else []:
            if picture["index"] == index and not picture.get("blocked"):
                return picture
        return None

    def file_seconds(self):
        return self._scenario.settings["file_seconds"]

    def sizes(self, picture):
        raw = self._scenario.settings["sizes"]
        if raw is not None:
            return raw
        rows = []
        for size in SIZES:
            width, height = pictures.dimensions(picture["photograph"], size)
            rows.append({"size_name": size, "height": height, "width": width})
        return rows

    def has_size(self, picture, size):
        rows = self.sizes(picture)
        names = [row.get("size_name") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return size in names and size in SIZES

    def results(self, generation):
        """As GET of a generation lists them."""
        found = []
        for picture in generation["pictures"]:
            previews = self._previews(generation, picture)
            found.append({"index": picture["index"], "is_blocked": bool(picture.get("blocked")), "preview_urls": previews,
                          "url": previews and previews[0]["image_url"]})
        return found

    def history_item(self, generation, product):
        results = [{key: value for key, value in result.items() if key != "url"} for result in self.results(generation)]
        return {
            "generation_request_id": generation["id"], "seed": None, "generation_date": generation.get("date", "2026-05-04T10:20:30Z"),
            "product_revoked_date": None, "prompt": generation.get("prompt"), "negative_prompt": None, "product_id": product, "notes": None,
            "project_code": None, "generation_type": "text_to_image",
            "generation_options": {"media_type": "photography", "aspect_ratio": None, "mood": None},
            "source_generation_request": None, "original_asset": None, "results": results,
            "user": {"username": "standin", "first_name": "Stand", "middle_name": None, "last_name": "In"},
        }

    def finished(self):
        """Newest first, as history lists them: those that are neither pending nor gone."""
        return [generation for generation in self._scenario.settings["generations"]
                if not generation.get("gone") and not self.is_pending(generation)]

    def _previews(self, generation, picture):
        if picture.get("blocked"):
            return None
        width, height = pictures.dimensions(picture["photograph"], "preview")
        url = self._links.url("preview", generation["id"], picture["index"])
        return [{"preview_size": "612", "image_url": url, "width": width, "height": height}]
