"""What comes due happens once, whatever kills the engine that does it and however long none was there."""

from __future__ import annotations

import asyncio
import random
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from placet import Engine, ManualClock
from tests.crash import node
from tests.crash.child import run, running
from tests.crash.invariants import Stored, broken, stored

#: What each definition is waiting for, as the one event that tells of it.
DUE = {
    "Reminded": "work_item.reminded",
    "Escalated": "work_item.escalated",
    "Expired": "work_item.timed_out",
    "Rested": "activity.left",
}
EACH = 8


async def start_long_ago(url: str, definition: str, how_many: int) -> list[str]:
    """Start processes two and a half days and half an hour ago; no engine has looked at them since."""
    clock = ManualClock(datetime.now(UTC) - timedelta(days=2, hours=12, minutes=30))
    async with Engine(url, clock=clock, run_jobs=False) as engine:
        started = [engine.as_system().start(definition, initiator="cn=anna,ou=users,o=placet") for _ in range(how_many)]
        return [found.process.id for found in await asyncio.gather(*started)]


@pytest.mark.parametrize("edge", node.EDGES)
async def test_timers_fire_once(durable_database_url: str, folder: Path, edge: str):
    waiting: dict[str, list[str]] = {name: [] for name in DUE}
    for _ in range(2):
        for name, ids in waiting.items():
            ids += await start_long_ago(durable_database_url, name, EACH)
        assert await run(node.settle, durable_database_url, folder, edge) == -signal.SIGKILL
    await run(node.settle, durable_database_url, folder)

    check_timers(await stored(durable_database_url), waiting)


async def test_timers_fire_once_when_killed_at_random(durable_database_url: str, folder: Path, rounds: int):
    chance = random.Random(rounds)
    waiting: dict[str, list[str]] = {name: [] for name in DUE}
    for _ in range(rounds):
        for name, ids in waiting.items():
            ids += await start_long_ago(durable_database_url, name, EACH)
        async with running(node.settle, durable_database_url, folder) as child:
            asyncio.get_running_loop().call_later(chance.uniform(0.05, 0.4), child.kill)
            await child.ended()
        await run(node.settle, durable_database_url, folder)

        check_timers(await stored(durable_database_url), waiting)


def check_timers(found: Stored, waiting: dict[str, list[str]]) -> None:
    assert broken(found) == []
    for name, kind in DUE.items():
        for process_id in waiting[name]:
            assert len(found.kinds(process_id, kind)) == 1, f"{name}: {found.events[process_id]}"


@pytest.mark.parametrize("edge", node.EDGES)
async def test_a_child_is_started_once_and_tells_its_parent_once(durable_database_url: str, folder: Path, edge: str):
    parents: list[str] = []
    for nth in (1, 2, 3):
        parents += await start_long_ago(durable_database_url, "Parent", 4)
        await run(node.settle, durable_database_url, folder, edge, nth)
    await run(node.settle, durable_database_url, folder)

    found = await stored(durable_database_url)
    assert broken(found) == []
    assert not any(found.jobs.values())
    for parent in parents:
        children = [row for row in found.processes.values() if row.parent and row.parent.startswith(parent)]
        told = [event.detail["child"] for event in found.kinds(parent, "process.child_ended")]
        assert len(children) == 2
        assert sorted(told) == sorted(row.id for row in children)
        assert len(found.kinds(parent, "process.completed")) == 1
