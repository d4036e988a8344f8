"""Opening a database: the only file, with `writer.py`, that knows one kind from the other.

SQLite: one writing connection of our own (`BEGIN IMMEDIATE` and `COMMIT` in a thread, statements on the loop's
thread), reads through a pool of aiosqlite connections. PostgreSQL: asyncpg for both.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import Connection, create_engine, event
from sqlalchemy import exc as sa_exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from placet.errors import InvalidInput, PlacetError, Unavailable

T = TypeVar("T")

_BUSY_SECONDS = 5
_READERS = 4


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


_JSON: dict[str, Any] = {"json_serializer": _dumps, "json_deserializer": orjson.loads}


class WriteConnection(Protocol):
    """One connection that writes: a transaction at a time, whose statements are plain synchronous functions."""

    async def begin(self) -> None: ...

    async def run(self, work: Callable[[Connection], T]) -> T: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

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


def _plain(failure: BaseException) -> str:
    """The driver's own words on one line, without the statement and its values."""
    original = getattr(failure, "orig", None) or failure
    return re.sub(r"<class '[^']*'>:\s*", "", str(original)).strip().split("\n")[0][:200] or type(original).__name__


# -- SQLite --------------------------------------------------------------------------------------


def sqlite_path(url: str) -> str:
    """The file of a `sqlite:///path` URL."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.startswith(":memory:"):
        raise InvalidInput(f"{url!r} is not a database file; write sqlite:///placet.db or sqlite:////absolute/path.db.")
    return path.partition("?")[0]


def _prepare_sqlite(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA temp_store=MEMORY")


class SqliteWriteConnection:
    """The writer of a SQLite file. Only waiting for the lock and for the disk leaves the loop's thread."""

    def __init__(self, path: str) -> None:
        self._raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        self._raw.execute("PRAGMA journal_mode=WAL")
        _prepare_sqlite(self._raw)
        self._sa_engine = create_engine("sqlite://", creator=lambda: self._raw, poolclass=StaticPool, **_JSON)
        self._connection = self._sa_engine.connect()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="placet-writer")

    async def begin(self) -> None:
        try:
            self._raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:  # another program writes: wait for it off the loop
            await self._in_thread(self._begin_patiently)

    def _begin_patiently(self) -> None:
        self._raw.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
        try:
            self._raw.execute("BEGIN IMMEDIATE")
        finally:
            self._raw.execute("PRAGMA busy_timeout=0")

    async def run(self, work: Callable[[Connection], T]) -> T:
        return work(self._connection)

    async def commit(self) -> None:
        await self._in_thread(self._raw.execute, "COMMIT")
        self._connection.rollback()  # ends SQLAlchemy's own idea of a transaction; the database has none any more

    async def rollback(self) -> None:
        if self._raw.in_transaction:
            await self._in_thread(self._raw.execute, "ROLLBACK")
        self._connection.rollback()

    async def _in_thread(self, work: Callable[..., object], *args: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def close(self) -> None:
        self._connection.close()
        self._sa_engine.dispose()
        self._thread.shutdown()
        self._raw.close()


class SqliteDatabase:
    writers = 1

    def __init__(self, url: str) -> None:
        self.path = sqlite_path(url)
        folder = Path(self.path).parent
        if not folder.is_dir():
            raise InvalidInput(f"There is no folder {str(folder)!r} for the database {self.path!r}; make it first.")
        self._sa_engine = create_async_engine(
            f"sqlite+aiosqlite:///{self.path}",
            pool_size=_READERS,
            max_overflow=0,
            pool_timeout=_BUSY_SECONDS,
            connect_args={"isolation_level": None, "timeout": _BUSY_SECONDS},
            **_JSON,
        )
        event.listen(self._sa_engine.sync_engine, "connect", _prepare_reader)
        event.listen(self._sa_engine.sync_engine, "begin", _begin_reading)

    async def connect_writer(self) -> WriteConnection:
        return SqliteWriteConnection(self.path)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await _read(self._sa_engine, work)

    async def close(self) -> None:
        await self._sa_engine.dispose()


def _prepare_reader(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")  # the driver would begin nothing, and each statement see another state


async def _read(sa_engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    try:
        async with sa_engine.connect() as connection:
            return await connection.run_sync(work)
    except Exception as failure:
        translated = translate(failure)
        if translated is None or translated is failure:
            raise
        raise translated from failure


# -- PostgreSQL ----------------------------------------------------------------------------------


class PostgresWriteConnection:
    """A writing connection to PostgreSQL; gives its locks back when its node stops in the middle."""

    def __init__(self, sa_engine: AsyncEngine) -> None:
        self._sa_engine = sa_engine
        self._connection: AsyncConnection | None = None

    async def begin(self) -> None:
        if self._connection is not None and (self._connection.closed or self._connection.invalidated):
            await self._drop()
        if self._connection is None:
            self._connection = await self._sa_engine.connect()
        await self._connection.begin()

    async def run(self, work: Callable[[Connection], T]) -> T:
        assert self._connection is not None
        return await self._connection.run_sync(work)

    async def commit(self) -> None:
        assert self._connection is not None
        await self._connection.commit()

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
        return await _read(self._readers, work)

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
