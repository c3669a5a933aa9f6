import base64
import hashlib
import os

from shared_service import FOLDER, ServiceTest


class Files(ServiceTest):
    def setUp(self):
        super().setUp()
        self.path = self.service.link(0)
        self.file = self.service.file(self.path)
        self.whole = self.file.body

    def ask(self, headers=(), **rule):
        self.rules({"route": "file", **rule})
        return self.service.file(self.path, headers)

    def test_parts(self):
        length = len(self.whole)
        for asked, part, shown in (("0-9", self.whole[:10], "0-9"), ("100-", self.whole[100:], f"100-{length - 1}"),
                                   ("-7", self.whole[-7:], f"{length - 7}-{length - 1}"),
                                   (f"5-{length + 5}", self.whole[5:], f"5-{length - 1}")):
            answer = self.service.file(self.path, [("Range", "bytes=" + asked)])
            self.assertEqual((206, part, f"bytes {shown}/{length}"), (answer.status, answer.body, answer.header("Content-Range")))
        answer = self.service.file(self.path, [("Range", f"bytes={length}-")])
        self.assertEqual((416, f"bytes */{length}"), (answer.status, answer.header("Content-Range")))
        for odd in ("bytes=0-1,5-6", "items=0-1", "bytes=x", "bytes=-"):
            self.assertEqual(200, self.service.file(self.path, [("Range", odd)]).status)

    def test_if_range_wants_the_strong_tag(self):
        part = ("Range", "bytes=100-")
        tag = self.file.header("ETag")
        self.assertEqual(206, self.ask([part, ("If-Range", tag)]).status)
        self.assertEqual(200, self.ask([part, ("If-Range", '"x"')]).status)
        weak = self.ask(etag="weak").header("ETag")
        self.assertEqual("W/" + tag, weak)
        self.assertEqual(200, self.ask([part, ("If-Range", weak)], etag="weak").status)
        self.assertIsNone(self.ask(etag="none").header("ETag"))
        self.assertEqual(200, self.ask([part, ("If-Range", tag)], etag="none").status)
        self.assertEqual('"mine"', self.ask(etag='"mine"').header("ETag"))

    def test_wrong_parts(self):
        part, length = ("Range", "bytes=100-199"), len(self.whole)
        self.assertEqual((200, self.whole), (lambda answer: (answer.status, answer.body))(self.ask([part], ignore_range=True)))
        answer = self.ask([part], range_wrong=True)
        self.assertEqual((206, self.whole[100:200]), (answer.status, answer.body))
        self.assertEqual(f"bytes 101-200/{length}", answer.header("Content-Range"))
        self.assertEqual("bytes 0-1/2", self.ask([part], range_wrong="bytes 0-1/2").header("Content-Range"))

    def test_damage_for_a_while(self):
        self.rules({"route": "file", "calls": [1, 2], "flip": 1000})
        for number in range(3):
            differing = [at for at, (one, two) in enumerate(zip(self.service.file(self.path).body, self.whole)) if one != two]
            self.assertEqual([1000] if number < 2 else [], differing)
        self.assertEqual(self.whole[-1] ^ 0xFF, self.ask(flip=-1).body[-1])
        answer = self.ask(truncate=5000)
        self.assertEqual((self.whole[:5000], "5000"), (answer.body, answer.header("Content-Length")))
        self.assertEqual(self.file.header("ETag"), answer.header("ETag"))

    def test_another_file(self):
        other = os.path.join(FOLDER, "other")
        with open(other, "wb") as file:
            file.write(b"GIF89a")
        answer = self.ask(file_bytes=other)
        self.assertEqual((b"GIF89a", "image/jpeg"), (answer.body, answer.header("Content-Type")))
        self.assertNotEqual(self.file.header("ETag"), answer.header("ETag"))

    def test_checksums(self):
        md5 = base64.b64encode(hashlib.md5(self.whole).digest()).decode()
        sha = base64.b64encode(hashlib.sha256(self.whole).digest()).decode()
        answer = self.ask(flip=10, checksum={"Content-MD5": "right", "Repr-Digest": "right", "x-amz-checksum-sha256": "wrong"})
        self.assertEqual((md5, f"sha-256=:{sha}:"), (answer.header("Content-MD5"), answer.header("Repr-Digest")))
        self.assertNotIn(answer.header("x-amz-checksum-sha256"), (sha, None))

    def test_head(self):
        answer = self.service.request("HEAD", self.path, listener="file")
        self.assertEqual((200, b"", str(len(self.whole))), (answer.status, answer.body, answer.header("Content-Length")))

    def test_redirect_to_the_other_file_host(self):
        answer = self.ask(redirect="{mirror_url}" + self.path)
        self.assertEqual(self.service.said["mirror_url"] + self.path, answer.header("Location"))
        self.rules()
        self.assertEqual(self.whole, self.service.file(self.path, listener="mirror").body)
