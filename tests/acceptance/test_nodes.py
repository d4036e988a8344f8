"""Two nodes on one database, each a program of its own: one is killed, stopped or drained, and the other goes on."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from placet import Engine, EngineNode, NodeStatus, Settings
from placet.directory.caller import Caller as Whoever
from placet.errors import Unavailable
from placet_api.cli.exits import Exit
from tests.crash import node
from tests.crash.callers import CLERKS, Answer, Caller, Ledger
from tests.crash.child import Child, running
from tests.crash.definitions import REQUEST_ID, people, write_definitions
from tests.crash.invariants import broken, stored
from tests.fault_server import FaultServer

#: How soon the others do what a dead node would have done.
TAKEN_OVER_SECONDS = 3.0
#: A machine that runs many tests at once is no measure of time.
BUSY = 3.0

RESTED = """
name: Short rest
start: rest
activities:
  rest: {kind: wait, for: 1s, next: done}
  done: {kind: finish}
"""
BOOK = """
name: Book
start: call
activities:
  call: {kind: connector, name: Call, connector: Booking, paths: {success: done}}
  done: {kind: finish}
"""
CONNECTOR = """
services: {{Bookings: {{}}}}
connectors:
  Booking: {{service: Bookings, method: POST, url: {url}, timeout: 60s}}
"""
SECRET_KEY = "of the tests, 32 characters long"
CALLS = f'secret_key = "{SECRET_KEY}"\noutbound_allow = "127.0.0.0/8"\n'
INITIATOR = "cn=anna,ou=users,o=placet"


@pytest.fixture
async def outside(database_url: str, tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine that runs no jobs, on a database that has the clerks and the definitions."""
    write_definitions(tmp_path / "definitions")
    (tmp_path / "definitions/rested_shortly.yaml").write_text(RESTED)
    (tmp_path / "people.json").write_text(await people())
    settings = Settings(secret_key=SECRET_KEY)
    async with Engine(database_url, settings=settings, definitions=tmp_path / "definitions", run_jobs=False) as engine:
        await engine.as_system().load_people(tmp_path / "people.json")
        yield engine


@pytest.fixture
def serving(database_url: str, tmp_path: Path, outside: Engine) -> Callable[[str], Any]:
    """A node with an id, for the length of a block."""

    @asynccontextmanager
    async def serving(id_: str) -> AsyncIterator[Child]:
        folder = tmp_path / (id_ or "unnamed")
        folder.mkdir(exist_ok=True)
        (folder / "placet.toml").write_text(f'engine_id = "{id_}"\n{CALLS}')
        if not (folder / "definitions").exists():
            (folder / "definitions").symlink_to(tmp_path / "definitions")
        async with running(node.serve, database_url, folder) as child:
            await child.address()
            yield child

    return serving


async def until(engine: Engine, id_: str, holds: Callable[[EngineNode], bool]) -> EngineNode:
    """A node, once something holds for it."""
    async with asyncio.timeout(60):
        while not holds(found := await engine.as_system().node(id_)):
            pass
    return found


def has(status: NodeStatus) -> Callable[[EngineNode], bool]:
    return lambda found: found.status is status


async def short_rests(engine: Engine, how_many: int) -> list[str]:
    system = engine.as_system()
    starts = (system.start("Short rest", initiator=INITIATOR) for _ in range(how_many))
    return [found.process.id for found in await asyncio.gather(*starts)]


async def over(engine: Engine, ids: list[str]) -> float:
    """Wait for processes to end; gives how many seconds that took."""
    began = time.monotonic()
    async with asyncio.timeout(60):
        for id_ in ids:
            while not (await engine.as_system().process(id_)).process.life.is_over:
                pass
    return time.monotonic() - began


async def stop(child: Child, engine: Engine) -> None:
    """Stop a node, but not while it holds the SQLite file: that would stop everybody, and nobody could help it."""
    while True:
        child.signal(signal.SIGSTOP)
        try:
            await engine.store.write(lambda tx: None)
            return
        except Unavailable:
            child.signal(signal.SIGCONT)


async def ask(child: Child, path: str) -> Answer:
    caller = await Caller.connect(await child.address(), CLERKS[0])
    try:
        return await caller.ask("GET", path)
    finally:
        await caller.close()


async def each_fired_once(url: str, ids: list[str]) -> None:
    found = await stored(url)
    assert broken(found) == []
    assert [len(found.kinds(id_, "activity.left")) for id_ in ids] == [1] * len(ids)


async def test_they_are_listed_with_where_they_answer(serving, outside: Engine):
    async with serving("a") as a, serving("b") as b:
        found = await outside.as_system().nodes()
        assert [(each.id, each.address) for each in found] == [("a", await a.address()), ("b", await b.address())]
        for id_ in ("a", "b"):
            await until(outside, id_, has(NodeStatus.RUNNING))
        b.signal(signal.SIGTERM)
        assert await b.ended() == 0
        await until(outside, "b", has(NodeStatus.SHUTDOWN))
        await until(outside, "a", has(NodeStatus.RUNNING))


