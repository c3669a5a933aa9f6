"""A running service for each test; the certificates and pictures are made once for all."""

import atexit
import os
import shutil
import tempfile
import unittest

from client import Standin

FOLDER = tempfile.mkdtemp(prefix="standin-test-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


class ServiceTest(unittest.TestCase):
    SETTINGS = {"ready_polls": 1}

    def setUp(self):
        self.service = Standin(os.path.join(FOLDER, self.id()), FOLDER, self.SETTINGS)
        self.addCleanup(self.service.__exit__)
        self.service.sign_in()

    def rules(self, *rules, **settings):
        answer = self.service.control(do="scenario", rules=list(rules), **settings)
        self.assertTrue(answer["ok"], answer)
