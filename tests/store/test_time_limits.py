"""What somebody asks in his own words ends in time, waits its turn where it is slow, and gives way to writers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, literal_column, select, text
from sqlalchemy import exc as sa_exc

from placet.errors import QueryTooSlow, Unavailable
from placet.settings import Settings
from placet.store.database import Database, Questions, TookTooLong, opened, questions, translate
from placet.store.database.interface import READERS
from placet.store.database.limit import REST, Limit, Pace
from placet.store.database.statements import LONGEST, MOST_KEPT, Statements
from tests.store.harness import an_engine

COUNT = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :to) SELECT count(*) FROM n"
FOR_EVER = 2_000_000_000


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


class Counting:
    """A store function that counts to a number, and remembers how often it was begun."""

    def __init__(self, to: int) -> None:
        self.to, self.begun = to, 0

    def __call__(self, tx: Connection) -> int:
        self.begun += 1
        found: int = tx.execute(text(COUNT), {"to": self.to}).scalar_one()
        return found


async def test_a_read_that_takes_too_long_is_ended_and_others_go_on(database: Database):
    for _ in range(6):  # more often than there are connections
        with pytest.raises(TookTooLong):
            await database.read_within(Counting(FOR_EVER), 0.02)
    assert await database.read_within(Counting(5), 10) == 5


async def test_a_quick_question_is_asked_once(database: Database):
    count = Counting(5)

    assert await Questions(database, 10).ask(count) == 5
    assert count.begun == 1


async def test_a_slow_question_is_ended_after_the_time_limit_and_told_what_would_help(database: Database, monkeypatch):
    monkeypatch.setattr(questions, "QUICK_SECONDS", 0.02)
    count = Counting(FOR_EVER)

    with pytest.raises(QueryTooSlow, match=r"ended after 0\.1 s.*query_seconds.*index.*explain=true") as raised:
        await Questions(database, 0.1).ask(count)

    assert raised.value.seconds == 0.1
    assert count.begun == 2


async def test_a_question_that_turns_out_slow_is_asked_anew_with_more_time(database: Database, monkeypatch):
    monkeypatch.setattr(questions, "QUICK_SECONDS", 0.002)
    count = Counting(300_000)

    assert await Questions(database, 30).ask(count) == 300_000
    assert count.begun == 2


async def test_two_slow_questions_run_at_a_time_and_a_quick_one_does_not_wait_for_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(questions, "QUICK_SECONDS", 0.05)
    asked = Questions(database, 1.0)
    running: list[int] = []
    at_once: list[int] = []
    both = threading.Event()

    class Slow(Counting):
        def __call__(self, tx: Connection) -> int:
            if not self.begun:  # the quick attempt
                return super().__call__(tx)
            running.append(1)
            at_once.append(len(running))
            if len(running) == 2:
                both.set()
            try:
                return super().__call__(tx)
            finally:
                running.pop()

    slow = [asyncio.create_task(asked.ask(Slow(FOR_EVER))) for _ in range(4)]
    await asyncio.to_thread(both.wait, 30)
    assert await asked.ask(Counting(5)) == 5
    assert len(running) == 2
    answers = await asyncio.gather(*slow, return_exceptions=True)

    assert max(at_once) == 2
    assert {type(answer) for answer in answers} <= {QueryTooSlow, Unavailable}


async def test_who_waits_too_long_for_his_turn_is_told(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(questions, "QUICK_SECONDS", 0.02)
    asked = Questions(database, 0.1)
    for _ in range(questions.SLOW_AT_ONCE):
        await asked._slow.acquire()

    with pytest.raises(Unavailable, match="2 slow queries are running"):
        await asked.ask(Counting(FOR_EVER))


async def test_questions_that_are_asked_together_have_one_limit(database: Database, monkeypatch):
    monkeypatch.setattr(questions, "QUICK_SECONDS", 0.02)
    asked, count = Questions(database, 1.0), Counting(FOR_EVER)
    with asked.together():
        with pytest.raises(QueryTooSlow):
            await asked.ask(count)
        with pytest.raises(TookTooLong):
            await asked.ask_within(Counting(5), 10)
        with pytest.raises(QueryTooSlow):
            await asked.ask(Counting(5))

    assert count.begun == 2
    assert await asked.ask(Counting(5)) == 5


async def test_who_gets_no_connection_is_told_so_in_words_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    full = "no connection to its database has become free"
    assert full in str(translate(sa_exc.TimeoutError("QueuePool limit of size 4 overflow 4 reached, timed out")))
    monkeypatch.setattr("placet.store.database.sqlite_readers.BUSY_SECONDS", 0.01)
    (tmp_path / "some.db").touch()
    async with opened(f"sqlite:///{tmp_path}/some.db") as database:
        for _ in range(READERS):
            await database._readers._turns.acquire()  # type: ignore[attr-defined]  # of the SQLite database
        with pytest.raises(Unavailable, match=full):
            await database.read(Counting(5))


async def test_of_the_statements_of_questions_few_and_short_ones_are_kept(database: Database):
    kept: list[Any] = []

    def work(tx: Connection, numbers: int, others: int) -> None:
        kept.append(tx.get_execution_options()["compiled_cache"])
        names = (literal_column(f"{number}") for number in range(numbers))
        tx.execute(select(*names, *(literal_column("1").label(f"x{number}") for number in range(others))))

    for number in range(MOST_KEPT + 10):
        await database.read_within(lambda tx, number=number: work(tx, 1, number), 10)  # type: ignore[misc]
    assert {type(each) for each in kept} == {Statements}
    assert all(0 < len(each) <= MOST_KEPT for each in kept)
    await database.read_within(lambda tx: work(tx, 900, 700), 10)
    assert all(len(str(each)) <= LONGEST for each in kept[-1].values())


async def test_a_question_whose_asker_has_gone_is_ended(database: Database):
    begun = threading.Event()

    def work(tx: Connection) -> Any:
        begun.set()
        return tx.execute(text(COUNT), {"to": FOR_EVER}).scalar_one()

    for _ in range(6):
        begun.clear()
        task = asyncio.create_task(database.read_within(work, 3600))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await database.read_within(Counting(5), 10) == 5


async def test_the_limit_is_a_setting(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        assert engine._questions._seconds == 5 == Settings().query_seconds
        with pytest.raises(TookTooLong):
            await engine._ask(Counting(FOR_EVER), within=0.02)


async def test_only_one_core_of_the_server_is_for_a_question(database: Database):
    def workers(tx: Connection) -> str:
        if tx.dialect.name == "sqlite":
            return "0"
        found: str = tx.exec_driver_sql("SHOW max_parallel_workers_per_gather").scalar_one()
        return found

    assert await database.read_within(workers, 10) == "0"


async def test_a_connection_whose_statement_was_broken_off_is_not_used_again(tmp_path: Path):
    """The driver would prepare that statement anew ever after; see `Brief`."""
    (tmp_path / "some.db").touch()
    async with opened(f"sqlite:///{tmp_path}/some.db") as database:
        seen: list[int] = []

        def work(tx: Connection, to: int = FOR_EVER) -> Any:
            seen.append(id(tx))
            return tx.execute(text(COUNT), {"to": to}).scalar_one()

        await database.read_within(lambda tx: work(tx, 5), 10)
        with pytest.raises(TookTooLong):
            await database.read_within(work, 0.02)
        assert seen[0] == seen[1]
        assert database._questioners._idle == []  # type: ignore[attr-defined]  # of the SQLite database


# -- giving way on SQLite --------------------------------------------------------------------------


class Sleeps(list[float]):
    """Stands in for the clock's sleep in the thread of a read."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> Sleeps:
    made = Sleeps()
    monkeypatch.setattr("placet.store.database.limit.time.sleep", made)
    return made


