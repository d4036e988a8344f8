"""PostgreSQL: asyncpg connections, one for each writer and a pool for readers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy import exc as sa_exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from placet.errors import Unavailable
from placet.store.database.errors import lost_connection, translate, was_cancelled
from placet.store.database.interface import (
    ENGINE_OPTIONS,
    PREPARED_QUESTIONS,
    QUESTIONERS,
    READERS,
    T,
    TookTooLong,
    WriteConnection,
)
from placet.store.database.statements import Statements

#: For a new connection, and for a free one of the pool.
CONNECT_SECONDS = 5.0
#: For the server to take leave.
CLOSE_SECONDS = 1.0
#: For one statement; the server ends one that takes longer.
WRITE_SECONDS, READ_SECONDS = 30.0, 60.0
#: For a lock: a batch waits no longer for a process that somebody else holds.
LOCK_SECONDS = 1.0
#: Who has no answer so much later is cut off from the server.
GRACE_SECONDS = 5.0

#: A wire that has fallen silent is noticed within a quarter of a minute, from both its ends.
_SERVER_KEEPALIVE = {"tcp_keepalives_idle": "6", "tcp_keepalives_interval": "3", "tcp_keepalives_count": "3"}
_KEEPALIVE = {
    "TCP_KEEPIDLE": 6,  # Linux
    "TCP_KEEPALIVE": 6,  # the same on macOS
    "TCP_KEEPINTVL": 3,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 15_000,  # milliseconds: what was sent and not acknowledged counts as well; Linux alone
}

#: For the next statements of a transaction.
_WITHIN = text("SELECT set_config('statement_timeout', :milliseconds, true)")
#: Ends one of our own sessions and waits for that; true as well where it has ended by itself.
_END_SESSION = text(
    "SELECT coalesce(bool_and(pg_terminate_backend(pid, 5000)), true) FROM pg_stat_activity"
    " WHERE pid = :session AND pid <> pg_backend_pid() AND usename = current_user AND datname = current_database()"
)


class AttentiveConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg tells no types
    """A connection that ends when its other end has fallen silent, and not hours later."""

    __slots__ = ()

    def __init__(self, protocol: Any, transport: asyncio.Transport, *args: Any) -> None:
        super().__init__(protocol, transport, *args)
        with suppress(OSError):  # one that has been lost already is found out by its first statement, and closed
            _keep_alive(transport.get_extra_info("socket"))

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncpg names it so
        """Say goodbye; whether the server hears it is its own affair."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close(timeout=timeout)
        except TimeoutError:
            self.terminate()


def _keep_alive(wire: socket.socket) -> None:
    if wire.family == socket.AF_UNIX:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _arguments(seconds: float | None, **server_settings: str) -> dict[str, Any]:
    """What asyncpg is asked for: connections whose statements take no longer than that."""
    given = {"application_name": "placet", "jit": "off", **_SERVER_KEEPALIVE, **server_settings}
    if seconds is not None:
        given["statement_timeout"] = str(int(seconds * 1000))
    return {
        "timeout": CONNECT_SECONDS,
        "command_timeout": None if seconds is None else seconds + GRACE_SECONDS,
        "connection_class": AttentiveConnection,
        "server_settings": given,
    }


async def connect_apart(url: str) -> AttentiveConnection:
    """A connection of asyncpg's own, outside of all pools; its URL is read as all others are."""
    address = make_url(_address(url))
    _, given = address.get_dialect()().create_connect_args(address)
    for name in ("prepared_statement_cache_size", "prepared_statement_name_func"):  # they mean nothing to asyncpg
        given.pop(name, None)
    connection: AttentiveConnection = await asyncpg.connect(**{**given, **_arguments(WRITE_SECONDS)})
    return connection


def _address(url: str) -> str:
    return "postgresql+asyncpg://" + url.partition("://")[2]


def _give_up_on_silence(context: ExceptionContext) -> None:
    """Take a statement that was not answered for the end of its connection, and of all that are as old."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = context.invalidate_pool_on_disconnect = True


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

    async def run_aside(self, work: Callable[[Connection], T]) -> T:
        return await self.run(work)  # it waits for the server, and the loop does not

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
        self._address = _address(url)
        limits = {
            "idle_in_transaction_session_timeout": "1500",
            "lock_timeout": str(int(LOCK_SECONDS * 1000)),
        }
        pool: dict[str, Any] = {"pool_timeout": CONNECT_SECONDS}
        one_state = pool | {"isolation_level": "REPEATABLE READ"}  # what is read may be removed between two statements
        self._readers = self._engine(_arguments(READ_SECONDS), pool_size=READERS, max_overflow=4, **one_state)
        one_core = _arguments(READ_SECONDS, max_parallel_workers_per_gather="0")  # a slow one shares with the writers
        one_core["prepared_statement_cache_size"] = PREPARED_QUESTIONS
        kept = {"execution_options": {"compiled_cache": Statements()}}
        self._questioners = self._engine(one_core, pool_size=QUESTIONERS, max_overflow=0, **one_state, **kept)
        self._writers = self._engine(_arguments(WRITE_SECONDS, **limits), pool_size=self.writers + 1, **pool)
        self._patient = self._engine(_arguments(None), poolclass=NullPool)

    def _engine(self, arguments: dict[str, Any], **pool: Any) -> AsyncEngine:
        sa_engine = create_async_engine(self._address, connect_args=arguments, **pool, **ENGINE_OPTIONS)
        event.listen(sa_engine.sync_engine, "handle_error", _give_up_on_silence)
        return sa_engine

    async def connect_writer(self, *, patient: bool = False) -> WriteConnection:
        return PostgresWriteConnection(self._patient if patient else self._writers)

    async def read(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:
        return await _read(self._readers, work)

    async def read_within(self, work: Callable[[Connection], T], seconds: float) -> T:
        def limited(tx: Connection) -> T:
            tx.execute(_WITHIN, {"milliseconds": str(max(1, int(seconds * 1000)))})
            return work(tx)

        try:
            return await _read(self._questioners, limited)
        except Exception as failure:
            if was_cancelled(failure.__cause__ or failure):
                raise TookTooLong from None
            raise

    async def close(self) -> None:
        await self._readers.dispose()
        await self._questioners.dispose()
        await self._writers.dispose()


async def _read(sa_engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    try:
        try:
            return await _read_once(sa_engine, work)
        except Exception as failure:
            if not lost_connection(failure):
                raise
        return await _read_once(sa_engine, work)  # on a new connection: the pool has dropped all that were as old
    except Exception as failure:
        raise translate(failure) or failure from failure


async def _read_once(sa_engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    async with sa_engine.connect() as connection:
        return await connection.run_sync(work)
