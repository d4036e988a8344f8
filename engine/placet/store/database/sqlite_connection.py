"""One connection to a SQLite file, with its thread."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import aiosqlite
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from placet.errors import InvalidInput, PlacetError, Unavailable
from placet.query.folding import fold_text
from placet.store.database.interface import ENGINE_OPTIONS, T
from placet.store.database.statements import Statements

#: How long another program's lock is waited for.
BUSY_SECONDS = 5
_PREPARED = 128  # statements, as the driver has it by itself


class SqliteConnection(aiosqlite.Connection):
    """An aiosqlite connection that is handed whole functions: one trip to its thread, not one for each statement."""

    sa: Connection  # over the same SQLite connection
    _path: str
    _file: tuple[int, int] | None

    def __init__(self, path: str, *pragmas: str, statements: int | None) -> None:
        super().__init__(lambda: _connect(path, pragmas, statements), iter_chunk_size=64)

    @classmethod
    async def open(cls, path: str, *pragmas: str, statements: int | None = None) -> Self:
        """A connection that is set up by these pragmas; one for questions keeps no more than so many statements."""
        connection = cls(path, *pragmas, statements=statements)
        try:
            await connection
        except sqlite3.Error as failure:
            await asyncio.to_thread(connection._thread.join)  # it still speaks to this loop when it ends
            raise _cannot_open(path, failure) from failure
        raw, connection._path, connection._file = connection.raw, path, _file_of(path)
        connection.sa = create_engine(
            "sqlite://", creator=lambda: raw, poolclass=StaticPool, **ENGINE_OPTIONS
        ).connect()
        if statements is not None:
            connection.sa.execution_options(compiled_cache=Statements())
        return connection

    @property
    def is_open(self) -> bool:
        return self._running

    @property
    def raw(self) -> sqlite3.Connection:
        return self._conn

    def require_same_file(self) -> None:
        """Refuse to write to a file that was removed or replaced: what it took would be lost with it."""
        if _file_of(self._path) != self._file:
            raise was_removed(self._path)

    async def in_thread(self, work: Callable[..., T], *args: Any) -> T:
        """Run a function in this connection's thread."""
        answer: T = await self._execute(work, *args)  # type: ignore[no-untyped-call]  # inherited, and untyped there
        return answer

    async def close(self) -> None:
        self.sa.close()
        await super().close()


def was_removed(path: str) -> Unavailable:
    """What is told where the file of an open database is another one now, or none."""
    return Unavailable(
        "The database was removed or replaced while open; this engine has to be restarted.",
        f"The database {path} was removed or replaced while open; restart the engine.",
    )


def _file_of(path: str) -> tuple[int, int] | None:
    """Which file a path leads to."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _cannot_open(path: str, failure: sqlite3.Error) -> PlacetError:
    code = failure.sqlite_errorcode & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return InvalidInput(
            "The database is not a SQLite database.",
            f"{path} is not a SQLite database; name another file, or move it away.",
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return InvalidInput(
            "The database cannot be opened.",
            f"The database {path} cannot be opened ({failure}); it has to be a file that this program may write to, "
            "in a folder that it may write to as well.",
        )
    return Unavailable(
        "The database cannot be opened; try again in a moment.",
        f"The database {path} cannot be opened ({failure}); try again in a moment.",
    )


def _connect(path: str, pragmas: Sequence[str], statements: int | None) -> sqlite3.Connection:
    kept = _PREPARED if statements is None else statements
    raw = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS, cached_statements=kept
    )
    for pragma in pragmas:
        _set(raw, pragma)
    raw.create_function("placet_fold", 1, _fold, deterministic=True)
    return raw


def _fold(value: Any) -> Any:
    return fold_text(value) if isinstance(value, str) else value


def _set(raw: sqlite3.Connection, pragma: str) -> None:
    """Run a pragma; SQLite itself does not wait for another program that makes the same new file a WAL file."""
    patience = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.01)
