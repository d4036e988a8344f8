"""Opening a database: the only file, with `writer.py`, that knows one kind from the other.

SQLite: aiosqlite connections, each with its thread. The writer waits for the lock and for the disk there and runs its
statements on the loop's thread; a read runs as a whole in its thread. PostgreSQL: asyncpg for both.
"""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import aiosqlite
import orjson
from sqlalchemy import ColumnElement, Connection, Table, create_engine, literal_column, text
from sqlalchemy import exc as sa_exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from placet.errors import Conflict, InvalidInput, NotFound, PlacetError, Unavailable

T = TypeVar("T")

_BUSY_SECONDS = 5
_READERS = 4
_MIGRATIONS = 7_022_608  # any fixed number: the name of our advisory lock


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


_JSON: dict[str, Any] = {"json_serializer": _dumps, "json_deserializer": orjson.loads}


class WriteConnection(Protocol):
    """One connection that writes: a transaction at a time, whose statements are plain synchronous functions."""

    async def begin(self) -> None: ...

    async def run(self, work: Callable[[Connection], T]) -> T: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

    async def end_doubt(self) -> None:
        """Return once a transaction whose COMMIT was not answered has ended, one way or the other."""

    async def close(self) -> None: ...


class Database(Protocol):
    """One opened database."""

    writers: int  # how many connections may write at the same time

    async def connect_writer(self) -> WriteConnection: ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a store function in a read transaction of its own; sees everything that was committed before."""

    async def close(self) -> None: ...


#: The database's objection is to what it was given.
_REFUSALS = (sa_exc.IntegrityError, sa_exc.DataError, sa_exc.ProgrammingError)


def translate(failure: BaseException) -> PlacetError | None:
    """What a driver's error means to a caller; None where it is about the data and not about the database."""
    if isinstance(failure, PlacetError):
        return failure
    if isinstance(failure, sa_exc.DBAPIError):
        if isinstance(failure, _REFUSALS) and not failure.connection_invalidated:
            return None
    elif not isinstance(failure, (sa_exc.TimeoutError, sqlite3.OperationalError, OSError)):
        return None
    return Unavailable(f"The database cannot take this now ({_plain(failure)}); try again in a moment.")


def refusal_of(failure: BaseException) -> PlacetError | None:
    """What it means to the caller of one command that the database refused to store it."""
    if isinstance(failure, sa_exc.IntegrityError):
        return Conflict("What this command makes is there already: it has been sent before, or its id is taken.")
    return None


def _plain(failure: BaseException) -> str:
    """The driver's own words on one line, without the statement and its values."""
    original = getattr(failure, "orig", None) or failure
    return re.sub(r"<class '[^']*'>:\s*", "", str(original)).strip().split("\n")[0][:200] or type(original).__name__


# -- what the statements of both have to know -------------------------------------------------------


def insert_into(tx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what to do where a row is there already; both databases spell that alike."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def lock_migrations(tx: Connection) -> None:
    """Let one program migrate at a time; on SQLite the transaction itself does that."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATIONS})


def readable_events(tx: Connection, transaction: ColumnElement[Any]) -> ColumnElement[bool] | None:
    """The events that a resuming reader may see, or None for all of them.

    On PostgreSQL positions are given out before they are committed, so that he stops before transactions that may
    still run. SQLite has one writer, and the positions alone are in order.
    """
    if tx.dialect.name != "postgresql":
        return None
    return transaction < literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


# -- SQLite --------------------------------------------------------------------------------------


def sqlite_path(url: str) -> str:
    """The file of a `sqlite:///path` URL."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.startswith(":memory:"):
        raise InvalidInput(f"{url!r} is not a database file; write sqlite:///placet.db or sqlite:////absolute/path.db.")
    return path.partition("?")[0]


class SqliteConnection(aiosqlite.Connection):
    """An aiosqlite connection that is handed whole functions: one trip to its thread, not one for each statement."""

    sa: Connection  # over the same SQLite connection
    _path: str
    _file: tuple[int, int] | None

    def __init__(self, path: str, *pragmas: str) -> None:
        super().__init__(lambda: _connect(path, pragmas), iter_chunk_size=64)

    @classmethod
    async def open(cls, path: str, *pragmas: str) -> Self:
        connection = cls(path, *pragmas)
        try:
            await connection
        except sqlite3.Error as failure:
            await asyncio.to_thread(connection._thread.join)  # it still speaks to this loop when it ends
            raise _cannot_open(path, failure) from failure
        raw, connection._path, connection._file = connection.raw, path, _file_of(path)
        connection.sa = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, **_JSON).connect()
        return connection

    @property
    def raw(self) -> sqlite3.Connection:
        return self._conn

    def require_same_file(self) -> None:
        """Refuse to write to a file that was removed or replaced: what it took would be lost with it."""
        if _file_of(self._path) != self._file:
            raise Unavailable(f"The database {self._path} was removed or replaced while open; restart the engine.")

    async def in_thread(self, work: Callable[..., T], *args: Any) -> T:
        """Run a function in this connection's thread."""
        answer: T = await self._execute(work, *args)  # type: ignore[no-untyped-call]  # inherited, and untyped there
        return answer

    async def close(self) -> None:
        self.sa.close()
        await super().close()


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
        return InvalidInput(f"{path} is not a SQLite database; name another file, or move it away.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return InvalidInput(
            f"The database {path} cannot be opened ({failure}); it has to be a file that this program may write to, "
            "in a folder that it may write to as well."
        )
    return Unavailable(f"The database {path} cannot be opened ({failure}); try again in a moment.")


