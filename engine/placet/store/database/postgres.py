"""PostgreSQL: asyncpg connections, one for each writer and a pool for readers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import Connection, event, text
from sqlalchemy import exc as sa_exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from placet.errors import Unavailable
from placet.store.database.errors import lost_connection, takes_no_writes, translate, was_cancelled
from placet.store.database.interface import (
    ENGINE_OPTIONS,
    PREPARED_QUESTIONS,
    QUESTIONERS,
    READERS,
    HasMoved,
    T,
    TookTooLong,
    WriteConnection,
)
from placet.store.database.pooled import Session, session_of, tell_each_transaction, tell_sessions_apart
from placet.store.database.pooled import arguments as pooled_arguments
from placet.store.database.servers import Servers, address
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
    " WHERE pid = :pid AND pid <> pg_backend_pid() AND usename = current_user AND datname = current_database()"
    " AND coalesce(backend_xid::text = CAST(:transaction AS text), CAST(:transaction AS text) IS NULL)"
)
#: Writes nothing but a word to the log, so that the COMMIT waits for a standby as any other does.
_WRITE_LAST = text("SELECT pg_logical_emit_message(true, 'placet', '')")


class AttentiveConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg tells no types
    """A connection that ends when its other end has fallen silent, and not hours later."""

    __slots__ = ()

    def __init__(self, protocol: Any, transport: asyncio.Transport, *args: Any) -> None:
        super().__init__(protocol, transport, *args)
        with suppress(OSError):  # one that has been lost already is found out by its first statement, and closed
            _keep_alive(transport.get_extra_info("socket"))

    @property
    def takes_writes(self) -> bool:
        """Whether its server is a primary, as far as it has told; a pooler does not."""
        told = self.get_settings()
        return "on" not in (getattr(told, name, "off") for name in ("in_hot_standby", "default_transaction_read_only"))

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


def _limits(seconds: float | None) -> dict[str, str]:
    """What holds for all statements of a session, or of a transaction: they take no longer than that."""
    return {"jit": "off"} if seconds is None else {"jit": "off", "statement_timeout": str(int(seconds * 1000))}


def _arguments(seconds: float | None, limits: Mapping[str, str]) -> dict[str, Any]:
    """What asyncpg is asked for: connections that wait no longer than that for an answer."""
    return {
        "timeout": CONNECT_SECONDS,
        "command_timeout": None if seconds is None else seconds + GRACE_SECONDS,
        "connection_class": AttentiveConnection,
        "server_settings": {"application_name": "placet", **limits},
    }


async def connect_apart(url: str) -> AttentiveConnection:
    """A connection of asyncpg's own, outside of all pools; its URL is read as all others are."""
    found = address(url)
    _, given = found.get_dialect()().create_connect_args(found)
    for name in ("prepared_statement_cache_size", "prepared_statement_name_func"):  # they mean nothing to asyncpg
        given.pop(name, None)
    arguments = _arguments(WRITE_SECONDS, _SERVER_KEEPALIVE | _limits(WRITE_SECONDS))
    connection: AttentiveConnection = await Servers().connect(**{**given, **arguments})
    return connection


def _give_up_on_silence(context: ExceptionContext) -> None:
    """Take a statement that was not answered for the end of its connection, and of all that are as old.

    One that could not be sent is the end of its own: asyncpg is still reading why the server ended something before.
    """
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = context.invalidate_pool_on_disconnect = True
    elif isinstance(context.original_exception.__cause__, asyncpg.InternalClientError):
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False


class PostgresWriteConnection:
    """A writing connection to PostgreSQL; gives its locks back when its node stops in the middle."""

    loses_answers = True
    keeps_the_loop = False

    def __init__(self, sa_engine: AsyncEngine, *, is_pooled: bool) -> None:
        self._sa_engine, self._is_pooled = sa_engine, is_pooled
        self._connection: AsyncConnection | None = None
        self._doubtful: Session | None = None  # the session whose COMMIT was not answered

    async def begin(self) -> None:
        if self._connection is not None and _has_ended(self._connection):
            await self._drop()  # before anything is sent: what became of that would be in doubt
        if self._connection is not None and self._is_pooled:
            try:
                await self._connection.begin()
            except sa_exc.DBAPIError as failure:  # the server is told something at once
                if not lost_connection(failure):
                    raise
                await self._drop()
        if self._connection is None:
            self._connection = await self._sa_engine.connect()
            if self._is_pooled:
                await self._connection.begin()

    async def run(self, work: Callable[[Connection], T]) -> T:
        assert self._connection is not None
        return await self._connection.run_sync(work)

    async def run_aside(self, work: Callable[[Connection], T]) -> T:
        return await self.run(work)  # it waits for the server, and the loop does not

    @property
    def in_doubt(self) -> bool:
        return self._doubtful is not None

    async def commit(self, last: Callable[[Connection], None] | None = None) -> None:
        assert self._connection is not None
        self._doubtful = None
        if last is not None and self._connection.in_transaction():
            await self.run(last)
            last = None
        session = session_of(self._connection.info)
        try:
            await (self._connection.commit() if last is None else self.run(partial(_run_alone, last)))
        except BaseException as failure:
            if last is None or not _was_refused(failure):
                self._doubtful = session
            raise

    async def end_doubt(self) -> None:
        """End the session that may still be about to commit: until then its commands have neither happened nor not."""
        assert self._doubtful is not None
        doubtful = self._doubtful._asdict()
        if not await self.run(lambda tx: tx.execute(_END_SESSION, doubtful).scalar()):
            raise Unavailable("A session that had to commit does not end; try again in a moment.")
        await self.run(lambda tx: tx.execute(_WRITE_LAST))
        await self.commit()  # what it may have committed without waiting for the standby is there as well by now
        await self.begin()
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


