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
#: The session has ended, or could not begin: connection exceptions, the server stops or starts.
_LOST_CONNECTIONS = ("08", "57P01", "57P02", "57P03")
#: A statement was ended before it was done.
_CANCELLED = "57014"
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


def refusal_of(failure: BaseException) -> PlacetError | None:
    """What it means to the caller of one command that the database refused to store it."""
    if isinstance(failure, sa_exc.IntegrityError):
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


def may_pass(failure: BaseException) -> bool:
    """Whether the same transaction, of which nothing was committed, may succeed when it is run again at once."""
    return lost_a_lock(failure) or lost_connection(failure)


def _lacks_tables(failure: BaseException) -> bool:
    original = getattr(failure, "orig", failure)
    if isinstance(original, sqlite3.OperationalError):
        return str(original).startswith(("no such table", "no such column"))
    return _sqlstate(failure) in _FOREIGN_TABLES


def _sqlstate(failure: BaseException) -> str:
    """PostgreSQL's code for what went wrong, or nothing."""
    return getattr(getattr(failure, "orig", None), "sqlstate", None) or ""


def in_words(failure: BaseException) -> str:
    """The driver's own words on one line, without the statement and its values."""
    original = getattr(failure, "orig", None) or failure
    if isinstance(original, TimeoutError):
        return "it does not answer"
    return re.sub(r"<class '[^']*'>:\s*", "", str(original)).strip().split("\n")[0][:200] or type(original).__name__