def _connect(path: str, pragmas: Sequence[str]) -> sqlite3.Connection:
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
    for pragma in pragmas:
        _set(raw, pragma)
    return raw


def _set(raw: sqlite3.Connection, pragma: str) -> None:
    """Run a pragma; SQLite itself does not wait for another program that makes the same new file a WAL file."""
    patience = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            raw.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.01)


class SqliteWriteConnection:
    """The writer of a SQLite file. Only waiting for the lock and for the disk leaves the loop's thread."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    async def begin(self) -> None:
        self._connection.require_same_file()
        try:
            self._connection.raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:  # another program writes: wait for it off the loop
            await self._connection.in_thread(self._begin_patiently)

    def _begin_patiently(self) -> None:
        """Ask every millisecond: SQLite itself asks ten times a second, and hardly ever meets a busy program's gaps."""
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._connection.raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as failure:
                if failure.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(0.001)

    async def run(self, work: Callable[[Connection], T]) -> T:
        return work(self._connection.sa)

    async def commit(self) -> None:
        await self._connection.in_thread(self._connection.raw.execute, "COMMIT")
        self._connection.sa.rollback()  # ends SQLAlchemy's own idea of a transaction; the database has none any more

    async def rollback(self) -> None:
        if self._connection.raw.in_transaction:
            await self._connection.in_thread(self._connection.raw.execute, "ROLLBACK")
        self._connection.sa.rollback()

    async def end_doubt(self) -> None:
        """A file has no other end: what was not committed has been rolled back."""

    async def close(self) -> None:
        await self._connection.in_thread(self._optimize)
        await self._connection.close()

    def _optimize(self) -> None:
        """Let SQLite look at how its tables have grown, so that it chooses indexes by what is so."""
        try:
            self._connection.raw.execute("PRAGMA analysis_limit=1000")
            self._connection.raw.execute("PRAGMA optimize")
        except sqlite3.OperationalError:  # another program writes; it will do so when it closes
            return


class SqliteDatabase:
    writers = 1

    def __init__(self, url: str) -> None:
        self.path = sqlite_path(url)
        folder = Path(self.path).parent
        if not folder.is_dir():
            raise InvalidInput(f"There is no folder {str(folder)!r} for the database {self.path!r}; make it first.")
        self._idle: asyncio.LifoQueue[SqliteConnection] = asyncio.LifoQueue()
        self._readers: list[SqliteConnection] = []
        self._free = _READERS  # connections that may still be opened

    async def connect_writer(self) -> WriteConnection:
        pragmas = ("busy_timeout=0", "journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY")
        return SqliteWriteConnection(await SqliteConnection.open(self.path, *pragmas))

    async def read(self, work: Callable[[Connection], T]) -> T:
        try:
            async with self._reader() as reader:
                return await reader.in_thread(_in_one_state, reader, work)
        except Exception as failure:
            raise translate(failure) or failure from failure

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[SqliteConnection]:
        """A connection that nobody else reads from: an open cursor would pin everybody's view of the data."""
        if self._idle.empty() and self._free:
            self._require_file()
            self._free -= 1
            try:
                reader = await SqliteConnection.open(self.path, "query_only=ON", "temp_store=MEMORY")
            except BaseException:
                self._free += 1
                raise
            self._readers.append(reader)
        else:
            async with asyncio.timeout(_BUSY_SECONDS):
                reader = await self._idle.get()
        try:
            yield reader
        finally:
            self._idle.put_nowait(reader)

    def _require_file(self) -> None:
        """Refuse to read a file that is not there: SQLite would make an empty one."""
        if not Path(self.path).exists():
            raise NotFound(f"There is no database {self.path}; `placet serve` or `placet migrate` makes one.")

    async def close(self) -> None:
        for reader in self._readers:
            await reader.close()
        self._readers, self._idle, self._free = [], asyncio.LifoQueue(), _READERS


