#!/usr/bin/python3
"""Tests of the stand-in itself: the contract it keeps, and each of its faults as seen at the socket."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

if __name__ == "__main__":
    parts = ["process_tests", "contract_tests", "authorization_tests", "fault_tests", "file_tests"]
    tests = unittest.defaultTestLoader.loadTestsFromNames(parts)
    # unittest says nothing that tells a run of no test from a good one by its status.
    result = unittest.TextTestRunner(verbosity=1).run(tests)
    sys.exit(not (result.wasSuccessful() and result.testsRun))
