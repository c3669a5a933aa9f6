"""The API host: the routes of the contract that a download needs."""

import json
import re

from answer import Reply
from licences import asset_id
from service import Refusal, gateway

MEDIA_TYPE = re.compile(r"(application|text)/json|application/[a-z0-9.!#$&^_-]+\+json")
DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")
LICENCE_FIELDS = {"notes": str, "project_code": str, "product_id": int}


def refuse(status, code, message):
    """The envelope of the service itself."""
    body = json.dumps({"ErrorCode": code, "ErrorMessage": message})
    raise Refusal(Reply(status, [("Content-Type", "application/vnd.getty.error+json")], body))


def _answer(request, value):
    # The document declares these three types with the same object, so the client has its choice.
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "").lower().split(",")]
    known = ("application/json", "text/plain", "text/json")
    chosen = next((name for name in accepted if name in known), known[0])
    return Reply(200, [("Content-Type", chosen + "; charset=utf-8")], json.dumps(value))


class Api:
    def __init__(self, service, tokens, generations, licences, links):
        self._service, self._tokens, self._generations, self._licences, self._links = service, tokens, generations, licences, links
        base = "/v3/ai/image-generations/{}"
        image = base + "/images/{}"
        for method, pattern, name, handler, size in (
                ("GET", base, "generation", self.generation, None),
                ("GET", image + "/download-sizes", "sizes", self.sizes, None),
                ("PUT", image + "/download", "put", self.put, self._size_in_body),
                ("GET", image + "/download", "get", self.get, self._size_under_way),
                ("GET", "/v3/ai/generation-history", "history", self.history, None),
                ("GET", "/v3/ai/generation-history/{}", "history", self.history_item, None),
                ("POST", "/v3/ai/redownloads", "redownload", self.redownload, self._size_in_body),
                ("GET", "/v3/products", "products", self.products, None)):
            service.add("api", method, pattern, name, handler, size)

    # Handlers

    def generation(self, request, name):
        self._admit(request)
        generation = self._find(name)
        if not self._generations.poll(generation):
            reply = _answer(request, {"generation_request_id": generation["id"]})
            reply.status = 202
            return reply
        return _answer(request, {"generation_request_id": generation["id"], "seed": None, "results": self._generations.results(generation),
                                 "original_asset": None})

    def history(self, request):
        self._admit(request, {"date_start", "date_end", "media_type", "page_size", "page", "product_ids", "company_generations"})
        fields = dict(request.fields())
        for name in ("date_start", "date_end"):
            if name in fields and not DATE.fullmatch(fields[name]):
                refuse(400, "InvalidParameterValue", name + " is no date")
        size, page = _number(fields, "page_size", 30, 1000), _number(fields, "page", 1, 10 ** 6)
        every = self._generations.finished()
        shown = [self._generations.history_item(generation, self._product()["id"]) for generation in every[(page - 1) * size:page * size]]
        return _answer(request, {"generations": shown, "result_count": len(every)})

    def history_item(self, request, name):
        self._admit(request)
        for generation in self._generations.finished():
            if generation["id"].upper() == name.upper():
                return _answer(request, self._generations.history_item(generation, self._product()["id"]))
        return refuse(404, "GenerationRequestIdNotFound", "No such generation")

    def products(self, request):
        self._admit(request, {"fields"})
        product, left = self._product(), self._licences.quota_left()
        return _answer(request, {"products": [{
            "id": product["id"], "type": "aigen", "name": "AI Generation", "status": "active", "credits_remaining": None,
            "downloads_remaining": left,
            "ai_gen_requirements": {key: product[key] for key in ("is_note_required", "is_project_code_required", "project_codes")},
        }]})

    def sizes(self, request, name, index):
        self._admit(request)
        _, picture = self._picture(name, index)
        return _answer(request, {"download_sizes": self._generations.sizes(picture)})

    def put(self, request, name, index):
        self._admit(request)
        generation, picture = self._picture(name, index)
        body = _object(request, {"size_name": str, **LICENCE_FIELDS})
        size = self._size(body, picture)
        outcome = self._licences.begin(request, generation["id"], picture["index"], size, self._licence(body))
        if outcome == "running":
            refuse(409, "ConcurrencyConflict", "A download of this image is in progress")
        if outcome == "quota":
            refuse(403, "ProductQuotaExceeded", "The product has no downloads left")
        if outcome == "pending":
            return Reply(202)
        return self._download(request, generation["id"], picture["index"], size)

    def get(self, request, name, index):
        self._admit(request)
        generation, picture = self._picture(name, index)
        found = self._licences.poll(generation["id"], picture["index"])
        if found is None:
            refuse(self._service.scenario.settings["get_before_put"], "DownloadNotFound", "No download was requested")
        size, is_ready = found
        return self._download(request, generation["id"], picture["index"], size) if is_ready else Reply(202)

    def redownload(self, request):
        self._admit(request)
        body = _object(request, {"generated_asset_id": str, "size_name": str, **LICENCE_FIELDS})
        for name in ("generated_asset_id", "product_id", "size_name"):
            if name not in body:
                refuse(400, "InvalidParameterValue", name + " is required")
        if body["size_name"] not in ("1k", "4k"):
            refuse(400, "InvalidParameterValue", "size_name is not one of this image")
        found = self._licences.again(request, body["generated_asset_id"], body["size_name"], self._licence(body))
        if found == "unknown":
            refuse(404, "AssetNotFound", "No such asset")
        if found == "quota":
            refuse(403, "ProductQuotaExceeded", "The product has no downloads left")
        return self._download(request, *found, body["size_name"])

    # What they have in common

    def _admit(self, request, fields=frozenset()):
        """Key and token, and nothing that the call does not declare."""
        settings = self._service.scenario.settings
        key = request.headers.get("api-key")
        if key not in (settings["api_key"], settings["public_api_key"]):
            raise Refusal(gateway(401, "Unauthorized"))
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.holder(token) != key:
            what = "is missing" if scheme.lower() != "bearer" else "is invalid"
            value = f'Bearer realm="Download",error="invalid_token",error_description="The access token {what}"'
            raise Refusal(gateway(401, "Unauthorized", [("WWW-Authenticate", value)]))
        unknown = {name for name, _ in request.fields()} - fields
        if unknown:
            refuse(400, "InvalidParameterValue", "Unknown parameter " + ", ".join(sorted(unknown)))
        if request.method == "GET" and request.body:
            refuse(400, "MalformedRequest", "A GET has no body")

    def _find(self, name):
        generation = self._generations.find(name)
        if generation is None:
            refuse(404, "GenerationRequestIdNotFound", "No such generation")
        if generation.get("gone"):
            refuse(410, "GenerationRequestGone", "The generation is no longer kept")
        return generation

    def _picture(self, name, index):
        generation = self._find(name)
        if self._generations.is_pending(generation):
            refuse(404, "GenerationRequestPending", "The generation is still pending")
        if not re.fullmatch(r"-?[0-9]{1,9}", index):
            refuse(400, "InvalidParameterValue", "The index is no number")
        picture = self._generations.picture(name, int(index))
        if picture is None:
            refuse(404, "ImageNotFound", "No image with this index")
        return generation, picture

    def _size(self, body, picture):
        if not self._generations.has_size(picture, body.get("size_name")):
            refuse(400, "InvalidParameterValue", "size_name is not one of this image")
        return body["size_name"]

    def _product(self):
        return self._service.scenario.settings["product"]

    def _licence(self, body):
        """The fields for the agreement, checked against what the product demands."""
        product = self._product()
        if body.get("product_id", product["id"]) != product["id"]:
            refuse(400, "InvalidProduct", "No such product")
        if product["is_note_required"] and not body.get("notes", "").strip():
            refuse(400, "InvalidParameterValue", "notes is required by the product")
        if product["is_project_code_required"] != ("project_code" in body):
            refuse(400, "InvalidParameterValue", "project_code must be sent if the product requires it, and only then")
        if "project_code" in body and body["project_code"] not in product["project_codes"]:
            refuse(400, "InvalidParameterValue", "project_code is not one of the product's")
        return {"product": product["id"], "project_code": body.get("project_code"), "notes": body.get("notes")}

    def _download(self, request, generation, index, size):
        """The answer with the link, unless the rule puts something else into it."""
        path = self._links.path("delivery", generation, index, size)
        names = {"link_path": path, "asset:1k": asset_id(generation, index, "1k"), "asset:4k": asset_id(generation, index, "4k")}
        url = request.rule.get("link", "{file_url}{link_path}")
        asset = request.rule.get("asset_id", asset_id(generation, index, size))
        filled = [self._service.expand(request, value, **names) if isinstance(value, str) else value for value in (url, asset)]
        return _answer(request, {"url": filled[0], "generated_asset_id": filled[1]})

    def _size_in_body(self, request, *_):
        try:
            return json.loads(request.body)["size_name"]
        except (ValueError, KeyError, TypeError):
            return None

    def _size_under_way(self, request, name, index):
        generation = self._generations.find(name)
        return generation and index.isdecimal() and self._licences.size_of(generation["id"], int(index)) or None


def _number(fields, name, default, most):
    value = fields.get(name, str(default))
    if not value.isdecimal() or not 1 <= int(value) <= most:
        refuse(400, "InvalidParameterValue", name + " is out of range")
    return int(value)


def _object(request, members):
    """The body as an object of just these members, every one with a value of its type."""
    if not MEDIA_TYPE.fullmatch(request.headers.get("content-type", "").partition(";")[0].strip().lower()):
        refuse(415, "UnsupportedMediaType", "The body must be JSON and say so")
    try:
        body = json.loads(request.body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except ValueError:
        refuse(400, "MalformedRequest", "The body is not JSON")
    if not isinstance(body, dict):
        refuse(400, "MalformedRequest", "The body is not an object")
    for name, value in body.items():
        if name not in members:
            refuse(400, "InvalidParameterValue", "Unknown member " + name)
        if not isinstance(value, members[name]) or isinstance(value, bool):
            refuse(400, "InvalidParameterValue", f"{name} has the wrong type")
    return body


def _unique(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member is given twice")
    return dict(pairs)


def _no_constant(name):
    raise ValueError(name + " is not JSON")
