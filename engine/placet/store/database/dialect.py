"""What the statements of a store function have to know of the database that they run on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.util import await_only

T = TypeVar("T")

_MIGRATIONS = 7_022_608  # any fixed number: the name of our advisory lock
#: How long a migration waits for a table at a time: less than commands wait for it, whose queue is behind it then.
_MIGRATION_LOCK = "300ms"


def insert_into(tx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what to do where a row is there already; both databases spell that alike."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def writers_overlap(tx: Connection) -> bool:
    """Whether something may still be committed that was decided before what this transaction sees."""
    return tx.dialect.name == "postgresql"


def lock_migrations(tx: Connection) -> None:
    """Let one program migrate at a time, and wait for no table for long; on SQLite the transaction itself does that."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATIONS})
        tx.execute(text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": _MIGRATION_LOCK})


def encoding_of(tx: Connection) -> str:
    """How the database keeps texts, in its own words."""
    found: str | None = tx.scalar(text("SHOW server_encoding")) if tx.dialect.name == "postgresql" else None
    return found or "UTF8"


def bare_rows(tx: Connection, sql: str, values: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
    """All rows of a statement as the driver gives them.

    SQLAlchemy learns the columns of such a result anew each time; on SQLite that takes half as long as a page does.
    """
    if tx.dialect.name == "postgresql":
        return tx.exec_driver_sql(sql, tuple(values)).all()
    rows: Sequence[tuple[Any, ...]] = tx.connection.execute(sql, values).fetchall()
    return rows


def aside(tx: Connection, work: Callable[[], T]) -> T:
    """Compute what takes long and asks nothing of the database, while others on the loop go on.

    On SQLite who calls for it is in a thread of his own.
    """
    if tx.dialect.name == "postgresql":
        return await_only(asyncio.to_thread(work))
    return work()
