"""Brief reads of a SQLite file run on the loop's thread; what turns out long is done anew in another."""

from __future__ import annotations

import sqlite3
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from placet.store.database import SqliteDatabase
from placet.store.database.brief import Brief, NotBrief

COUNT = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :to) SELECT count(*) FROM n"


@pytest.fixture
async def database(tmp_path: Path) -> Any:
    (tmp_path / "some.db").touch()
    database = SqliteDatabase(f"sqlite:///{tmp_path}/some.db")
    yield database
    await database.close()


class Counting:
    """A store function that counts to a number, and remembers where it ran."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.threads: list[int] = []

    def __call__(self, tx: Connection) -> int:
        self.threads.append(threading.get_ident())
        found: int = tx.execute(text(COUNT), {"to": self.to}).scalar_one()
        return found


async def test_a_short_read_stays_on_the_thread_of_the_loop(database: SqliteDatabase):
    count = Counting(10)

    assert await database.read(count, brief=True) == 10
    assert count.threads == [threading.get_ident()]


async def test_a_long_read_is_done_anew_in_another_thread(database: SqliteDatabase):
    count = Counting(1_000_000)

    assert await database.read(count, brief=True) == 1_000_000
    assert len(count.threads) == 2
    assert count.threads[0] == threading.get_ident() != count.threads[1]


async def test_short_reads_remain_so_however_many_there_were(database: SqliteDatabase, monkeypatch):
    """SQLite counts the steps of a statement over all the times that it runs, those of BEGIN and ROLLBACK as well."""
    monkeypatch.setattr("placet.store.database.sqlite.Brief", partial(Brief, steps=100, seconds=10))
    count = Counting(2)
    for _ in range(2_000):
        assert await database.read(count, brief=True) == 2
    assert set(count.threads) == {threading.get_ident()}


async def test_reads_go_on_after_a_long_one_was_given_up(database: SqliteDatabase):
    for _ in range(3):
        assert await database.read(Counting(200_000), brief=True) == 200_000
        assert await database.read(Counting(3), brief=True) == 3


async def test_a_read_sees_one_state(database: SqliteDatabase):
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE t (n)")

    def look_twice(tx: Connection) -> tuple[int, int]:
        first = tx.execute(text("SELECT count(*) FROM t")).scalar_one()
        other.execute("INSERT INTO t VALUES (1)")
        return first, tx.execute(text("SELECT count(*) FROM t")).scalar_one()

    assert await database.read(look_twice, brief=True) == (0, 0)
    assert await database.read(look_twice, brief=True) == (1, 1)
    other.close()


def test_a_connection_that_has_to_wait_gives_up(tmp_path: Path):
    holder = sqlite3.connect(tmp_path / "held.db", isolation_level=None)
    holder.execute("CREATE TABLE t (n)")
    waiting = sqlite3.connect(tmp_path / "held.db", isolation_level=None, timeout=0)
    brief = Brief(waiting)
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(NotBrief):
        brief.run(lambda: waiting.execute("SELECT * FROM t").fetchall())
    holder.execute("ROLLBACK")

    assert brief.run(lambda: waiting.execute("SELECT * FROM t").fetchall()) == []
    holder.close()
    waiting.close()


def test_other_errors_are_what_they_are(tmp_path: Path):
    raw = sqlite3.connect(tmp_path / "other.db")

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        Brief(raw).run(lambda: raw.execute("SELECT * FROM nowhere"))
    raw.close()


async def test_a_statement_that_was_broken_off_is_not_prepared_anew_ever_after(database: SqliteDatabase):
    """The driver never again finds a statement ready that was interrupted between two of its rows."""
    numbers = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n"
    prepared, watched = [], []

    def up_to(last: int, tx: Connection) -> int:
        if tx.connection not in watched:  # whoever is asked anew makes all statements be prepared anew
            tx.connection.set_authorizer(lambda *asked: prepared.append(asked) or sqlite3.SQLITE_OK)
            watched.append(tx.connection)
        return len(tx.connection.execute(numbers, (last,)).fetchall())

    assert await database.read(partial(up_to, 200_000), brief=True) == 200_000
    for _ in range(2):
        assert await database.read(partial(up_to, 3), brief=True) == 3
    prepared.clear()
    assert await database.read(partial(up_to, 3), brief=True) == 3
    assert prepared == []
