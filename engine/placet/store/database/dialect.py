"""What the statements of a store function have to know of the database that they run on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite

_MIGRATIONS = 7_022_608  # any fixed number: the name of our advisory lock


def insert_into(tx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what to do where a row is there already; both databases spell that alike."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def lock_migrations(tx: Connection) -> None:
    """Let one program migrate at a time; on SQLite the transaction itself does that."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATIONS})


def bare_rows(tx: Connection, sql: str, values: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
    """All rows of a statement as the driver gives them.

    SQLAlchemy learns the columns of such a result anew each time; on SQLite that takes half as long as a page does.
    """
    if tx.dialect.name == "postgresql":
        return tx.exec_driver_sql(sql, tuple(values)).all()
    rows: Sequence[tuple[Any, ...]] = tx.connection.execute(sql, values).fetchall()
    return rows
