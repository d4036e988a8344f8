"""Drivers' errors: what they mean to a caller, and whether the same work may succeed when it is run again."""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy import exc as sa_exc

from placet.errors import Conflict, InvalidInput, PlacetError, Unavailable

#: The database's objection is to what it was given.
_REFUSALS = (sa_exc.IntegrityError, sa_exc.DataError, sa_exc.ProgrammingError)
#: Another transaction was in the way: serialization failure, deadlock, a lock that did not come in time.
_LOST_LOCKS = ("40001", "40P01", "55P03")
#: It is a standby, or is to become one.
_TAKES_NO_WRITES = "25006"
#: The session has ended, could not begin, or is at the wrong server: connection exceptions, the server stops or starts.
_LOST_CONNECTIONS = ("08", "57P01", "57P02", "57P03", _TAKES_NO_WRITES)
#: What a pooler says to the settings of a session, which are none of its own to it.
_NO_SESSION = ("08P01", "unsupported startup parameter")
#: A statement was ended before it was done.
_CANCELLED = "57014"
#: The role may not do this.
_LACKS_RIGHTS = "42501"
#: No such table, no such column.
_FOREIGN_TABLES = ("42P01", "42703")


def translate(failure: BaseException) -> PlacetError | None:
    """What a driver's error means to a caller; None where it is about the data and not about the database."""
    if isinstance(failure, PlacetError):
        return failure
    if getattr(_original(failure), "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
        return InvalidInput("The file is not a SQLite database; name another with --database or in `database_url`.")
    if _lacks_tables(failure):
        return Unavailable(
            f"The tables of the database are not those of this release ({in_words(failure)}); run `placet migrate`."
        )
    if getattr(_original(failure), "sqlstate", None) == _LACKS_RIGHTS:
        return Unavailable(
            f"The role of database_url may not do this ({in_words(failure)}); the tables, and a schema of its own for "
            "the queue of jobs, take a role that owns the database."
        )
    if _meets_a_pooler(failure):
        return InvalidInput(
            f"The setting database_url leads to a pooler of connections ({in_words(failure)}): set database_direct_url"
            " to the address of PostgreSQL itself as well."
        )
    if isinstance(failure, sa_exc.TimeoutError):
        return none_free()
    if isinstance(failure, sa_exc.DBAPIError):
        if isinstance(failure, _REFUSALS) and not failure.connection_invalidated:
            return None
    elif not isinstance(failure, (sqlite3.OperationalError, OSError)):
        return None
    return Unavailable(f"The database cannot take this now ({in_words(failure)}); try again in a moment.")


def none_free() -> Unavailable:
    """What is told where all connections for reading are at work."""
    return Unavailable(
        "This node reads so much at the moment that no connection to its database has become free in time; "
        "try again in a moment."
    )


def _original(failure: BaseException) -> object:
    """The driver's own error: SQLAlchemy wraps it."""
    return getattr(failure, "orig", failure)


def is_there_already(failure: BaseException) -> bool:
    """Whether what was to be made is there, maybe since a moment ago: who looks once more finds it."""
    return isinstance(failure, sa_exc.IntegrityError)


def refusal_of(failure: BaseException) -> PlacetError | None:
    """What it means to the caller of one command that the database refused to store it."""
    if is_there_already(failure):
        return Conflict("What this command makes is there already: it has been sent before, or its id is taken.")
    return None


def lost_a_lock(failure: BaseException) -> bool:
    """Whether another transaction was in the way."""
    return _sqlstate(failure) in _LOST_LOCKS


def lost_connection(failure: BaseException) -> bool:
    """Whether the wire or the session is gone; what was not committed then did not happen."""
    if isinstance(failure, sa_exc.DBAPIError):
        return failure.connection_invalidated or _sqlstate(failure).startswith(_LOST_CONNECTIONS)
    return isinstance(failure, (ConnectionError, TimeoutError))


def was_cancelled(failure: BaseException) -> bool:
    """Whether PostgreSQL ended a statement that took longer than it may."""
    return _sqlstate(failure) == _CANCELLED


def takes_no_writes(failure: BaseException | None) -> bool:
    """Whether a session is at a server that only reads, where another may be the one that writes."""
    return failure is not None and _sqlstate(failure) == _TAKES_NO_WRITES


def may_pass(failure: BaseException) -> bool:
    """Whether the same transaction, of which nothing was committed, may succeed when it is run again at once."""
    return lost_a_lock(failure) or lost_connection(failure)


def _lacks_tables(failure: BaseException) -> bool:
    original = getattr(failure, "orig", failure)
    if isinstance(original, sqlite3.OperationalError):
        return str(original).startswith(("no such table", "no such column"))
    return _sqlstate(failure) in _FOREIGN_TABLES


def _meets_a_pooler(failure: BaseException) -> bool:
    code, words = _NO_SESSION
    return _sqlstate(failure) == code and words in str(failure)


def _sqlstate(failure: BaseException) -> str:
    """PostgreSQL's code for what went wrong, or nothing."""
    return getattr(getattr(failure, "orig", None), "sqlstate", None) or ""


def in_words(failure: BaseException) -> str:
    """The driver's own words on one line, without the statement and its values."""
    original = getattr(failure, "orig", None) or failure
    if isinstance(original, TimeoutError):
        return "it does not answer"
    return re.sub(r"<class '[^']*'>:\s*", "", str(original)).strip().split("\n")[0][:200] or type(original).__name__
