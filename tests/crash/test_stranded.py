"""Items of whoever became inactive are handed on once, whatever kills the engine that does it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from placet import Engine
from placet.core.names import dn_guid, user_dn
from placet.store import people
from tests.crash import node
from tests.crash.child import run
from tests.crash.invariants import broken, stored

#: Asks Bob, and Carl once Bob cannot answer.
HANDED_ON = """
name: Handed on
start: ask
activities:
  ask: {kind: approval, addressees: "'bob'", fallback: "'carl'", paths: {approved: done, denied: done}}
  done: {kind: finish}
"""


async def leave_without_anybody(url: str, how_many: int) -> list[str]:
    """Start processes that ask Bob, then make him inactive; no engine does what follows."""

    async def set_status(status: str) -> None:
        await engine.store.write(lambda tx: people.set_status(tx, dn_guid(user_dn("bob")), status))

    async with Engine(url, run_jobs=False) as engine:
        system = engine.as_system()
        await system.deploy(HANDED_ON)
        await set_status(people.ACTIVE)
        started = await asyncio.gather(*(system.start("Handed on", initiator="carl") for _ in range(how_many)))
        await set_status(people.INACTIVE)
        return [found.process.id for found in started]


@pytest.mark.parametrize("edge", node.EDGES)
async def test_items_are_handed_on_once(durable_database_url: str, folder: Path, edge: str):
    waiting: list[str] = []
    for _ in range(2):
        waiting += await leave_without_anybody(durable_database_url, 8)
        assert await run(node.settle, durable_database_url, folder, edge) == -signal.SIGKILL
    await run(node.settle, durable_database_url, folder)

    found = await stored(durable_database_url)
    assert broken(found) == []
    assert [len(found.kinds(process_id, "work_item.redirected")) for process_id in waiting] == [1] * 16
