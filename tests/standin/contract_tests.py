import os
import time

import pictures
from client import Standin
from scenario import GONE, PENDING
from shared_service import FOLDER, ServiceTest

UNAUTHORIZED = b'{"message":"Unauthorized"}'


class Contract(ServiceTest):
    SETTINGS = {}

    def refused(self, answer, status, code):
        self.assertEqual((status, code), (answer.status, answer.json()["ErrorCode"]))
        self.assertEqual("application/vnd.getty.error+json", answer.header("Content-Type"))

    def test_key_and_token_are_both_needed(self):
        service, path = self.service, "/v3/products"
        key, token = ("Api-Key", service.said["api_key"]), ("Authorization", "Bearer " + service.token)
        for headers in ([], [token], [("Api-Key", "x"), token]):
            answer = service.request("GET", path, headers)
            self.assertEqual((401, UNAUTHORIZED, None), (answer.status, answer.body, answer.header("WWW-Authenticate")))
        for headers, what in (([key], "missing"), ([key, ("Authorization", "Bearer x")], "invalid"),
                              ([("Api-Key", service.said["public_api_key"]), token], "invalid")):
            answer = service.request("GET", path, headers)
            self.assertEqual((401, UNAUTHORIZED), (answer.status, answer.body))
            self.assertIn('realm="Download",error="invalid_token"', answer.header("WWW-Authenticate"))
            self.assertIn(what, answer.header("WWW-Authenticate"))
        self.assertEqual(200, service.request("GET", path, [key, token]).status)

    def test_tokens_end(self):
        self.service.control(do="expire_tokens")
        self.assertEqual(401, self.service.api("GET", "/v3/products").status)
        self.rules(token_life=0)
        self.service.sign_in()
        self.assertEqual(401, self.service.api("GET", "/v3/products").status)

    def test_unknown_routes_are_the_gateways(self):
        generation = self.service.said["generation"]
        for method, path in (("GET", "/"), ("GET", f"/v3/ai/image-generations/{generation}images/0/download"),
                             ("POST", f"/v3/ai/image-generations/{generation}/images/0/download"), ("GET", "/v3/products/")):
            answer = self.service.api(method, path)
            self.assertEqual((403, b'{"message":"Missing Authentication Token"}'), (answer.status, answer.body))

    def test_a_generation_and_its_previews(self):
        answer = self.service.api("GET", "/v3/ai/image-generations/" + self.service.said["generation"].lower()).json()
        self.assertEqual(self.service.said["generation"], answer["generation_request_id"])
        self.assertEqual([(0, False), (1, False), (2, False), (3, True)], [(one["index"], one["is_blocked"]) for one in answer["results"]])
        self.assertIsNone(answer["results"][3]["preview_urls"])
        self.assertIsNone(answer["results"][3]["url"])
        preview = answer["results"][1]["preview_urls"][0]
        self.assertEqual((612, 612), (preview["width"], preview["height"]))
        path = preview["image_url"].removeprefix(self.service.said["file_url"])
        served = self.service.file(path).body
        with open(os.path.join(FOLDER, "pictures", "mountains-preview-baseline.jpg"), "rb") as file:
            self.assertEqual(served, file.read())

    def test_pending_unknown_and_gone(self):
        path = "/v3/ai/image-generations/"
        self.refused(self.service.api("GET", path + PENDING + "/images/0/download-sizes"), 404, "GenerationRequestPending")
        for status in (202, 202, 200):
            answer = self.service.api("GET", path + PENDING)
            self.assertEqual((status, PENDING), (answer.status, answer.json()["generation_request_id"]))
        self.assertEqual(200, self.service.api("GET", path + PENDING + "/images/0/download-sizes").status)
        self.refused(self.service.api("GET", path + "x"), 404, "GenerationRequestIdNotFound")
        for last in ("", "/images/0/download-sizes", "/images/0/download"):
            self.refused(self.service.api("GET", path + GONE + last), 410, "GenerationRequestGone")

    def test_history(self):
        answer = self.service.api("GET", "/v3/ai/generation-history?page_size=1&date_start=2026-01-01").json()
        self.assertEqual(1, len(answer["generations"]))
        item = self.service.api("GET", "/v3/ai/generation-history/" + self.service.said["generation"]).json()
        self.assertEqual(item["prompt"], answer["generations"][0]["prompt"])
        self.assertNotIn("url", item["results"][0])
        self.refused(self.service.api("GET", "/v3/ai/generation-history/" + GONE), 404, "GenerationRequestIdNotFound")
        for query in ("page_size=0", "page_size=1001", "page=0", "date_end=today", "pages=1"):
            self.refused(self.service.api("GET", "/v3/ai/generation-history?" + query), 400, "InvalidParameterValue")

    def test_sizes(self):
        service = self.service
        rows = service.api("GET", service.image(2, "download-sizes")).json()["download_sizes"]
        self.assertEqual([{"size_name": "1k", "height": 1024, "width": 768}, {"size_name": "4k", "height": 4096, "width": 3072}], rows)
        for index in (3, 4, -1):
            self.refused(service.api("GET", service.image(index, "download-sizes")), 404, "ImageNotFound")
        self.refused(service.api("GET", service.image("x", "download-sizes")), 400, "InvalidParameterValue")
        self.refused(service.api("GET", service.image(0, "download-sizes") + "?a=b"), 400, "InvalidParameterValue")
        odd = [{"size_name": "1k", "width": -1}, None, {"size_name": "8k"}]
        self.rules(sizes=odd)
        self.assertEqual(odd, service.api("GET", service.image(0, "download-sizes")).json()["download_sizes"])
        for size in ("4k", "8k"):
            self.refused(service.api("PUT", service.image(0), {"size_name": size}), 400, "InvalidParameterValue")

    def test_a_body_must_be_right(self):
        service = self.service
        for body, code in (("{'size_name': '1k'}", "MalformedRequest"), ("", "MalformedRequest"), ("[]", "MalformedRequest"),
                           ('{"size_name":"1k","size_name":"1k"}', "MalformedRequest"),
                           (b'{"size_name":"1k","notes":"\xff"}', "MalformedRequest"),
                           ('{"size_name":"1k","product_id":NaN}', "MalformedRequest"), ({}, "InvalidParameterValue"),
                           ({"size_name": "1K"}, "InvalidParameterValue"), ({"size_name": "1k", "notes": None}, "InvalidParameterValue"),
                           ({"size_name": "1k", "color": "red"}, "InvalidParameterValue"), ({"size_name": 1}, "InvalidParameterValue"),
                           ({"size_name": "1k", "product_id": True}, "InvalidParameterValue"),
                           ({"size_name": "1k", "product_id": 7}, "InvalidProduct"),
                           ({"size_name": "1k", "project_code": "a"}, "InvalidParameterValue")):
            self.refused(service.api("PUT", service.image(1), body), 400, code)
        headers = [("Api-Key", service.said["api_key"]), ("Authorization", "Bearer " + service.token), ("Content-Type", "text/plain")]
        self.refused(service.request("PUT", service.image(1), headers, '{"size_name":"1k"}'), 415, "UnsupportedMediaType")
        self.refused(service.request("GET", service.image(1), headers[:2], "{}"), 400, "MalformedRequest")
        self.assertEqual(404, service.api("GET", service.image(1)).status)  # nothing was started

    def test_the_answer_may_be_had_as_text(self):
        answer = self.service.api("GET", "/v3/products", headers=[("Accept", "text/plain")])
        self.assertEqual("text/plain; charset=utf-8", answer.header("Content-Type"))
        answer.json()