def count_within(path: Path, pace: Pace, to: int) -> None:
    raw = sqlite3.connect(path / "some.db")
    Limit(raw, pace).run(lambda: raw.execute(COUNT.replace(":to", str(to))).fetchall(), 3600)
    raw.close()


def test_a_read_rests_while_something_is_written(tmp_path: Path, sleeps: Sleeps):
    pace = Pace()
    pace.begin_write()

    count_within(tmp_path, pace, 1_000_000)

    assert len(sleeps) > 3
    assert min(sleeps) >= REST * 0.001


def test_a_read_does_not_rest_otherwise(tmp_path: Path, sleeps: Sleeps):
    count_within(tmp_path, Pace(), 1_000_000)
    assert sleeps == []


def test_two_reads_rest_twice_as_long_each():
    pace = Pace()
    pace.begin_write()
    pace.reading = 1
    alone = pace.rest_for(0.01)
    pace.reading = 2

    assert pace.rest_for(0.01) == 2 * alone == 0.02 * REST


async def test_the_writer_tells_when_it_is_at_work(database_url, clock):
    if not database_url.startswith("sqlite"):
        return  # there the server shares out its cores
    async with an_engine(database_url, clock) as engine:
        pace, seen = engine._database._pace, []
        pace._wrote_at -= 1
        assert pace.rest_for(1.0) == 0
        await engine.store.write(lambda tx: seen.append(pace.rest_for(1.0)), refresh=False)
        assert seen == [REST]
        pace._wrote_at -= 1
        assert pace.rest_for(1.0) == 0
