"""The connection over which a node reads the queue of jobs: apart from all others, and made anew when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from placet.log import get_logger
from placet.store.database.errors import in_words
from placet.store.database.postgres import AttentiveConnection, connect_apart
from placet.store.queueing import CHANNEL

log = get_logger("placet.jobs")

#: Who has no answer after so long connects anew.
ANSWER_SECONDS = 3.0
#: How long to wait before the next try to connect, at first and at most.
_SOONEST, _LATEST = 0.05, 1.0
#: Another node was quicker, or is at it just now; the connection is none the worse for it.
RACES = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)  # a TimeoutError is an OSError
#: Who has a row is said anew three times a second; what a crash of the server loses of that does no harm. The few
#: statements here are planned once, through their indexes: planning takes longer than running them, and a queue that
#: is empty now is not so for long. Nobody else's transaction keeps this node from saying that it lives.
_ONCE = """
    SET synchronous_commit TO off; SET plan_cache_mode TO force_generic_plan; SET enable_seqscan TO off;
    SET lock_timeout TO '500ms'
"""


class Reconnecting:
    """A connection to one database that is made anew whenever it is lost; whoever asks meanwhile waits for that."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = asyncio.Lock()
        self._connection: AttentiveConnection | None = None
        self._failures = 0
        self._closed = asyncio.Event()
        self._heard = asyncio.Event()  # something was said on our channel, over the connection that there is
        self.woken = asyncio.Event()  # there may be something in the queue

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        """The rows of an answer."""
        rows: Sequence[Any] = await self._asked("fetch", query, args)
        return rows

    async def execute(self, query: str, *args: object) -> None:
        """Have something done."""
        await self._asked("execute", query, args)

    def wake(self) -> None:
        """Have the queue looked at now."""
        self.woken.set()

    @property
    def is_told(self) -> bool:
        """Whether news of the queue are known to come by themselves."""
        return self._heard.is_set()

    async def hears(self, seconds: float) -> bool:
        """Whether what is said on our channel arrives here."""
        while True:
            await self.execute("SELECT pg_notify($1, '')", CHANNEL)
            asked = self._connection
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._heard.wait()
            if self._heard.is_set() or asked is self._connection:
                return self._heard.is_set()

    @property
    def is_closed(self) -> bool:
        """Whether nobody is to ask any more."""
        return self._closed.is_set()

    async def close(self) -> None:
        """Let go of the connection; whoever still asks is refused."""
        self._closed.set()
        self.woken.set()
        if self._turn.locked() and self._connection is not None:
            self._connection.terminate()
        async with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(*_FAILURES):
                    await connection.close()

    # -- the connection --------------------------------------------------------------------------

    async def _asked(self, method: str, query: str, args: tuple[object, ...]) -> Any:
        """What the server answers; it is asked until it does, for nothing here does harm when it is done twice."""
        while True:
            try:
                async with self._turn:
                    return await self._answer(method, query, args)
            except RACES:
                raise
            except Exception as failure:
                if self.is_closed:
                    raise
                await self._pause(failure)

    async def _answer(self, method: str, query: str, args: tuple[object, ...]) -> Any:
        try:
            connection = await self._connected()
            answer = await getattr(connection, method)(query, *args, timeout=ANSWER_SECONDS)
        except RACES:
            raise
        except Exception:
            lost, self._connection = self._connection, None
            if lost is not None:
                lost.terminate()
            raise
        if self._failures:
            log.info("the queue of jobs answers again")
        self._failures = 0
        return answer

    async def _connected(self) -> AttentiveConnection:
        if self.is_closed:
            raise ConnectionError("the queue of jobs is closed")
        if self._connection is not None and not self._connection.takes_writes:
            self._connection.terminate()  # another server may be the primary by now
        if self._connection is None or self._connection.is_closed():
            self._heard.clear()
            self._connection = await connect_apart(self._url)
            await self._connection.execute(_ONCE)
            await self._connection.add_listener(CHANNEL, self._hear)
            self.woken.set()  # whatever was said meanwhile was not heard
        return self._connection

    async def _pause(self, failure: BaseException) -> None:
        """Wait longer and longer before the next connection."""
        if not self._failures:
            log.warning("the queue of jobs does not answer; it is asked again", error=in_words(failure))
        seconds = min(_LATEST, _SOONEST * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()

    def _hear(self, connection: object, pid: object, channel: object, payload: object) -> None:
        if connection is self._connection:
            self._heard.set()
            self.woken.set()
