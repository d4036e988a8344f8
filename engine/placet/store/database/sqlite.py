"""SQLite: aiosqlite connections, each with its thread.

The writer waits for the lock and for the disk there and runs its statements on the loop's thread. A read runs as a
whole in its thread, or on the loop's where it is brief.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection

from placet.errors import InvalidInput, NotFound
from placet.store.database.brief import Brief, NotBrief
from placet.store.database.errors import translate
from placet.store.database.interface import READERS, T, WriteConnection
from placet.store.database.sqlite_connection import BUSY_SECONDS, SqliteConnection

WRITER_PRAGMAS = ("busy_timeout=0", "journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY")
READER_PRAGMAS = ("query_only=ON", "temp_store=MEMORY")
BRIEF_PRAGMAS = ("busy_timeout=0", *READER_PRAGMAS)


def sqlite_path(url: str) -> str:
    """The file of a `sqlite:///path` URL."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.startswith(":memory:"):
        raise InvalidInput(f"{url!r} is not a database file; write sqlite:///placet.db or sqlite:////absolute/path.db.")
    return path.partition("?")[0]


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
        deadline = time.monotonic() + BUSY_SECONDS
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

    async def run_aside(self, work: Callable[[Connection], T]) -> T:
        return await self._connection.in_thread(work, self._connection.sa)

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
        self._free = READERS  # connections that may still be opened
        self._brief: tuple[SqliteConnection, Brief] | None = None
        self._opening = asyncio.Lock()

    async def connect_writer(self, *, patient: bool = False) -> WriteConnection:
        return SqliteWriteConnection(await SqliteConnection.open(self.path, *WRITER_PRAGMAS))

    async def read(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:
        try:
            if brief:
                try:
                    return await self._read_here(work)
                except NotBrief:
                    await self._close_brief()
            async with self._reader() as reader:
                return await reader.in_thread(_in_one_state, reader, work)
        except Exception as failure:
            raise translate(failure) or failure from failure

    async def _read_here(self, work: Callable[[Connection], T]) -> T:
        """Run a read on the loop's thread; nothing awaits in between, so that one connection serves all."""
        connection, brief = self._brief or await self._open_brief()
        return _in_one_state(connection, lambda tx: brief.run(lambda: work(tx)))

    async def _open_brief(self) -> tuple[SqliteConnection, Brief]:
        async with self._opening:
            if self._brief is None:
                self._require_file()
                connection = await SqliteConnection.open(self.path, *BRIEF_PRAGMAS)
                self._brief = connection, Brief(connection.raw)
            return self._brief

    async def _close_brief(self) -> None:
        """Close the connection of brief reads; the next of them opens another."""
        held, self._brief = self._brief, None
        if held is not None:
            await held[0].close()

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[SqliteConnection]:
        """A connection that nobody else reads from: an open cursor would pin everybody's view of the data."""
        if self._idle.empty() and self._free:
            self._require_file()
            self._free -= 1
            try:
                reader = await SqliteConnection.open(self.path, *READER_PRAGMAS)
            except BaseException:
                self._free += 1
                raise
            self._readers.append(reader)
        else:
            async with asyncio.timeout(BUSY_SECONDS):
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
        await self._close_brief()
        for reader in self._readers:
            await reader.close()
        self._readers, self._idle, self._free = [], asyncio.LifoQueue(), READERS


def _in_one_state(reader: SqliteConnection, work: Callable[[Connection], T]) -> T:
    """All statements of one read see the same state of the database."""
    reader.raw.execute("BEGIN")  # the driver would begin nothing
    try:
        return work(reader.sa)
    finally:
        reader.sa.rollback()
        if reader.raw.in_transaction:
            reader.raw.execute("ROLLBACK")
