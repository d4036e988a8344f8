"""The crash kit finds bugs: one of each kind is planted in a node, and the checker has to name it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.crash.kit import plants
from tests.crash.kit.plan import Plan
from tests.crash.kit.run import run

STEERED = tuple(plant.__name__ for plant in plants.STEERING)
NAMED = {
    plants.timers_have_no_fence: r"was reminded of 2 times, and counts 1 reminders",
    plants.jobs_have_no_fence: r"asked for 1 calls: 0 succeeded and 1 failed",
    plants.answers_come_before_the_commit: r"was acknowledged(, and| as process \w+, which) is lost",
    plants.jobs_are_dropped: r"nothing will ever move token \d+ away from (book|rest)",
    plants.events_are_dropped: r"events are numbered .* and not 1 to",
    plants.keys_are_ignored: r"was applied 2 times: it made the processes",
    plants.votes_count_twice: r"was to be approved by both clerks, and has 1 approvals",
}


def plan(*planted: str, rest_seconds: float) -> Plan:
    return Plan(1, 2.5, "sqlite", 1, rest_seconds=rest_seconds, plants=(*STEERED, *planted), faults=())


@pytest.mark.parametrize("bug", plants.BUGS, ids=lambda bug: bug.__name__)
async def test_a_planted_bug_is_named(bug: Callable[[], None]):
    verdict = await run(plan(bug.__name__, rest_seconds=5), tell=list)

    assert any(re.search(NAMED[bug], fault) for fault in verdict.faults), verdict.faults


async def test_what_steers_the_bugs_is_none():
    verdict = await run(plan(rest_seconds=30), tell=list)

    assert verdict.faults == []
    assert verdict.asked
