"""What goes wrong again and again is told once."""

from __future__ import annotations

import logging

import pytest

from placet.jobs.trouble import Trouble
from placet.log import get_logger


def test_trouble_is_told_when_it_begins_when_its_reason_changes_and_when_it_is_over(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    trouble = Trouble(get_logger("placet.jobs"), "nothing could be read")
    for reason in (None, "away", "away", "full", "full", None, None, "away"):
        if reason is None:
            trouble.over()
        else:
            trouble.met(reason)

    assert [(each.message, getattr(each, "error", None)) for each in caplog.records] == [
        ("nothing could be read", "away"),
        ("nothing could be read", "full"),
        ("over: nothing could be read", None),
        ("nothing could be read", "away"),
    ]
