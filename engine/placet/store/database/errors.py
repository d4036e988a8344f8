"""Drivers' errors: what they mean to a caller, and whether the same work may succeed when it is run again."""

from __future__ import annotations

import re
import socket
import sqlite3
import ssl

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
#: Who signs in is not let in, or there is no such database.
_NOT_LET_IN = ("28", "3D000")
#: The code with which a pooler refuses anything, and what it says to the settings of a session, which it knows not.
_OF_A_POOLER = "08P01"
_NO_SESSION = "unsupported startup parameter"
#: What it says to who is not let in; all else it says may pass.
_REFUSED_BY_A_POOLER = ("authentication failed", "does not exist", "no such")
#: What it says to a transaction where it hands on each statement by itself.
_NO_TRANSACTION = "transaction blocks not allowed"
#: A statement was ended before it was done.
_CANCELLED = "57014"
#: A value that no column takes: out of range, or with characters that cannot be stored.
_BAD_VALUES = "22"
#: The role may not do this.
_LACKS_RIGHTS = "42501"
#: A table of this name is there.
_IN_THE_WAY = "42P07"
#: No such table, no such column.
_FOREIGN_TABLES = ("42P01", "42703")
#: Where whoever asked can do nothing himself.
_LOGGED = "the log of this engine says more, for whoever runs it"


def translate(failure: BaseException) -> PlacetError | None:
    """What a driver's error means to a caller; None where it is about the data and not about the database."""
    if isinstance(failure, PlacetError):
        return failure
    if getattr(_original(failure), "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
        return InvalidInput("The file is not a SQLite database; name another with --database or in `database_url`.")
    if _lacks_tables(failure):
        return Unavailable(
            f"The tables of the database are not those of this release; {_LOGGED}.",
            f"The tables of the database are not those of this release ({in_words(failure)}); run `placet migrate`.",
        )
    if getattr(_original(failure), "sqlstate", None) == _LACKS_RIGHTS:
        return Unavailable(
            f"The database does not let this engine do this; {_LOGGED}.",
            f"The role of database_url may not do this ({in_words(failure)}); the tables, and a schema of its own for "
            "the queue of jobs, take a role that owns the database.",
        )
    if _meets_a_pooler(failure):
        return InvalidInput(
            f"The database cannot be used as this engine is set up; {_LOGGED}.",
            f"The setting database_url leads to a pooler of connections ({in_words(failure)}): set database_direct_url"
            " as well, to the address of PostgreSQL itself.",
        )
    if _sqlstate(failure).startswith("08") and _NO_TRANSACTION in in_words(failure):
        return InvalidInput(
            f"The database cannot be used as this engine is set up; {_LOGGED}.",
            f"The setting database_url leads to a pooler that hands on statements one by one ({in_words(failure)}): "
            "have it pool transactions.",
        )
    if isinstance(failure, sa_exc.TimeoutError):
        return none_free()
    if (trouble := _way_in(failure)) is not None:
        return trouble
    if isinstance(failure, sa_exc.DBAPIError):
        if isinstance(failure, _REFUSALS) and not failure.connection_invalidated:
            return None
    elif not isinstance(failure, (sqlite3.OperationalError, OSError)):
        return None
    return Unavailable(
        "The database cannot take this now; try again in a moment.",
        f"The database cannot take this now ({in_words(failure)}); try again in a moment.",
    )


def _way_in(failure: BaseException) -> Unavailable | None:
    """What keeps us out of the database altogether, and is not about what it was asked."""
    if _is_not_let_in(failure):
        return Unavailable(
            f"The database does not let this engine in; {_LOGGED}.",
            f"The database does not let this engine in ({in_words(failure)}); database_url has to name a role, its "
            "password and a database that is there, with @ and / in a password written as %40 and %2F.",
        )
    if isinstance(failure, (socket.gaierror, ssl.SSLError, ConnectionError)):
        return Unavailable(
            "The database cannot be reached; try again in a moment.",
            f"The database cannot be reached ({in_words(failure)}); try again in a moment, and see that it runs and "
            "that database_url is right.",
        )
    if takes_no_writes(failure):
        return Unavailable(
            "The database takes no writes at present; try again in a moment.",
            f"The database takes no writes ({in_words(failure)}): it is a standby, or is to be read only; try again "
            "once it takes them, or name the primary in database_url.",
        )
    return None


def none_free() -> Unavailable:
    """What is told where all connections for reading are at work."""
    return Unavailable(
        "This node reads so much at the moment that no connection to its database has become free in time; "
        "try again in a moment."
    )


def _original(failure: BaseException) -> object:
    """The driver's own error: SQLAlchemy wraps it."""
    return getattr(failure, "orig", failure)


def in_the_way(failure: BaseException) -> bool:
    """Whether a table or an index is there already that was to be made."""
    if isinstance(_original(failure), sqlite3.OperationalError):
        return str(_original(failure)).endswith("already exists")
    return _sqlstate(failure) == _IN_THE_WAY


def is_there_already(failure: BaseException) -> bool:
    """Whether what was to be made is there, maybe since a moment ago: who looks once more finds it."""
    return isinstance(failure, sa_exc.IntegrityError)


def refusal_of(failure: BaseException) -> PlacetError | None:
    """What it means to the caller of one command that the database refused to store it."""
    if is_there_already(failure):
        return Conflict("What this command makes is there already: it has been sent before, or its id is taken.")
    if refuses_values(failure):
        return InvalidInput(
            "The database cannot store a value of this command: a number out of range, or a character such as NUL; "
            "leave it out."
        )
    return None


def refuses_values(failure: BaseException) -> bool:
    """Whether the database cannot store what it was given, at no time."""
    return _sqlstate(failure).startswith(_BAD_VALUES)


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
    return _sqlstate(failure) == _OF_A_POOLER and _NO_SESSION in str(failure)


def _is_not_let_in(failure: BaseException) -> bool:
    words, code = in_words(failure), _sqlstate(failure)
    by_a_pooler = code == _OF_A_POOLER and any(each in words for each in _REFUSED_BY_A_POOLER)
    return by_a_pooler or code.startswith(_NOT_LET_IN)


def _sqlstate(failure: BaseException) -> str:
    """PostgreSQL's code for what went wrong, or nothing."""
    return getattr(getattr(failure, "orig", None), "sqlstate", None) or ""


def in_words(failure: BaseException) -> str:
    """The driver's own words on one line, without the statement and its values."""
    original = getattr(failure, "orig", None) or failure
    if isinstance(original, TimeoutError):
        return "it does not answer"
    return re.sub(r"<class '[^']*'>:\s*", "", str(original)).strip().split("\n")[0][:200] or type(original).__name__
