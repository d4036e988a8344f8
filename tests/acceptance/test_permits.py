"""The replay of the permit log: what the engine holds afterwards is what the log says.

SQLite has the whole log. PostgreSQL, where it takes half a minute, has every fifth case and those that tests name.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from placet import Engine, Event, ManualClock, Process, WorkItem
from placet.core.people import ADMINISTRATOR, Directory
from placet.core.statuses import Life
from placet.demo import DemoSummary, load_demo
from placet.demo.permits import Case, read_log
from tests.acceptance.expected_permits import Expected, expected_outcomes

DEFINITIONS = Path(__file__).parents[2] / "definitions"
TODAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
EXPECTED = expected_outcomes()
NAMED = {"62665", "43924", "74071"}

GROUPS = {
    "EMPLOYEE": "Researchers",
    "PRE_APPROVER": "Pre-approvers",
    "ADMINISTRATION": "Travel administration",
    "BUDGET OWNER": "Budget owners",
    "SUPERVISOR": "Supervisors",
    "DIRECTOR": "Directors",
}
LIVES = {"granted": Life.APPROVED, "withdrawn": Life.RETRACTED, "returned": Life.RUNNING, "asked": Life.RUNNING}
LOGGED = {
    "process.started",
    "process.commented",
    "process.terminated",
    "work_item.approved",
    "work_item.returned",
    "work_item.resubmitted",
}


@dataclass
class Replayed:
    """What a database holds after the demonstration has been loaded: processes by case, the rest by process."""

    url: str
    directory: Directory
    summary: DemoSummary
    progress: list[tuple[int, int]]
    expected: dict[str, list[Expected]]
    cases: dict[str, list[Process]] = field(default_factory=lambda: defaultdict(list))
    items: dict[str, list[WorkItem]] = field(default_factory=lambda: defaultdict(list))
    timelines: dict[str, list[Event]] = field(default_factory=dict)

    def plays(self, dn: str, role: str) -> bool:
        """Whether a person or a group stands for a role of the log."""
        if role == "MISSING":
            return dn == ADMINISTRATOR
        group = self.directory.group(f"cn={GROUPS[role]},ou=groups,o=placet")
        return dn == group.dn or dn in group.members


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def replayed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    cases = [case for place, case in enumerate(read_log()) if request.param == "sqlite" or is_in_part(place, case)]
    database = a_database(request, tmp_path_factory.mktemp("permits"))
    with database as url, asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        patch.setattr("placet.demo.replay.read_log", lambda: cases)
        yield runner.run(load_and_read(url, {case.number for case in cases}))


def is_in_part(place: int, case: Case) -> bool:
    return place % 5 == 0 or case.number in NAMED


@contextmanager
def a_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """A migrated database for all tests of this file."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder)}"
    else:
        template, databases = request.getfixturevalue("postgresql_template"), request.getfixturevalue("databases")
        name = f"permits_of_{template}"
        yield databases.create(name, template)
        databases.drop(name)


async def load_and_read(url: str, numbers: set[str]) -> Replayed:
    progress: list[tuple[int, int]] = []
    summary = await load_demo(url, DEFINITIONS, lambda *done: progress.append(done), clock=ManualClock(TODAY))
    async with Engine(url, run_jobs=False) as engine:
        expected = {number: each for number, each in EXPECTED.items() if number in numbers}
        found = Replayed(url, engine.directory, summary, progress, expected)
        for each in await engine.as_system().processes(limit=5000, newest_first=False):
            found.cases[each.process.correlation_id].append(each.process)
            found.timelines[each.process.id] = await engine.as_system().timeline(each.process.id)
        for each in await engine.as_system().work_items(limit=5000):
            found.items[each.process.id].append(each.item)
    return found


def test_every_case_has_the_processes_of_the_log(replayed: Replayed):
    counts = {case: len(replayed.cases.get(case, [])) for case in replayed.expected}

    assert len(EXPECTED) == 1000
    assert len(counts) in (1000, 203)
    assert counts == {case: len(expected) for case, expected in replayed.expected.items()}


def test_every_process_ends_as_the_log_says_or_waits_for_whom_it_says(replayed: Replayed):
    wrong = {
        (case, process.id): (expected.outcome, process.life)
        for case, process, expected in pairs(replayed)
        if process.life is not LIVES[expected.outcome] or not waits_as_expected(replayed, process, expected)
    }

    assert wrong == {}
    outcomes = Counter(each.outcome for expected in EXPECTED.values() for each in expected)
    assert outcomes == {"granted": 1000, "withdrawn": 116, "returned": 1, "asked": 1}


