"""PostgreSQL ends a transaction before its COMMIT: it is run again, and its callers hear nothing of that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from placet import Engine, ManualClock
from placet.commands import AddComment, StartProcess
from placet.errors import Unavailable
from placet.store import lane
from placet.store.database import postgres
from tests.builders import ANNA
from tests.store.harness import an_engine, an_id, load_trail

LOCK = "SELECT id FROM process WHERE id = decode($1, 'hex') FOR UPDATE"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
#: SQLite has one writer and no sessions.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def engine(database_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    monkeypatch.setattr(lane, "DECIDING_SECONDS", 60)
    async with an_engine(database_url, clock) as engine:
        yield engine


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Any]:
    """A session of somebody else, in a transaction."""
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        yield connection
    await connection.close()


async def start(engine: Engine) -> str:
    command = StartProcess(process_id=an_id(), definition="Ask", actor=ANNA)
    return (await engine.as_system().handle(command)).process_id


def comment(engine: Engine, process_id: str) -> asyncio.Task[Any]:
    return asyncio.create_task(engine.as_system().handle(AddComment(process_id=process_id, text="here", actor=None)))


async def test_a_session_that_is_ended_within_its_transaction(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    ended = end_sessions(engine, monkeypatch, lane.TRIES - 1)

    ids = await asyncio.gather(*(start(engine) for _ in range(10)))

    assert len(ended) == lane.TRIES - 1
    assert {found.process.id for found in await engine.as_system().processes()} == set(ids)


async def test_sessions_that_are_ended_again_and_again(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    end_sessions(engine, monkeypatch, lane.TRIES)

    answers = await asyncio.gather(*(start(engine) for _ in range(10)), return_exceptions=True)

    assert {type(answer) for answer in answers} == {Unavailable}
    assert await engine.as_system().processes() == []
    await start(engine)


async def test_an_administrative_function_runs_again_as_well(engine: Engine):
    runs = []

    def work(tx: Any) -> str:
        runs.append(tx)
        if len(runs) < lane.TRIES:
            tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return "written"

    assert await engine.store.write(work) == "written"
    assert len(runs) == lane.TRIES


def end_sessions(engine: Engine, monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Have the server end the session of the next batches after they have written and before they commit."""
    ended: list[int] = []
    each: Any = engine.store._lanes[0]
    decide = each._decide

    def replaced(tx: Any, commands: Any, optimistic: bool) -> Any:
        answer = decide(tx, commands, optimistic)
        if len(ended) < times:
            ended.append(len(commands))
            tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return answer

    monkeypatch.setattr(each, "_decide", replaced)
    return ended


async def test_a_process_that_is_locked_keeps_only_its_own_callers_waiting(engine: Engine, other: Any):
    first, second = await start(engine), await start(engine)
    await other.fetch(LOCK, second)

    free, locked = comment(engine, first), comment(engine, second)
    await free
    assert not locked.done()
    await other.execute("ROLLBACK")

    await locked
    assert len((await load_trail(engine, second))[0]) == 1


async def test_a_process_that_stays_locked_is_told(hasty_engine: Engine, other: Any):
    engine = hasty_engine
    first, second = await start(engine), await start(engine)
    await other.fetch(LOCK, second)

    free, locked = comment(engine, first), comment(engine, second)

    with pytest.raises(Unavailable, match="lock timeout"):
        await locked
    assert (await free).process_id == first
    assert (await load_trail(engine, second))[0] == []


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.1)


@pytest.fixture
def hasty_engine(hasty: None, engine: Engine) -> Engine:
    return engine


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server find a deadlock before a lock is given up."""
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 20)


@pytest.fixture
def unhurried_engine(unhurried: None, engine: Engine) -> Engine:
    return engine


async def test_a_deadlock(unhurried_engine: Engine, other: Any):
    engine = unhurried_engine
    first, second = await start(engine), await start(engine)
    await other.execute("SET deadlock_timeout = '60s'")  # the other one finds it
    await other.fetch(LOCK, second)

    both = [comment(engine, first), comment(engine, second)]
    while not await other.fetchval(WAITING):
        pass
    await other.fetch(LOCK, first)  # it waits for us and we for it, until it gives way
    await other.execute("ROLLBACK")

    await asyncio.gather(*both)
    assert [len((await load_trail(engine, each))[0]) for each in (first, second)] == [1, 1]


async def test_a_key_that_another_node_uses_at_the_same_moment(unhurried_engine: Engine, other: Any):
    """Whoever comes second cannot store its start; he is given the process of the first, and not refused."""
    engine = unhurried_engine
    first = await engine.as_system().handle(keyed_start())
    key = await other.fetchrow("SELECT * FROM start_key")
    await engine.store.write(lambda tx: tx.exec_driver_sql("DELETE FROM start_key") and None)
    await other.execute("INSERT INTO start_key VALUES ($1, $2, $3, $4)", *key)

    second = asyncio.create_task(engine.as_system().handle(keyed_start()))
    while not await other.fetchval(WAITING):
        pass
    await other.execute("COMMIT")

    assert (await second).process_id == first.process_id
    assert len(await engine.as_system().processes()) == 1


def keyed_start() -> StartProcess:
    return StartProcess(process_id=an_id(), definition="Ask", actor=ANNA, idempotency_key="k", fingerprint="f")
