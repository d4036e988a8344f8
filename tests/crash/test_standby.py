"""A primary dies or takes no more writes, its standby is promoted, and the nodes go on there; nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from placet import Engine, FoundProcess
from placet.errors import Unavailable
from placet.store.database import postgres
from tests.conftest import DISK
from tests.crash.clusters import Cluster, cluster
from tests.crash.invariants import stored
from tests.crash.pairs import Pair, pair
from tests.crash.truth import check

#: How soon a command is taken again; a machine that runs many tests at once is no measure of it.
PROMISED_SECONDS, BUSY = 10.0, 3.0
IDS = ["one", "two", "three"]


@pytest.fixture
async def servers(people_file: Path, empty_folder: Path) -> AsyncIterator[Pair]:
    """A primary and its standby, with the clerks and the definitions."""
    async with pair(DISK) as servers:
        async with Engine(servers.url, definitions=empty_folder / "definitions", run_jobs=False) as engine:
            await engine.as_system().load_people(people_file)
        yield servers


async def all_answer(nodes: Cluster) -> float:
    """How many seconds it takes until each node has taken a command."""
    return max(await asyncio.gather(*(nodes.answers(id_) for id_ in nodes.members)))


async def check_all(servers: Pair, nodes: Cluster) -> None:
    """Fail unless everything that was ever acknowledged is on the server that takes writes now, once."""
    check(await stored(servers.url), nodes.ledger, nothing_open=True)
    assert nodes.ledger.lost == [], "a node went away"


@pytest.mark.timeout(240)
async def test_the_primary_is_killed_under_load(servers: Pair, empty_folder: Path):
    loop = asyncio.get_running_loop()
    async with cluster(servers.url, empty_folder, IDS) as nodes:
        await nodes.stir(5)
        await servers.kill_primary()
        died = loop.time()
        await servers.promote()
        await all_answer(nodes)
        took = loop.time() - died
        await nodes.stir(5)
        await nodes.finish()
    await check_all(servers, nodes)
    print(f"each node took commands again {took:.1f} s after the primary had died")
    assert took < PROMISED_SECONDS * BUSY


@pytest.mark.timeout(240)
async def test_the_primary_takes_no_more_writes_and_stays(servers: Pair, empty_folder: Path):
    """No connection is lost then: a node finds out by what it is refused."""
    async with cluster(servers.url, empty_folder, IDS) as nodes:
        await nodes.stir(5)
        await servers.demote_primary()
        await servers.promote()
        await all_answer(nodes)
        await nodes.stir(5)
        await nodes.finish()
        for id_ in nodes.members:
            assert await nodes.knows(id_, nodes.ledger.starts[-1])
    await check_all(servers, nodes)


@pytest.mark.parametrize("key", ["once", None])
async def test_what_the_standby_has_not_is_not_told(servers: Pair, monkeypatch: pytest.MonkeyPatch, key: str | None):
    """A commit that waits for the standby for too long is broken off, and is there; it may still be lost.

    That of a start without a key is the INSERT itself.
    """
    monkeypatch.setattr(postgres, "WRITE_SECONDS", 1.0)
    monkeypatch.setattr(postgres, "GRACE_SECONDS", 0.25)

    async with Engine(servers.url, run_jobs=False) as engine:

        def start(key: str | None = key) -> Awaitable[FoundProcess]:
            return engine.as_system().start("Request", initiator="carla", data={"number": 1}, idempotency_key=key)

        before = await start(None)  # has read the world
        async with servers.standby_stopped():
            with pytest.raises(Unavailable):
                await start()
        started = await start()
    found = set((await stored(servers.url)).processes)
    assert found >= {before.process.id, started.process.id}
    assert len(found) == (2 if key else 3)