class Downloads(ServiceTest):
    SETTINGS = {}

    def charges(self):
        return [(line["index"], line["size"], line["route"]) for line in self.service.log("ledger")]

    def test_put_then_polls_then_the_very_file(self):
        service = self.service
        self.assertEqual(404, service.api("GET", service.image(0)).status)
        answer = service.api("PUT", service.image(0), {"size_name": "1k", "notes": "für später"})
        self.assertEqual((202, b""), (answer.status, answer.body))
        self.assertEqual(409, service.api("PUT", service.image(0), {"size_name": "4k"}).status)
        self.assertEqual((202, b""), (service.api("GET", service.image(0)).status, answer.body))
        first, second = service.api("GET", service.image(0)), service.api("GET", service.image(0))
        self.assertEqual((200, 200), (first.status, second.status))
        self.assertEqual({"url", "generated_asset_id"}, set(first.json()))
        self.assertEqual(first.json()["generated_asset_id"], second.json()["generated_asset_id"])
        file = service.file(first.json()["url"].removeprefix(service.said["file_url"]))
        with open(os.path.join(FOLDER, "pictures", pictures.name("dandelions", "1k", "baseline")), "rb") as served:
            self.assertEqual(file.body, served.read())
        self.assertEqual("image/jpeg", file.header("Content-Type"))
        self.assertEqual([(0, "1k", "put")], self.charges())
        entry = service.log("ledger")[-1]
        self.assertEqual(("für später", None, 31415), (entry["notes"], entry["project_code"], entry["product"]))
        request = next(line for line in service.log() if line["n"] == entry["n"])
        self.assertEqual(("put", "PUT"), (request["route"], request["method"]))

    def test_each_put_charges_and_assets_differ_by_size(self):
        service = self.service
        self.rules(put_answer=200)
        answers = [service.api("PUT", service.image(1), {"size_name": size}) for size in ("1k", "4k", "4k")]
        small, large, again = (answer.json()["generated_asset_id"] for answer in answers)
        self.assertNotEqual(small, large)
        self.assertEqual(large, again)
        self.assertEqual([(1, "1k", "put"), (1, "4k", "put"), (1, "4k", "put")], self.charges())
        self.assertEqual(large, service.api("GET", service.image(1)).json()["generated_asset_id"])

    def test_redownload(self):
        service, path = self.service, "/v3/ai/redownloads"
        self.rules(put_answer=200)
        asset = service.api("PUT", service.image(2), {"size_name": "1k"}).json()["generated_asset_id"]
        body = {"generated_asset_id": asset, "product_id": 31415, "size_name": "1k"}
        self.assertEqual(asset, service.api("POST", path, body).json()["generated_asset_id"])
        self.assertEqual(1, len(self.charges()))
        self.assertNotEqual(asset, service.api("POST", path, {**body, "size_name": "4k"}).json()["generated_asset_id"])
        self.assertEqual((2, "4k", "redownload"), self.charges()[1])
        self.assertEqual(404, service.api("POST", path, {**body, "generated_asset_id": "1"}).status)
        for missing in body:
            self.assertEqual(400, service.api("POST", path, {key: value for key, value in body.items() if key != missing}).status)

    def test_blocked_and_unknown_pictures_are_never_charged(self):
        for index in (3, 9):
            self.assertEqual(404, self.service.api("PUT", self.service.image(index), {"size_name": "1k"}).status)
        self.assertEqual([], self.charges())

    def test_links_end_and_cannot_be_forged(self):
        path = self.service.link(0)
        self.assertEqual(200, self.service.file(path, listener="mirror").status)
        for wrong in (path.replace("/0/1k", "/1/1k"), path[:-1] + ("0" if path[-1] != "0" else "1"), path.replace("Expires=", "Expires=9"),
                      path.partition("?")[0]):
            answer = self.service.file(wrong)
            self.assertEqual((403, True), (answer.status, b"AccessDenied" in answer.body))
        self.service.control(do="expire_links")
        self.assertEqual(403, self.service.file(path).status)
        self.rules(link_life=0)
        self.assertEqual(403, self.service.file(self.service.link(0)).status)

    def test_the_file_host_marks_secrets(self):
        path = self.service.link(0)
        self.assertEqual(200, self.service.file(path, [("Api-Key", "x"), ("authorization", "Bearer y")]).status)
        self.service.file(path)
        self.assertEqual([["api-key", "authorization"], []], [line["leaked"] for line in self.service.log() if line.get("route") == "file"])