def _has_ended(connection: AsyncConnection) -> bool:
    """Whether a connection is known to be gone, as one is whose server has stopped or ended its session."""
    if connection.closed or connection.invalidated:
        return True
    driver: Any = connection.sync_connection and connection.sync_connection.connection.driver_connection
    return driver is None or driver.is_closed()


def _run_alone(work: Callable[[Connection], None], tx: Connection) -> None:
    """Run the one statement of a transaction without BEGIN and COMMIT, which would be two trips to the server more."""
    connection: Any = tx.connection.dbapi_connection
    connection.autocommit = True
    try:
        work(tx)
        tx.commit()  # of which the server hears nothing
    finally:
        connection.autocommit = False


def _was_refused(failure: BaseException) -> bool:
    """Whether the server has answered that it did not run a statement."""
    if isinstance(failure, (HasMoved, sa_exc.DBAPIError)):
        return takes_no_writes(failure) or not lost_connection(failure)
    return False


class PostgresDatabase:
    writers = 2

    def __init__(self, url: str, *, is_pooled: bool = False) -> None:
        self._address, self._servers, self._is_pooled = address(url), Servers(), is_pooled
        self._demotions = 0  # how often a server took writes no more
        limits = {
            "idle_in_transaction_session_timeout": "1500",
            "lock_timeout": str(int(LOCK_SECONDS * 1000)),
        }
        pool: dict[str, Any] = {"pool_timeout": CONNECT_SECONDS}
        one_state = pool | {"isolation_level": "REPEATABLE READ"}  # what is read may be removed between two statements
        self._readers = self._engine(READ_SECONDS, pool_size=READERS, max_overflow=4, **one_state)
        one_core = {"max_parallel_workers_per_gather": "0"}  # a slow one shares with the writers
        kept: dict[str, Any] = {"execution_options": {"compiled_cache": Statements()}}
        self._questioners = self._engine(
            READ_SECONDS,
            one_core,
            prepared=PREPARED_QUESTIONS,
            pool_size=QUESTIONERS,
            max_overflow=0,
            **one_state,
            **kept,
        )
        self._writers = self._engine(WRITE_SECONDS, limits, writes=True, pool_size=self.writers + 1, **pool)
        self._patient = self._engine(None, writes=True, poolclass=NullPool)

    def _engine(
        self,
        seconds: float | None,
        limits: Mapping[str, str] = {},
        *,
        writes: bool = False,
        prepared: int | None = None,
        **pool: Any,
    ) -> AsyncEngine:
        limits = {**_limits(seconds), **limits}
        arguments = _arguments(seconds, {} if self._is_pooled else _SERVER_KEEPALIVE | limits)
        arguments["async_creator_fn"] = self._servers.connect
        if self._is_pooled:
            arguments |= pooled_arguments()
        if prepared is not None:
            arguments["prepared_statement_cache_size"] = prepared
        sa_engine = create_async_engine(self._address, connect_args=arguments, **pool, **ENGINE_OPTIONS)
        event.listen(sa_engine.sync_engine, "handle_error", _give_up_on_silence)
        event.listen(sa_engine.sync_engine, "handle_error", self._give_up_on_demoted)
        event.listen(sa_engine.sync_engine, "checkout", self._require_undoubted)
        if self._is_pooled:
            tell_each_transaction(sa_engine, limits, writes=writes)
        else:
            tell_sessions_apart(sa_engine)
        return sa_engine

    def _give_up_on_demoted(self, context: ExceptionContext) -> None:
        """Take a server that takes no writes for the end of all connections: another may be the primary by now."""
        if takes_no_writes(context.sqlalchemy_exception):
            context.is_disconnect = True
            self._demotions += 1

    def _require_undoubted(self, connection: Any, record: ConnectionPoolEntry, proxy: Any) -> None:
        if record.info.setdefault("demotions", self._demotions) != self._demotions:
            raise sa_exc.DisconnectionError  # the pool makes a new one

    async def connect_writer(self, *, patient: bool = False) -> WriteConnection:
        return PostgresWriteConnection(self._patient if patient else self._writers, is_pooled=self._is_pooled)

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
