"""Events that were restored from another PostgreSQL server, whose transactions had higher numbers than ours have."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from placet import Engine, ManualClock
from placet.errors import Conflict
from placet.store.database import opened
from placet.store.migrate import migrate, require_newest
from tests.store.harness import an_engine

AHEAD = 1_000_000_000
#: SQLite has one writer; its events have no transaction to be numbered by.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def restore(url: str) -> None:
    """Leave the events as a dump of a server with a billion more transactions would."""
    async with opened(url) as database:
        writer = await database.connect_writer()
        await writer.begin()
        await writer.run(lambda tx: tx.exec_driver_sql(f"UPDATE event SET tx = tx + {AHEAD}"))
        await writer.commit()
        await writer.close()


async def take(engine: Engine, after: str, count: int) -> list[tuple[str, str, int]]:
    """The next events after a position."""
    stream, taken = engine.as_system().events(after), []
    async with asyncio.timeout(20):
        while len(taken) < count:
            position, event = await anext(stream)
            taken.append((position, event.process_id, event.number))
    await stream.aclose()
    return taken


async def starts(engine: Engine, count: int) -> None:
    await asyncio.gather(*(engine.as_system().start("Ask", initiator="anna") for _ in range(count)))


async def test_subscribers_go_on_where_they_were(database_url: str, clock: ManualClock):
    async with an_engine(database_url, clock) as engine:
        await starts(engine, 3)
    await restore(database_url)
    async with Engine(database_url, clock=clock, run_jobs=False) as engine:
        before = await take(engine, "0-0", 6)
        await starts(engine, 3)
        assert (await take(engine, "0-0", 12))[:6] == before
        after = await take(engine, before[3][0], 8)
        assert after[:2] == before[4:]
        assert len({each[1:] for each in after[2:]} - {each[1:] for each in before}) == 6
    await restore(database_url)  # and once more, with what was added before
    async with Engine(database_url, clock=clock, run_jobs=False) as engine:
        whole = await take(engine, "0-0", 12)
        assert [each[1:] for each in whole[:6]] == [each[1:] for each in before]
        await starts(engine, 1)
        assert len(await take(engine, whole[-1][0], 2)) == 2


async def test_it_is_done_once_and_asked_for(database_url: str, clock: ManualClock):
    async with an_engine(database_url, clock) as engine:
        await starts(engine, 1)
    await restore(database_url)

    with pytest.raises(Conflict, match="run `placet migrate`"):
        await Engine(database_url, migrate_empty=False).open()
    async with opened(database_url) as database:
        assert [(await migrate(database)).restored for _ in range(2)] == [True, False]
        await require_newest(database)
    async with Engine(database_url, clock=clock, run_jobs=False, migrate_empty=False) as engine:
        await starts(engine, 1)
        assert len(await take(engine, "0-0", 4)) == 4


async def test_transactions_that_wait_meanwhile_come_after_all_others(database_url: str, clock: ManualClock):
    """One that has its number already, and writes its events once the numbers have been mended."""
    async with an_engine(database_url, clock) as engine:
        await starts(engine, 1)
        await restore(database_url)
        async with opened(database_url) as database:
            early = await database.connect_writer(patient=True)
            await early.begin()
            await early.run(_its_number)
            await asyncio.gather(*(engine.store.write(_its_number) for _ in range(5)))  # they come later and end first
            await migrate(database)
            await early.run(_one_event)
            await early.commit()
            await early.close()

        assert [number for *_, number in await take(engine, "0-0", 3)] == [1, 2, 99]


def _its_number(tx: Any) -> None:
    tx.exec_driver_sql("SELECT pg_current_xact_id()").scalar()


def _one_event(tx: Any) -> None:
    tx.exec_driver_sql(
        "INSERT INTO event (process_id, number, kind, at) VALUES (decode(repeat('00', 16), 'hex'), 99, 1, 0)"
    )
