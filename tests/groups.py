"""Which tests run one after the other: pytest-xdist gives a group to one worker, and all other tests one by one.

Its own marks do not reach it any more where pytest has 9.2: they went by a change of the tests' names.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

#: How the names of the tests of each group begin, and why they keep to one worker.
GROUPS = (
    "tests/crash/",  # two of them at once would starve each other's servers
    "tests/acceptance/test_docs.py",  # the demonstration is loaded once
    "tests/acceptance/test_permits.py",  # the log is replayed once on each database
)
#: Those of a group that are long enough to run beside it.
BESIDE = ("tests/crash/test_kit.py::test_nothing_is_lost_whatever_breaks",)


class ByGroup(LoadScopeScheduling):
    """Begins with the group that has the most tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(test: str) -> str:
    """What a test is handed out with: its group, or itself alone."""
    if test.startswith(BESIDE):
        return test
    return next((group for group in GROUPS if test.startswith(group)), test)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup | None:
    return ByGroup(config, log) if config.getvalue("dist") == "loadgroup" else None
