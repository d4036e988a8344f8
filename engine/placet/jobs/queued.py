"""The jobs of a database that has a queue: PgQueuer delivers them, and takes over those of a node that has died.

How many jobs of a service run at once holds for all nodes together. What is to be tried later waits in its own row
until it is due; whichever node finds it then puts it into the queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from placet.clock import Clock
from placet.errors import PlacetError, Unavailable
from placet.jobs.circuit import Circuits
from placet.jobs.gathering import Gathering
from placet.jobs.queue_reader import QueueReader
from placet.jobs.runner import Runner
from placet.jobs.tasks import Tasks
from placet.jobs.trouble import Trouble
from placet.jobs.worker import AGAIN_SECONDS, Running, Worker
from placet.log import get_logger
from placet.store import leaving, taking
from placet.store.leaving import PutBack
from placet.store.queue_driver import Reconnecting
from placet.store.taking import Place
from placet.store.writer import Writer

log = get_logger("placet.jobs")

#: How long the rows that wait for their time are left alone at most: another program may have written one.
_POLL_SECONDS = 1.0
#: How soon rows are looked at again whose former ones are on their way out of the queue.
_SOON_SECONDS = 0.05
#: How often the queue is compared with the jobs, and how often the server looks at what is in a long one.
SWEEP_SECONDS, _ANALYZE_SECONDS = 1.0, 60.0
#: How long the last words to the database may take.
_END_SECONDS = 2.0
#: What could not be run for a fault in here is left alone for so long.
_AFTER_FAULT = timedelta(seconds=10)


class Queued:
    """Runs the laned jobs of one database that has a queue, over a connection of its own."""

    def __init__(
        self, url: str, store: Writer, clock: Clock, runners: Mapping[str, Runner], circuits: Circuits
    ) -> None:
        self._store, self._clock = store, clock
        self._driver = Reconnecting(url)
        self.worker = Worker(store, clock, runners, circuits, on_room=self._driver.wake)
        self._reader = QueueReader(self._driver, self.worker, clock, self._begin, self._takes)
        self._leaves: Gathering[PutBack, None] = Gathering(self._leave)
        self._tasks = Tasks()
        self._woken, self._ended = asyncio.Event(), asyncio.Event()
        self._next: datetime | None = None
        self._place: Place | None = None  # up to where the queue was compared with the jobs
        self._swept_at = self._analyzed_at = float("-inf")
        self._closing = self._draining = False
        self._running: list[asyncio.Task[None]] = []
        self._trouble = Trouble(log, "jobs could not be put into the queue")

    def start(self) -> None:
        self._running = [
            asyncio.create_task(self._reader.run(), name="placet-queue"),
            asyncio.create_task(self._tend(), name="placet-due-jobs"),
        ]

    async def close(self) -> None:
        """Let what runs come to its end for a little while; the rest is for whoever runs jobs next."""
        self._closing = True
        self._woken.set()
        if not self._running:
            return
        await self.worker.close(list(self._tasks))
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_END_SECONDS):
                await self._reader.tell()
        await self._driver.close()  # whoever still asks is refused
        await asyncio.gather(*self._running)

    async def drain(self) -> None:
        """Take no more, and return once nothing runs here any more."""
        self._draining = True
        while self._is_busy():
            await self._until_ended()

    def note(self, due_at: datetime | None) -> None:
        """A batch has committed whose earliest job that leaves is due at `due_at`."""
        if due_at is None:
            return
        if due_at <= self._clock.now():
            if not self._driver.is_told:
                self._driver.wake()
        elif self._next is None or due_at < self._next:
            self._next = due_at
            self._woken.set()

    def resting(self, lane: str) -> datetime | None:
        """Until when what a lane calls is left alone by this node, None where it is not."""
        return self.worker.resting(lane)

    async def settled(self) -> None:
        """Return once nothing is due or runs any more by the clock, but for what is left alone; for tests.

        What other nodes run is waited for as well.
        """
        self._woken.set()
        while self._is_busy() or not await self._is_settled():
            await self._until_ended()

    async def _is_settled(self) -> bool:
        now = self._clock.now()
        due = [at for at in (await self._store.read(leaving.lanes)).values() if at <= now]
        if due:
            self._woken.set()
        queued = await self._store.read(taking.under_way)
        return not due and all(self.worker.leaves_alone(shared) for shared in queued) and not self._is_busy()

    async def _until_ended(self) -> None:
        self._ended.clear()
        await self._clock.wait(None, self._ended, _SOON_SECONDS)

    # -- what the queue delivers -----------------------------------------------------------------

    def _takes(self) -> bool:
        return not (self._closing or self._draining)

    def _is_busy(self) -> bool:
        return self._reader.is_reading or bool(self._tasks)

    def _begin(self, running: Running) -> None:
        self._tasks.begin(self._work(running))

    async def _work(self, running: Running) -> None:
        """Run a job, whose row goes in the transaction of what came of it; what does not go is delivered again."""
        left_for = timedelta(0)
        try:
            put_back = await self.worker.run(running)
            while put_back is not None and not await self._is_left(put_back):
                await self._clock.wait(None, asyncio.Event(), AGAIN_SECONDS)
            if put_back is not None:
                self._woken.set()
        except Exception:
            log.exception("a job could not be run")
            left_for = _AFTER_FAULT
        finally:
            self._reader.over(running, left_for)
            self._ended.set()
            self._driver.wake()  # there is room now

    async def _is_left(self, put_back: PutBack) -> bool:
        """Whether it is written down when a job is to be tried again, or never will be since the engine closes."""
        try:
            await self._leaves.add(put_back)
        except Unavailable as failure:
            if self._closing:
                return True
            log.warning("a job could not be put back", process_id=put_back.held.process_id, error=str(failure))
            return False
        return True

    async def _leave(self, tried: Sequence[PutBack]) -> Sequence[None]:
        await self._store.write(partial(taking.leave, tried=tried), refresh=False)
        return [None] * len(tried)

    # -- what waits for its time -----------------------------------------------------------------

    async def _tend(self) -> None:
        while not self._closing:
            self._woken.clear()
            at_most = _POLL_SECONDS
            try:
                if not self._draining:
                    at_most = await self._release()
                    await self._sweep()
                    self._trouble.over()
            except PlacetError as failure:
                self._trouble.met(str(failure))
            except Exception:
                log.exception("putting jobs into the queue failed")
            await self._clock.wait(self._next, self._woken, at_most)

    async def _release(self) -> float:
        """Put into the queue what has come due; gives how long to wait at most before the next look."""
        now = self._clock.now()
        lanes = await self._store.read(leaving.lanes)
        self._next = self.worker.next_look(lanes.values(), now)
        due = [lane for lane, at in lanes.items() if at <= now]
        if not due:
            return _POLL_SECONDS
        if await self._store.write(partial(taking.release, lanes=due, now=now), refresh=False):
            self._driver.wake()
            self._woken.set()  # there may be more
        return _SOON_SECONDS

    async def _sweep(self) -> None:
        """Look at some jobs, now and then, whether those that may run are in the queue; a few at a time."""
        at = asyncio.get_running_loop().time()
        if self._place is None and at - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = at
        begins = self._place is None
        found, self._place = await self._store.write(partial(taking.sweep, after=self._place), refresh=False)
        if begins and self._place is not None and at - self._analyzed_at >= _ANALYZE_SECONDS:
            self._analyzed_at = at
            await self._store.write(taking.analyze, refresh=False)
        if found:
            log.warning("jobs were in no queue and are now", jobs=found)
            self._driver.wake()
