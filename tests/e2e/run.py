"""Runs the end-to-end tests against the deployed stack; the last line is `N passed, N failed`."""

import sys
from pathlib import Path

import pytest


class Count:
    """Counts tests. One that cannot be set up, torn down or even read has failed."""

    passed = failed = 0

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed += 1
        elif report.when == "call" and report.passed:
            self.passed += 1

    def pytest_collectreport(self, report):
        self.failed += report.failed


here = str(Path(__file__).parent)
sys.path.insert(0, here)
count = Count()
which = [] if any(Path(arg.split("::")[0]).exists() for arg in sys.argv[1:]) else [here]
code = pytest.main(["-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", *sys.argv[1:], *which], [count])
print(f"{count.passed} passed, {count.failed} failed")
sys.exit(code)
