"""What happened to a process: its comments and its events."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    Table,
    Text,
    column,
    literal_column,
    or_,
    text,
)

from placet.store.tables.base import metadata
from placet.store.types import Document, HexId, Moment, Serial, Small

comment = Table(
    "comment",
    metadata,
    Column("process_id", HexId, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("user", Integer),
    Column("activity", Text),
    Column("system", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: Kinds of events that few processes have, so that an index of them costs a plain start nothing.
RARE_KINDS = (3, 4, 5, 6, 7, 12, 32, 33, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 52, 55, 60, 61, 62, 63)


def is_rare(kind: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition of their index, by ranges: of so long an IN SQLite makes a table anew for each row.

    Of the sum it takes none of the ranges for a way into the index, and enters it by the one kind that is asked for.
    """
    first = [each for each in RARE_KINDS if each - 1 not in RARE_KINDS]
    last = [each for each in RARE_KINDS if each + 1 not in RARE_KINDS]
    number = kind + literal_column("0")
    return or_(
        *(number.between(literal_column(str(a)), literal_column(str(b))) for a, b in zip(first, last, strict=True))
    )


_IS_RARE = is_rare(column("kind"))

# Append-only. On PostgreSQL `tx` is the writing transaction: a reader that resumes by (tx, position) and stops
# before transactions that still run misses nothing. On SQLite there is one writer, and `tx` stays 0.
event = Table(
    "event",
    metadata,
    Column("position", Serial, primary_key=True),
    Column("tx", BigInteger, nullable=False, server_default=text("0")),
    Column("process_id", HexId, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Small, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Integer),
    Column("activity", Text),
    Column("item", Integer),
    Column("detail", Document),
    Column("command_id", HexId),
    Index("uq_event_process", "process_id", "number", unique=True),  # the timeline of a process
    Index("ix_event_rare", "kind", "process_id", sqlite_where=_IS_RARE, postgresql_where=_IS_RARE),  # who has had one
    Index("ix_event_resume", "tx", "position").ddl_if(dialect="postgresql"),  # subscriptions
    sqlite_autoincrement=True,
)
