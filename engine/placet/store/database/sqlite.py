"""SQLite: aiosqlite connections, each with its thread.

The writer waits for the lock and for the disk there and runs its statements on the loop's thread. A read runs as a
whole in its thread, or on the loop's where it is brief.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from placet.errors import InvalidInput, NotFound
from placet.store.database.brief import Brief, NotBrief
from placet.store.database.errors import translate
from placet.store.database.interface import PREPARED_QUESTIONS, QUESTIONERS, READERS, T, WriteConnection
from placet.store.database.limit import Pace
from placet.store.database.sqlite_connection import BUSY_SECONDS, SqliteConnection, was_removed
from placet.store.database.sqlite_readers import SqliteReaders, in_one_state

WRITER_PRAGMAS = ("busy_timeout=0", "journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY")
READER_PRAGMAS = ("query_only=ON", "temp_store=MEMORY")
#: What people ask may sort millions of rows; that is done in files, in little memory.
QUESTIONER_PRAGMAS = ("query_only=ON", "temp_store=FILE")
BRIEF_PRAGMAS = ("busy_timeout=0", *READER_PRAGMAS)


def sqlite_path(url: str) -> str:
    """The file of a `sqlite:///path` URL."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.startswith(":memory:"):
        raise InvalidInput(f"{url!r} is not a database file; write sqlite:///placet.db or sqlite:////absolute/path.db.")
    return path.partition("?")[0]


class SqliteWriteConnection:
    """The writer of a SQLite file. Only waiting for the lock and for the disk leaves the loop's thread."""

    loses_answers = False
    keeps_the_loop = True

    def __init__(self, connection: SqliteConnection, pace: Pace) -> None:
        self._connection, self._pace = connection, pace
        self.in_doubt = False

    async def begin(self) -> None:
        self._connection.require_same_file()
        self._pace.begin_write()
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

    async def commit(self, last: Callable[[Connection], None] | None = None) -> None:
        self.in_doubt = False
        if last is not None:
            last(self._connection.sa)
        self.in_doubt = True
        await self._connection.in_thread(self._connection.raw.execute, "COMMIT")
        self._connection.sa.rollback()  # ends SQLAlchemy's own idea of a transaction; the database has none any more
        self._pace.end_write()

    async def rollback(self) -> None:
        self._pace.end_write()
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
        self._pace = Pace()
        self._was_opened = False
        self._readers = SqliteReaders(self.path, READERS, *READER_PRAGMAS, require_file=self._require_file)
        self._questioners = SqliteReaders(
            self.path, QUESTIONERS, *QUESTIONER_PRAGMAS, require_file=self._require_file, statements=PREPARED_QUESTIONS
        )
        self._brief: tuple[SqliteConnection, Brief] | None = None
        self._opening = asyncio.Lock()

    async def connect_writer(self, *, patient: bool = False) -> WriteConnection:
        connection = await SqliteConnection.open(self.path, *WRITER_PRAGMAS)
        self._was_opened = True
        return SqliteWriteConnection(connection, self._pace)

    def _require_file(self) -> None:
        """Refuse to read a file that is not there: SQLite would make an empty one."""
        if Path(self.path).exists():
            return
        if self._was_opened:
            raise was_removed(self.path)
        raise NotFound(f"There is no database {self.path}; `placet serve` or `placet migrate` makes one.")

    async def read(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:
        try:
            if brief:
                try:
                    return await self._read_here(work)
                except NotBrief:
                    await self._close_brief()
            return await self._readers.read(work)
        except Exception as failure:
            raise translate(failure) or failure from failure

    async def read_within(self, work: Callable[[Connection], T], seconds: float) -> T:
        try:
            return await self._questioners.read_within(work, seconds, self._pace)
        except Exception as failure:
            raise translate(failure) or failure from failure

    async def _read_here(self, work: Callable[[Connection], T]) -> T:
        """Run a read on the loop's thread; nothing awaits in between, so that one connection serves all."""
        connection, brief = self._brief or await self._open_brief()
        return in_one_state(connection, lambda tx: brief.run(lambda: work(tx)))

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

    async def close(self) -> None:
        await self._close_brief()
        await self._readers.close()
        await self._questioners.close()
