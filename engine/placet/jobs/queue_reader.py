"""The queue as a node reads it: it asks only for what this node may run now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias

from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain import models, types
from pgqueuer.domain.errors import FailingListenerError
from pgqueuer.ports.repository import EntrypointExecutionParameter

from placet.errors import PlacetError
from placet.jobs.worker import Shared, Worker
from placet.log import get_logger
from placet.store.queue_driver import FencedQueries, Reconnecting
from placet.store.queueing import CHANNEL

log = get_logger("placet.jobs")

#: While rows keep coming, how often it is looked up what they share.
_LOOK_SECONDS = 0.2

#: One row of the queue, as PgQueuer gives it.
Row: TypeAlias = models.Job


class _Executor(AbstractEntrypointExecutor):
    """Hands on the rows of what is shared."""

    def __init__(self, deliver: Callable[[Row], Awaitable[None]], shared: Shared) -> None:
        super().__init__(EntrypointExecutorParameters(concurrency_limit=1, func=deliver))
        self._deliver, self.shared = deliver, shared

    async def execute(self, job: models.Job, context: models.Context) -> None:
        await self._deliver(job)


class QueueReader(QueueManager):
    """Delivers rows of the queue to `deliver` as long as this node `takes` any."""

    def __init__(
        self,
        driver: Reconnecting,
        worker: Worker,
        deliver: Callable[[Row], Awaitable[None]],
        takes: Callable[[], bool],
    ) -> None:
        self._driver, self._own = driver, FencedQueries(driver)
        super().__init__(self._own, channel=types.Channel(CHANNEL))
        self._own.manager_id = self.queue_manager_id
        self._worker, self._deliver, self._takes = worker, deliver, takes
        self._shared: dict[types.QueueEntrypoint, _Executor] = {}
        self._hearing: asyncio.Task[None] | None = None
        self._found, self._looked_at = 0, 0.0  # rows at the last time, and when it was seen what there is

    async def run(self, *args: Any, **options: Any) -> None:
        """Deliver until this is shut down."""
        try:
            await super().run(*args, **options)
        finally:
            if self._hearing is not None:
                self._hearing.cancel()
                await asyncio.wait([self._hearing])

    async def fetch_jobs(
        self, batch_size: int, global_concurrency_limit: int | None, heartbeat_timeout: timedelta
    ) -> AsyncGenerator[models.Job, None]:
        """The rows that this node may run now, one after the other."""
        if self._hearing is None:  # from the first time on it listens
            self._hearing = asyncio.create_task(self._check_hearing(), name="placet-hearing")
        if not self._takes():
            return
        rows, self._found = await self._read(batch_size, heartbeat_timeout), 0
        while rows:
            self._found += len(rows)
            for row in rows:
                yield row
            again = len(rows) == batch_size or self._driver.is_told  # PgQueuer drops words
            rows = await self._read(batch_size, heartbeat_timeout) if again else []

    async def _read(self, batch_size: int, heartbeat_timeout: timedelta) -> list[models.Job]:
        """The next rows; what goes wrong does not end this, which would wait for all that runs here."""
        try:
            await self._look()
            return await self._dequeue(batch_size, heartbeat_timeout)
        except Exception as failure:
            if not self.shutdown.is_set():
                log.warning("the queue of jobs could not be read", error=f"{type(failure).__name__}: {failure}")
            return []

    async def _dequeue(self, batch_size: int, heartbeat_timeout: timedelta) -> list[models.Job]:
        asked = {
            name: EntrypointExecutionParameter(self._shared[name].parameters.concurrency_limit)
            for name in self.entrypoints_below_capacity_limits()
        }
        if not asked:
            return []
        return await self._own.dequeue(batch_size, asked, self.queue_manager_id, None, heartbeat_timeout)

    def entrypoints_below_capacity_limits(self) -> set[types.QueueEntrypoint]:
        """What is shared and may be asked now, each with how many may be at once on all nodes."""
        for executor in self._shared.values():
            is_closed = executor.shared.circuit.broken_until is None
            executor.parameters.concurrency_limit = executor.shared.bounds.concurrency if is_closed else 1
        return {name for name, executor in self._shared.items() if self._worker.room(executor.shared)}

    async def _look(self) -> None:
        """Know all that is shared by what is in the queue, and its bounds; while rows keep coming, now and then."""
        at = asyncio.get_running_loop().time()
        if self._found and at - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = at
        for name in map(types.QueueEntrypoint, await self._own.entrypoints()):
            try:
                _, shared = await self._worker.shared_by(name)
            except PlacetError as failure:
                log.warning("what a job calls could not be looked up", lane=name, error=failure.message)
                continue
            if name not in self._shared:
                self._shared[name] = _Executor(self._deliver, shared)
                self.register_executor(name, self._shared[name])

    async def _effective_dequeue_timeout(self, dequeue_timeout: timedelta) -> timedelta:
        self._driver.is_told = False
        return dequeue_timeout  # nothing is put off in the queue, and whatever gives room or work wakes this

    async def _check_hearing(self) -> None:
        try:
            await self.listener_healthy()
        except FailingListenerError:
            log.warning(
                "this engine is not told of new jobs and looks for them twice a second; behind a pooler of "
                "transactions, set database_direct_url to an address of the database itself"
            )
        except OSError:  # closed meanwhile
            return