async def test_a_node_without_a_name_has_that_of_its_database_or_of_its_port(
    serving, outside: Engine, database_url: str
):
    async with serving("") as child:
        (found,) = await outside.as_system().nodes()
        port = re.findall(r":(\d+)$", await child.address())[0]
        assert found.id == "ENGINE" if database_url.startswith("sqlite") else found.id.endswith(f"-{port}")


async def test_a_second_node_under_a_living_id_says_so_and_ends(
    serving, outside: Engine, database_url: str, tmp_path: Path
):
    async with serving("a") as first:
        async with running(node.serve, database_url, tmp_path / "a") as second:
            assert await second.ended() == Exit.CONFLICT
        assert "The engine 'a' runs already: process " in "".join(second.output)
        assert "--engine-id" in second.output[-1]
        assert (await ask(first, "/readyz")).status == 200
        await until(outside, "a", has(NodeStatus.RUNNING))


async def test_a_killed_node_is_followed_by_the_other_and_comes_back_under_its_id(
    serving, outside: Engine, database_url: str
):
    async with serving("b"):
        async with serving("a") as a:
            waiting = await short_rests(outside, 20)
            a.kill()
            await a.killed()
        assert await over(outside, waiting) < 1 + TAKEN_OVER_SECONDS * BUSY
        await until(outside, "a", has(NodeStatus.TIMED_OUT))
        async with serving("a") as again:
            assert (await ask(again, "/readyz")).status == 200
            await until(outside, "a", has(NodeStatus.RUNNING))
    await each_fired_once(database_url, waiting)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_call_that_a_dead_node_had_begun_is_made_by_the_other(
    serving, outside: Engine, database_url: str, number: int
):
    async with FaultServer() as service:
        system = Whoever(None, outside.directory, outside.clock.now())
        await outside.connectors.import_text(system, CONNECTOR.format(url=service.url("/held")), "connectors.yaml")
        await outside.as_system().deploy(BOOK)
        async with serving("b") as other:
            booked = (await outside.as_system().start("Book", initiator=INITIATOR)).process.id
            await service.wait_for(1)
            async with serving("a"):
                if number == signal.SIGSTOP:
                    await stop(other, outside)
                else:
                    other.kill()
                died = time.monotonic()
                await service.wait_for(2)
                assert time.monotonic() - died < TAKEN_OVER_SECONDS * BUSY
                service.release.set()
                await over(outside, [booked])
                other.signal(signal.SIGCONT)
                await until(outside, "b", has(NodeStatus.TIMED_OUT if number == signal.SIGKILL else NodeStatus.RUNNING))
    found = await stored(database_url)
    assert broken(found) == []
    assert len(found.kinds(booked, "call.succeeded")) == 1
    assert len({request.headers["idempotency-key"] for request in service.requests}) == 1


async def test_a_killed_node_is_back_at_once_also_where_there_is_no_other(serving, outside: Engine, database_url: str):
    async with serving("a") as a:
        waiting = await short_rests(outside, 20)
        a.kill()
        await a.killed()
    async with serving("a"):
        await over(outside, waiting)
    await each_fired_once(database_url, waiting)


async def test_a_stopped_node_is_followed_by_the_other_and_changes_nothing_when_it_wakes_up(
    serving, outside: Engine, database_url: str
):
    async with serving("a") as a, serving("b"):
        await stop(a, outside)
        waiting = await short_rests(outside, 20)
        assert await over(outside, waiting) < 1 + TAKEN_OVER_SECONDS * BUSY
        await until(outside, "a", has(NodeStatus.TIMED_OUT))
        before = await stored(database_url)

        a.signal(signal.SIGCONT)
        await until(outside, "a", has(NodeStatus.RUNNING))
        assert (await ask(a, "/readyz")).status == 200
        after = await stored(database_url)
        assert (after.processes, after.events) == (before.processes, before.events)
    await each_fired_once(database_url, waiting)


async def test_a_drained_node_leaves_the_work_to_others_and_answers_until_it_is_stopped(
    serving, outside: Engine, database_url: str
):
    ledger = Ledger(REQUEST_ID, seed=7)
    async with serving("a") as a:
        loading = asyncio.create_task(ledger.load(await a.address(), 4))
        await ledger.more(20)
        await outside.as_system().drain_node("a")
        drained = await until(outside, "a", lambda found: found.drained_at is not None)
        assert drained.status is NodeStatus.DRAINING

        ready, alive = await ask(a, "/readyz"), await ask(a, "/healthz")
        assert (ready.status, alive.status) == (503, 200)
        assert "a is draining" in ready.reason
        await ledger.more(20)  # who asks is answered as before

        waiting = await short_rests(outside, 5)
        async with serving("b") as b:
            await over(outside, waiting)
            assert (await ask(b, "/readyz")).status == 200
        engines = {(await outside.as_system().process(id_)).process.engine_id for id_ in waiting}
        assert engines == {"b"}

        a.signal(signal.SIGTERM)
        await asyncio.wait_for(loading, 30)
        assert await a.ended() == 0, "".join(a.output)
    async with serving("a") as again:
        assert (await ask(again, "/readyz")).status == 200
    await each_fired_once(database_url, waiting)
