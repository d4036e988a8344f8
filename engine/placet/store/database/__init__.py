"""Opening a database: the only place, with `writer.py`, that knows one kind from the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from placet.errors import InvalidInput
from placet.store.database.dialect import aside, bare_rows, encoding_of, insert_into, lock_migrations, writers_overlap
from placet.store.database.errors import (
    in_the_way,
    in_words,
    is_there_already,
    lost_a_lock,
    may_pass,
    refusal_of,
    refuses_values,
    translate,
)
from placet.store.database.interface import Database, HasMoved, TookTooLong, WriteConnection
from placet.store.database.liveness import Liveness, liveness
from placet.store.database.postgres import PostgresDatabase, PostgresWriteConnection
from placet.store.database.questions import Questions
from placet.store.database.sqlite import SqliteDatabase, SqliteWriteConnection
from placet.store.database.transactions import events_are_ahead, let_events_go_on, readable_events

__all__ = [
    "Database",
    "HasMoved",
    "Liveness",
    "PostgresDatabase",
    "PostgresWriteConnection",
    "Questions",
    "SqliteDatabase",
    "SqliteWriteConnection",
    "TookTooLong",
    "WriteConnection",
    "aside",
    "bare_rows",
    "encoding_of",
    "events_are_ahead",
    "in_the_way",
    "in_words",
    "insert_into",
    "is_there_already",
    "let_events_go_on",
    "liveness",
    "lock_migrations",
    "lost_a_lock",
    "may_pass",
    "open_database",
    "opened",
    "readable_events",
    "refusal_of",
    "refuses_values",
    "translate",
    "writers_overlap",
]


def open_database(url: str, direct_url: str = "") -> Database:
    """The database behind a URL, which leads to a pooler where there is a direct one; nothing is connected to yet."""
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        return SqliteDatabase(url)
    if scheme in ("postgresql", "postgres"):
        return PostgresDatabase(url, is_pooled=direct_url not in ("", url))
    raise InvalidInput(
        f"{scheme!r} is not a kind of database that Placet knows; write sqlite:///path or postgresql://user@host/name."
    )


@asynccontextmanager
async def opened(url: str, direct_url: str = "") -> AsyncIterator[Database]:
    """A database for the length of a block."""
    database = open_database(url, direct_url)
    try:
        yield database
    finally:
        await database.close()