def _in_one_state(reader: SqliteConnection, work: Callable[[Connection], T]) -> T:
    """All statements of one read see the same state of the database."""
    reader.raw.execute("BEGIN")  # the driver would begin nothing
    try:
        return work(reader.sa)
    finally:
        reader.sa.rollback()
        if reader.raw.in_transaction:
            reader.raw.execute("ROLLBACK")


# -- PostgreSQL ----------------------------------------------------------------------------------


#: Ends one of our own sessions and waits for that; true as well where it has ended by itself.
_END_SESSION = text(
    "SELECT coalesce(bool_and(pg_terminate_backend(pid, 5000)), true) FROM pg_stat_activity"
    " WHERE pid = :session AND pid <> pg_backend_pid() AND usename = current_user AND datname = current_database()"
)


class PostgresWriteConnection:
    """A writing connection to PostgreSQL; gives its locks back when its node stops in the middle."""

    def __init__(self, sa_engine: AsyncEngine) -> None:
        self._sa_engine = sa_engine
        self._connection: AsyncConnection | None = None
        self._session: int | None = None
        self._doubtful: int | None = None  # the session whose COMMIT was not answered

    async def begin(self) -> None:
        if self._connection is not None and (self._connection.closed or self._connection.invalidated):
            await self._drop()
        if self._connection is None:
            self._connection = await self._sa_engine.connect()
            raw = await self._connection.get_raw_connection()
            self._session = raw.driver_connection.get_server_pid()  # type: ignore[union-attr]  # it is asyncpg's
        await self._connection.begin()

    async def run(self, work: Callable[[Connection], T]) -> T:
        assert self._connection is not None
        return await self._connection.run_sync(work)

    async def commit(self) -> None:
        assert self._connection is not None
        try:
            await self._connection.commit()
        except BaseException:
            self._doubtful = self._session
            raise

    async def end_doubt(self) -> None:
        """End the session that may still be about to commit: until then its commands have neither happened nor not."""
        if not await self.run(lambda tx: tx.execute(_END_SESSION, {"session": self._doubtful}).scalar()):
            raise Unavailable("A session that had to commit does not end; try again in a moment.")
        self._doubtful = None

    async def rollback(self) -> None:
        if self._connection is None:
            return
        try:
            await self._connection.rollback()
        except (sa_exc.SQLAlchemyError, OSError):
            await self._drop()

    async def _drop(self) -> None:
        assert self._connection is not None
        connection, self._connection = self._connection, None
        try:
            await connection.invalidate()
            await connection.close()
        except (sa_exc.SQLAlchemyError, OSError):
            return

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


class PostgresDatabase:
    writers = 2

    def __init__(self, url: str) -> None:
        address = "postgresql+asyncpg://" + url.partition("://")[2]
        limits = {"application_name": "placet", "jit": "off"}
        writer_limits = {**limits, "idle_in_transaction_session_timeout": "1500", "lock_timeout": "1000"}
        shared: dict[str, Any] = {"pool_timeout": _BUSY_SECONDS, **_JSON}
        self._readers = create_async_engine(
            address, pool_size=_READERS, max_overflow=4, connect_args={"server_settings": limits}, **shared
        )
        self._writers = create_async_engine(
            address, pool_size=self.writers + 1, connect_args={"server_settings": writer_limits}, **shared
        )

    async def connect_writer(self) -> WriteConnection:
        return PostgresWriteConnection(self._writers)

    async def read(self, work: Callable[[Connection], T]) -> T:
        try:
            async with self._readers.connect() as connection:
                return await connection.run_sync(work)
        except Exception as failure:
            raise translate(failure) or failure from failure

    async def close(self) -> None:
        await self._readers.dispose()
        await self._writers.dispose()


def open_database(url: str) -> Database:
    """The database behind a URL; nothing is connected to yet."""
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        return SqliteDatabase(url)
    if scheme in ("postgresql", "postgres"):
        return PostgresDatabase(url)
    raise InvalidInput(
        f"{scheme!r} is not a kind of database that Placet knows; write sqlite:///path or postgresql://user@host/name."
    )


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A database for the length of a block."""
    database = open_database(url)
    try:
        yield database
    finally:
        await database.close()
