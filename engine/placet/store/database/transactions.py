"""PostgreSQL's transactions as numbers, which order the events of writers that commit at the same time.

Another server counts its own transactions: a dump that is restored there brings events whose numbers that server has
not reached. From then on something is added to its numbers, so that new events follow the old ones and a position that
a subscriber holds goes on meaning what it meant. What is added stands in one place, the default of the column.

SQLite has one writer; the positions of its events are in order by themselves.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, text

#: What this server's numbers lack; the only digits in the default of `event.tx`.
_ADDED = r"""
coalesce((
    SELECT substring(pg_get_expr(default_.adbin, default_.adrelid) FROM '[0-9]+')::bigint
    FROM pg_attrdef default_ JOIN pg_attribute column_ ON (attrelid, attnum) = (adrelid, adnum)
    WHERE adrelid = 'event'::regclass AND attname = 'tx'
), 0)
"""
#: No transaction that any statement can see has this number or a higher one.
_NEXT = f"pg_snapshot_xmax(pg_current_snapshot())::text::bigint + {_ADDED}"
_OLDEST_RUNNING = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_AHEAD = text(f"SELECT coalesce(max(tx), 0) >= {_NEXT} FROM event")  # noqa: S608  # nothing in it is anybody's input
_MISSING = text(f"SELECT max(tx) + 1 - {_OLDEST_RUNNING} FROM event")  # noqa: S608  # as above


def readable_events(tx: Connection, transaction: ColumnElement[Any]) -> ColumnElement[bool] | None:
    """The events that a resuming reader may see, or None for all of them.

    On PostgreSQL positions are given out before they are committed, so that he stops before transactions that may
    still run.
    """
    if tx.dialect.name != "postgresql":
        return None
    return transaction < literal_column(f"{_OLDEST_RUNNING} + {_ADDED}")


def events_are_ahead(tx: Connection) -> bool:
    """Whether there are events of transactions that this server cannot have run: they come from another one."""
    return tx.dialect.name == "postgresql" and bool(tx.execute(_AHEAD).scalar())


def let_events_go_on(tx: Connection) -> None:
    """Number the transactions from now on so that they follow all events that there are."""
    tx.execute(text("LOCK TABLE event IN ACCESS EXCLUSIVE MODE"))  # and only then look who still runs
    missing = int(tx.execute(_MISSING).scalar_one())
    tx.execute(text(f"ALTER TABLE event ALTER COLUMN tx SET DEFAULT pg_current_xact_id()::text::bigint + {missing}"))
