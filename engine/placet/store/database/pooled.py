"""PostgreSQL behind a pooler of transactions: each of them may run on another session, and none leaves anything there.

What a session of our own is told once when it begins, every transaction is told here in its first statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_SESSION = "session"


class Session(NamedTuple):
    """A session of the server, as far as it is ours: with a `transaction`, for as long as it is at that one."""

    pid: int
    transaction: str | None = None


def arguments() -> dict[str, Any]:
    """What asyncpg is asked for so that no statement counts on the session of the one before it.

    It then parses each statement anew under no name. What SQLAlchemy keeps of statements may stay: their types.
    """
    return {"statement_cache_size": 0}


def tell_sessions_apart(sa_engine: AsyncEngine) -> None:
    """Note of each connection which session of the server it is."""

    def connected(connection: Any, record: Any) -> None:
        record.info[_SESSION] = Session(connection.driver_connection.get_server_pid())

    event.listen(sa_engine.sync_engine, "connect", connected)


def tell_each_transaction(sa_engine: AsyncEngine, settings: Mapping[str, str], *, writes: bool) -> None:
    """Have each transaction begin with these settings, which end with it, and note on which session one that writes is.

    What the pooler has told of its sessions when we connected is made up.
    """
    told = [f"set_config('{name}', '{value}', true)" for name, value in settings.items()]
    whose = ["pg_backend_pid()", "pg_current_xact_id()::xid::text"] if writes else []
    statement = "SELECT " + ", ".join(whose + told)

    def begun(connection: Connection) -> None:
        row = connection.exec_driver_sql(statement).one()
        if writes:
            connection.info[_SESSION] = Session(row[0], row[1])

    event.listen(sa_engine.sync_engine, "begin", begun)


def session_of(info: Mapping[str, Any]) -> Session:
    """The session that a connection is on, by what was noted of it."""
    session: Session = info[_SESSION]
    return session