class Agreements(ServiceTest):
    SETTINGS = {"put_answer": 200, "quota": 2,
                "product": {"id": 5, "is_note_required": True, "is_project_code_required": True, "project_codes": ["A1"]}}

    def test_what_the_product_demands(self):
        service = self.service
        product = service.api("GET", "/v3/products").json()["products"][0]
        demanded = {"is_note_required": True, "is_project_code_required": True, "project_codes": ["A1"]}
        self.assertEqual(demanded, product["ai_gen_requirements"])
        right = {"size_name": "1k", "notes": "n", "project_code": "A1"}
        for wrong in ({"notes": " "}, {"project_code": "B2"}):
            self.assertEqual(400, service.api("PUT", service.image(0), {**right, **wrong}).status)
        for missing in ("notes", "project_code"):
            rest = {key: value for key, value in right.items() if key != missing}
            self.assertEqual(400, service.api("PUT", service.image(0), rest).status)
        self.assertEqual([], service.log("ledger"))
        answers = [service.api("PUT", service.image(0), right) for _ in range(3)]
        self.assertEqual([200, 200, 403], [answer.status for answer in answers])
        self.assertEqual("ProductQuotaExceeded", answers[2].json()["ErrorCode"])
        self.assertEqual(2, len(service.log("ledger")))
        self.assertEqual(0, service.api("GET", "/v3/products").json()["products"][0]["downloads_remaining"])


class Paces(ServiceTest):
    def test_ready_after_seconds_and_a_slow_file(self):
        self.rules(ready_polls=1, ready_seconds=2, file_seconds=0.3)
        service = self.service
        service.api("PUT", service.image(0), {"size_name": "1k"})
        self.assertEqual(202, service.api("GET", service.image(0)).status)
        time.sleep(2)
        answer = service.api("GET", service.image(0))
        self.assertEqual(200, answer.status)
        begun = time.monotonic()
        service.file(answer.json()["url"].removeprefix(service.said["file_url"]))
        self.assertGreater(time.monotonic() - begun, 0.25)

    def test_human_pace_is_what_a_person_sees(self):
        with Standin(os.path.join(FOLDER, "human"), FOLDER, None, "--pace", "human") as service:
            service.api("PUT", service.image(0), {"size_name": "1k"})
            self.assertEqual(202, service.api("GET", service.image(0)).status)
            self.assertFalse(service.control(do="state")["downloads"][0]["ready"])
