"""Transactions of others that are in the way: what they keep from being done is done later, once; nobody is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy.util import await_only

from placet import Engine, ManualClock
from placet.store import lane
from placet.store.database import postgres
from tests.store.harness import an_engine, load_trail
from tests.store.test_interrupted import LOCK, WAITING, comment, start

#: SQLite has one writer: nobody waits for the row of another.
pytestmark = [
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
    pytest.mark.timeout(60),
]

COUNT = "UPDATE counter SET value = value + 1 WHERE name = '{}'"
COUNTS = "SELECT name, value FROM counter WHERE name IN ('left', 'right')"


@pytest.fixture
def lock_seconds() -> float:
    return 0.3


@pytest.fixture
async def engine(
    database_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, lock_seconds: float
) -> AsyncIterator[Engine]:
    monkeypatch.setattr(lane, "DECIDING_SECONDS", 60)
    monkeypatch.setattr(postgres, "LOCK_SECONDS", lock_seconds)
    async with an_engine(database_url, clock) as engine:
        await engine.store.write(
            lambda tx: tx.exec_driver_sql("INSERT INTO counter VALUES ('left', 0), ('right', 0)") and None
        )
        yield engine


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Any]:
    """A session of somebody else."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def counts(engine: Engine) -> dict[str, int]:
    return dict(await engine.store.read(lambda tx: list(map(tuple, tx.exec_driver_sql(COUNTS)))))


async def logged(caplog: pytest.LogCaptureFixture, message: str, other: Any) -> None:
    """Return once something was logged."""
    while message not in caplog.messages:
        await other.execute("SELECT")


# -- a lock that does not come in time -----------------------------------------------------------------


@pytest.mark.parametrize("how_many", [1, 4])
async def test_a_lock_that_is_held_too_long_and_then_released(
    engine: Engine, other: Any, caplog: pytest.LogCaptureFixture, how_many: int
):
    locked, *free = [await start(engine) for _ in range(how_many)]
    await other.execute("BEGIN")
    await other.fetch(LOCK, locked)

    comments = [comment(engine, each) for each in (locked, *free)]
    await logged(caplog, "a batch failed", other)
    await other.execute("ROLLBACK")

    await asyncio.gather(*comments)
    assert [len((await load_trail(engine, each))[0]) for each in (locked, *free)] == [1] * how_many


async def test_a_lock_that_an_administrative_function_waits_for_too_long(
    engine: Engine, other: Any, caplog: pytest.LogCaptureFixture
):
    await other.execute("BEGIN")
    await other.execute(COUNT.format("left"))

    writing = asyncio.create_task(engine.store.write(counting("left")))
    await logged(caplog, "a transaction failed", other)
    await other.execute("ROLLBACK")

    await writing
    assert await counts(engine) == {"left": 1, "right": 0}


def counting(*names: str) -> Callable[[Any], None]:
    def work(tx: Any) -> None:
        for name in names:
            tx.exec_driver_sql(COUNT.format(name))

    return work


# -- deadlocks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock_seconds", [20])  # the server finds the deadlock before that
async def test_rows_that_two_lock_crosswise(engine: Engine, other: Any, caplog: pytest.LogCaptureFixture):
    """The engine is the one that the server ends: it comes second, and the other looks for deadlocks much later."""
    await other.execute("SET deadlock_timeout = '60s'")
    await other.execute("BEGIN")
    await other.execute(COUNT.format("right"))

    writing = asyncio.create_task(engine.store.write(counting("left", "right")))
    while not await other.fetchval(WAITING):
        pass
    await other.execute(COUNT.format("left"))  # waits for the engine, which waits for it, until the engine gives way
    await other.execute("COMMIT")

    await writing
    assert await counts(engine) == {"left": 2, "right": 2}
    assert [record.error for record in caplog.records if record.message == "a transaction failed"] == [
        "deadlock detected"
    ]


# -- a state that has moved on -------------------------------------------------------------------------


async def test_a_row_that_has_changed_since_a_transaction_first_looked(
    engine: Engine, other: Any, caplog: pytest.LogCaptureFixture
):
    runs = []

    def work(tx: Any) -> None:
        runs.append(tx)
        if len(runs) == 1:
            tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            tx.exec_driver_sql(COUNTS).all()
            await_only(other.execute(COUNT.format("left")))
        counting("left")(tx)

    await engine.store.write(work)

    assert await counts(engine) == {"left": 2, "right": 0}
    (failure,) = [record for record in caplog.records if record.message == "a transaction failed"]
    assert "could not serialize access" in failure.error