def pairs(replayed: Replayed) -> Iterator[tuple[str, Process, Expected]]:
    for case, expected in replayed.expected.items():
        for process, each in zip(replayed.cases.get(case, []), expected, strict=True):
            yield case, process, each


def waits_as_expected(replayed: Replayed, process: Process, expected: Expected) -> bool:
    """Whether nothing is open, or one item is, with somebody who plays the role that the log leaves it with."""
    waiting = replayed.items[process.id]
    if expected.waits_for is None:
        return waiting == []
    [item] = waiting
    returned = expected.waits_for == "EMPLOYEE"
    by_the_initiator = item.addressee == process.initiator
    return replayed.plays(item.addressee, expected.waits_for) and item.returned == returned == by_the_initiator


def test_every_timeline_carries_the_times_of_the_log_and_who_acted(replayed: Replayed):
    wrong = {}
    for case, process, expected in pairs(replayed):
        found = [event for event in replayed.timelines[process.id] if event.kind in LOGGED]
        told = [(at.astimezone(UTC), kind) for at, kind, _ in expected.log]
        played = all(
            replayed.plays(event.actor, role) for event, (_, _, role) in zip(found, expected.log, strict=False)
        )
        if [(event.at, event.kind) for event in found] != told or not played:
            wrong[case, process.id] = found

    assert wrong == {}


def test_a_process_begins_and_ends_at_the_times_of_the_log(replayed: Replayed):
    for _, process, expected in pairs(replayed):
        ended = next((at for at, kind, _ in expected.log if kind == "process.terminated"), None)
        granted = [at for at, kind, _ in expected.log if kind == "work_item.approved"]
        if expected.outcome == "granted":
            ended = granted[-1]
        assert (process.created_at, process.completed_at) == (expected.log[0][0], ended)


def test_the_approvers_of_a_request_are_those_of_its_employee(replayed: Replayed):
    directory = replayed.directory
    for case, process, expected in pairs(replayed):
        employee = directory.person(process.initiator)
        faculty = {group.dn for group in directory.groups_of(employee.dn)} - {"cn=Researchers,ou=groups,o=placet"}
        acted = {role: event.actor for event, role in answers(replayed, process, expected)}

        assert process.data["case"] == case
        assert acted.get("SUPERVISOR", employee.manager) == employee.manager
        if "BUDGET OWNER" in acted:
            assert faculty & {group.dn for group in directory.groups_of(acted["BUDGET OWNER"])}


def answers(replayed: Replayed, process: Process, expected: Expected) -> Iterator[tuple[Event, str]]:
    logged = [event for event in replayed.timelines[process.id] if event.kind in LOGGED]
    for event, (_, kind, role) in zip(logged, expected.log, strict=True):
        if kind.startswith("work_item"):
            yield event, role


def test_the_permits_left_open_are_with_the_employee_and_with_the_administration(replayed: Replayed):
    """The two open cases by hand, so that not only one program vouches for the other."""
    [sent_back], [asked] = replayed.cases["62665"], replayed.cases["43924"]

    assert [(item.addressee, item.returned) for item in replayed.items[sent_back.id]] == [(sent_back.initiator, True)]
    assert [item.addressee for item in replayed.items[asked.id]] == ["cn=Travel administration,ou=groups,o=placet"]
    assert "76734" not in replayed.cases  # saved and never submitted


def test_what_comes_after_the_end_is_a_comment_and_a_new_request_a_new_process(replayed: Replayed):
    first, second = replayed.cases["74071"]

    assert [event.kind for event in replayed.timelines[first.id]][-2:] == ["process.completed", "process.commented"]
    assert first.life is second.life is Life.APPROVED
    assert first.completed_at < second.created_at


def test_today_has_something_for_everybody(replayed: Replayed):
    open_today = [item for items in replayed.items.values() for item in items if item.created_at.year == TODAY.year]
    addressees = {item.addressee.partition(",")[0] for item in open_today}

    assert {"cn=anna", "cn=ben", "cn=clara", "cn=Board", "cn=Finance", "cn=Travel administration"} <= addressees
    assert all(item.created_at <= TODAY for item in open_today)


def test_progress_goes_up_to_its_total(replayed: Replayed):
    done = [done for done, _ in replayed.progress]

    assert done == sorted(done)
    assert {total for _, total in replayed.progress} == {done[-1]} == {replayed.summary.commands}


async def test_a_second_load_does_nothing(replayed: Replayed):
    again = await load_demo(replayed.url, DEFINITIONS, clock=ManualClock(TODAY + timedelta(days=30)))

    assert again == DemoSummary()
