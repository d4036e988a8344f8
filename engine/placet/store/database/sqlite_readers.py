"""A few connections to a SQLite file that read, each for one reader at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import Connection

from placet.store.database.errors import none_free
from placet.store.database.interface import T, TookTooLong
from placet.store.database.limit import Limit, Pace
from placet.store.database.sqlite_connection import BUSY_SECONDS, SqliteConnection


class SqliteReaders:
    """Up to `most` connections, opened when they are first needed."""

    def __init__(
        self,
        path: str,
        most: int,
        *pragmas: str,
        require_file: Callable[[], None],
        statements: int | None = None,
    ) -> None:
        """`require_file` is called before a connection is opened, for SQLite would make an empty file."""
        self._path, self._turns, self._pragmas = path, asyncio.Semaphore(most), pragmas
        self._require_file = require_file
        self._statements = statements
        self._idle: list[SqliteConnection] = []

    async def read(self, work: Callable[[Connection], T]) -> T:
        async with self._reader() as reader:
            return await reader.in_thread(in_one_state, reader, work)

    async def read_within(self, work: Callable[[Connection], T], seconds: float, pace: Pace) -> T:
        """As `read`, of what may take so long and no longer; raises `TookTooLong`."""
        async with self._reader() as reader:
            limit = Limit(reader.raw, pace)
            pace.reading += 1
            try:
                return await reader.in_thread(in_one_state, reader, lambda tx: limit.run(lambda: work(tx), seconds))
            except (TookTooLong, asyncio.CancelledError):
                limit.give_up()
                await reader.in_thread(int)  # behind what still runs for somebody who has gone
                await reader.close()
                raise
            finally:
                pace.reading -= 1

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[SqliteConnection]:
        """A connection that nobody else reads from: an open cursor would pin everybody's view of the data."""
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise none_free() from None
        try:
            reader = self._idle.pop() if self._idle else await self._opened()
            try:
                yield reader
            finally:
                if reader.is_open:
                    self._idle.append(reader)
        finally:
            self._turns.release()

    async def _opened(self) -> SqliteConnection:
        self._require_file()
        return await SqliteConnection.open(self._path, *self._pragmas, statements=self._statements)

    async def close(self) -> None:
        """Close all that nobody reads from."""
        idle, self._idle = self._idle, []
        for reader in idle:
            await reader.close()


def in_one_state(reader: SqliteConnection, work: Callable[[Connection], T]) -> T:
    """All statements of one read see the same state of the database."""
    reader.raw.execute("BEGIN")  # the driver would begin nothing
    try:
        return work(reader.sa)
    finally:
        reader.sa.rollback()
        if reader.raw.in_transaction:
            reader.raw.execute("ROLLBACK")
