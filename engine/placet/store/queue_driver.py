"""How PgQueuer speaks to the database: over a connection of its own, and fenced where it is not by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import asyncpg
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.tm import TaskManager
from pgqueuer.domain import models, types
from pgqueuer.ports.driver import Driver, NotifyCallback

from placet.log import get_logger
from placet.store.database.errors import in_words
from placet.store.database.postgres import AttentiveConnection, connect_apart
from placet.store.queueing import CHANNEL, SCHEMA, queue_settings

log = get_logger("placet.jobs")

#: Who has no answer after so long connects anew.
ANSWER_SECONDS = 3.0
#: How long to wait before the next try to connect, at first and at most.
_SOONEST, _LATEST = 0.05, 1.0
#: Another node was quicker, which PgQueuer knows how to take.
_RACES = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)  # a TimeoutError is an OSError
#: Who has a row is said anew every half second; what a crash of the server loses of that does no harm.
_NO_WAIT = "SET synchronous_commit TO off"
_CHANGED = '"table_changed_event"'

_ENTRYPOINTS = f"""
    WITH RECURSIVE waiting (entrypoint) AS (
        SELECT min(entrypoint) FROM {SCHEMA}.pgqueuer WHERE status = 'queued'
        UNION ALL
        SELECT (SELECT min(entrypoint) FROM {SCHEMA}.pgqueuer next
                WHERE next.status = 'queued' AND next.entrypoint > waiting.entrypoint)
        FROM waiting WHERE waiting.entrypoint IS NOT NULL
    )
    SELECT entrypoint FROM waiting WHERE entrypoint IS NOT NULL
    UNION SELECT entrypoint FROM {SCHEMA}.pgqueuer WHERE status = 'picked'
"""  # noqa: S608  # nothing in it is anybody's input
_DONE = f"DELETE FROM {SCHEMA}.pgqueuer WHERE id = ANY($1::bigint[]) AND queue_manager_id = $2"  # noqa: S608  # as above
_BEATEN = f"""
    UPDATE {SCHEMA}.pgqueuer SET heartbeat = now() WHERE id = ANY($1::bigint[]) AND queue_manager_id = $2
"""  # noqa: S608  # as above
_GIVEN_BACK = f"""
    UPDATE {SCHEMA}.pgqueuer
    SET status = 'queued', execute_after = now() + $3::interval, updated = now(), queue_manager_id = NULL
    WHERE id = $1 AND queue_manager_id = $2
"""  # noqa: S608  # as above


class Reconnecting(Driver):
    """A connection to one database that is made anew whenever it is lost; whoever asks meanwhile waits for that."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = asyncio.Lock()
        self._connection: AttentiveConnection | None = None
        self._listener: NotifyCallback | None = None
        self._listens = False
        self.is_told = False  # of a change, since it last looked
        self._failures = 0
        self._closed = asyncio.Event()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        self.is_told = False
        return [dict(row) for row in await self._asked("fetch", query, args)]

    async def execute(self, query: str, *args: object) -> str:
        return str(await self._asked("execute", query, args))

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Tell of what is said on our channel, on this connection and on those after it."""
        assert channel == CHANNEL
        self._listener, self._listens = callback, False
        await self.execute("SELECT")

    def wake(self) -> None:
        """Have the queue looked at now."""
        event = models.TableChangedEvent(
            channel=types.Channel(CHANNEL),
            operation="insert",
            sent_at=models.utc_now(),
            table="pgqueuer",
            type="table_changed_event",
        )
        self._tell(event.model_dump_json())

    async def close(self) -> None:
        """Let go of the connection; whoever still asks is refused."""
        self._closed.set()
        if self._turn.locked() and self._connection is not None:
            self._connection.terminate()
        async with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(*_FAILURES):
                    await connection.close()

    @property
    def shutdown(self) -> asyncio.Event:
        return self._closed

    @property
    def tm(self) -> TaskManager:
        return TaskManager()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None  # its last words are still to come

    # -- the connection --------------------------------------------------------------------------

    async def _asked(self, method: str, query: str, args: tuple[object, ...]) -> Any:
        """What the server answers; it is asked until it does, for nothing here does harm when it is done twice."""
        while True:
            try:
                async with self._turn:
                    return await self._answer(method, query, args)
            except _RACES:
                raise
            except Exception as failure:
                if self._closed.is_set():
                    raise
                await self._pause(failure)

    async def _answer(self, method: str, query: str, args: tuple[object, ...]) -> Any:
        try:
            connection = await self._connected()
            answer = await getattr(connection, method)(query, *args, timeout=ANSWER_SECONDS)
        except _RACES:
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
        if self._closed.is_set():
            raise ConnectionError("the queue of jobs is closed")
        if self._connection is None or self._connection.is_closed():
            self._listens = False
            self._connection = await connect_apart(self._url)
            await self._connection.execute(_NO_WAIT)
        if self._listener is not None and not self._listens:
            await self._connection.add_listener(CHANNEL, self._hear)
            self._listens = True
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

    # -- being told ------------------------------------------------------------------------------

    def _hear(self, connection: object, pid: object, channel: object, payload: object) -> None:
        if isinstance(payload, str):
            self._tell(payload)

    def _tell(self, payload: str) -> None:
        """Pass a word on; of a change once until the queue was looked at, or one look would follow for each."""
        if self._listener is None or (self.is_told and _CHANGED in payload):
            return
        self.is_told |= _CHANGED in payload
        self._listener(payload)


class FencedQueries(Queries):
    """The statements of PgQueuer; those that change a row leave alone what another node has taken over."""

    def __init__(self, driver: Driver) -> None:
        settings = queue_settings()
        super().__init__(
            driver, QueryBuilderEnvironment(settings), QueryQueueBuilder(settings), QuerySchedulerBuilder(settings)
        )
        self.manager_id: UUID | None = None  # by which this node's rows are known

    async def entrypoints(self) -> list[str]:
        """What is shared by the jobs that are in the queue or were taken out of it."""
        return [str(row["entrypoint"]) for row in await self.driver.fetch(_ENTRYPOINTS)]

    async def log_jobs(
        self, job_status: list[tuple[models.Job, types.JOB_STATUS, models.TracebackRecord | None]]
    ) -> None:
        """Drop what was done; what was broken off is left to whoever finds that nobody is at it any more."""
        done = [job.id for job, status, _ in job_status if status == "successful"]
        if done:
            await self.driver.execute(_DONE, done, self.manager_id)

    async def update_heartbeat(self, job_ids: list[types.JobId]) -> None:
        """Say that somebody is at these rows."""
        await self.driver.execute(_BEATEN, sorted(set(job_ids)), self.manager_id)

    async def retry_job(
        self, job: models.Job, delay: timedelta, traceback_record: models.TracebackRecord | None
    ) -> None:
        """Give back a row that was not begun."""
        await self.driver.execute(_GIVEN_BACK, job.id, self.manager_id, delay)
