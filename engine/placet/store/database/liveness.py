"""Whether a node lives: a lock in its name, which ends with its process however that ends."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import suppress
from typing import Protocol

import asyncpg
from sqlalchemy import BigInteger, Connection, func, literal, select

from placet.errors import InvalidInput, Unavailable
from placet.settings import hide_secret
from placet.store.database.errors import in_words, translate
from placet.store.database.postgres import AttentiveConnection, connect_apart
from placet.store.database.sqlite import sqlite_path

_TAKES_WRITES = "SELECT NOT current_setting('transaction_read_only')::boolean"
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class Liveness(Protocol):
    """The lock of one engine id on one database."""

    async def take(self) -> bool:
        """Take the lock if nobody else has it; gives whether it is held now. Raises `Unavailable`."""

    async def is_held(self) -> bool:
        """Whether it is held still: a lost connection loses it."""

    def is_on(self, tx: Connection) -> bool:
        """Whether it, which is held, is on the database of a transaction, and not on another."""

    async def release(self) -> None:
        """Let go of it."""


def liveness(database_url: str, direct_url: str, engine_id: str) -> Liveness:
    """The lock of an engine id; on PostgreSQL over a connection that no pooler hands to others."""
    if database_url.startswith("sqlite"):
        return FileLock(f"{os.path.realpath(sqlite_path(database_url))}.{engine_id}.lock")
    setting = "database_direct_url" if direct_url else "database_url"
    return SessionLock(direct_url or database_url, engine_id, setting)


class FileLock:
    """A lock on a file beside the database; the file itself stays, for nobody could remove it without a race."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None

    async def take(self) -> bool:
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as failure:
            raise translate(failure) or failure from failure
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True

    async def is_held(self) -> bool:
        return self._file is not None

    def is_on(self, tx: Connection) -> bool:
        return True

    async def release(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


class SessionLock:
    """An advisory lock of PostgreSQL, on a session of its own."""

    def __init__(self, url: str, engine_id: str, setting: str = "database_url") -> None:
        digest = hashlib.sha256(f"engine {engine_id}".encode()).digest()
        self._url, self._setting, self._key = url, setting, int.from_bytes(digest[:8], signed=True)
        self._session: AttentiveConnection | None = None

    async def take(self) -> bool:
        if not await self.is_held():
            await self.release()
            try:
                await self._lock(await connect_apart(self._url))
            except _FAILURES as failure:
                raise Unavailable(
                    "The database cannot be reached for the lock of this engine; try again in a moment.",
                    f"The database cannot be reached for the lock of this engine ({in_words(failure)}); is the "
                    f"setting {self._setting} right, and does it lead past every pooler?",
                ) from failure
        return self._session is not None

    async def _lock(self, session: AttentiveConnection) -> None:
        try:
            if await session.fetchval("SELECT pg_backend_pid()") != session.get_server_pid():
                raise InvalidInput(
                    f"{hide_secret(self._url)} leads to a pooler of connections, which would hand the lock of this "
                    "engine to others: set database_direct_url to the address of PostgreSQL itself."
                )
            if await session.fetchval("SELECT pg_try_advisory_lock($1)", self._key):
                self._session = session
        finally:
            if self._session is None:
                await session.close()

    async def is_held(self) -> bool:
        """Ask the server: that the wire is dead, or that this is not the primary any more, shows in no other way."""
        if self._session is None:
            return False
        try:
            return bool(await self._session.fetchval(_TAKES_WRITES))
        except _FAILURES:
            return False

    def is_on(self, tx: Connection) -> bool:
        return not tx.scalar(select(func.pg_try_advisory_xact_lock(literal(self._key, BigInteger()))))

    async def release(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(*_FAILURES):
                await session.close()
