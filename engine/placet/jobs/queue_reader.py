"""The queue as a node reads it: it asks only for what may run here now, and says of its rows that it is at them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta

from placet.clock import Clock
from placet.errors import PlacetError
from placet.jobs.worker import Running, Shared, Worker
from placet.log import get_logger
from placet.store.claiming import Claims
from placet.store.queue_driver import Reconnecting

log = get_logger("placet.jobs")

#: How often the queue is looked at where nothing is told of it, and how often this node says that it is at its rows.
_LOOK_SECONDS, _BEAT_SECONDS = 0.5, 0.3
#: After how long without such a sign a node is dead.
SILENCE = timedelta(seconds=1)
#: How many rows of the queue are claimed at once.
AT_ONCE = 100
#: While rows keep coming, how often it is looked up what they share.
_NEWS_SECONDS = 0.2
#: Where there is room for a few only, how long others have at most to make some more: many rows cost no more than one.
_MOMENT_SECONDS = 0.03
#: How long a word about the queue may take to arrive.
_HEARD_SECONDS = 10.0


class QueueReader:
    """Takes rows of the queue as long as this node `takes` any, and hands each job that it has not yet to `begin`."""

    def __init__(
        self,
        driver: Reconnecting,
        worker: Worker,
        clock: Clock,
        begin: Callable[[Running], None],
        takes: Callable[[], bool],
    ) -> None:
        self._driver, self._claims = driver, Claims(driver)
        self._worker, self._clock, self._begin, self._takes = worker, clock, begin, takes
        self._shared: dict[str, Shared] = {}
        self._rows: dict[Running, set[int]] = defaultdict(set)  # of which this node says that it is at them
        self._left: dict[timedelta, list[int]] = defaultdict(list)  # to be given back, by how long they are left alone
        self._looked_at, self._asking_seconds = (
            0.0,
            0.0,
        )  # when it was seen what there is, and how long the last look took
        self.is_reading = False

    async def run(self) -> None:
        """Read until the connection is closed."""
        beside = [
            asyncio.create_task(self._keep_telling(), name="placet-queue-beat"),
            asyncio.create_task(self._check_hearing(), name="placet-hearing"),
        ]
        try:
            while not self._driver.is_closed:
                self._driver.woken.clear()
                if await self._read() < AT_ONCE:
                    await self._clock.wait(None, self._driver.woken, _LOOK_SECONDS)
                    await self._gather()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    def over(self, running: Running, left_for: timedelta = timedelta(0)) -> None:
        """A job is not run here any more: what the queue still has of it is given back, and left alone so long."""
        self._left[left_for] += self._rows.pop(running, ())

    async def tell(self) -> None:
        """Say which rows this node is at, and give back those that it is at no more."""
        left, self._left = self._left, defaultdict(list)
        if held := [row for rows in self._rows.values() for row in rows]:
            await self._claims.beat(held)
        for after, rows in left.items():
            await self._claims.give_back(rows, after)

    # -- reading ---------------------------------------------------------------------------------

    async def _read(self) -> int:
        """Take what may run here; gives how many rows. What goes wrong keeps nobody waiting for what runs already."""
        if not self._takes():
            return 0
        self.is_reading, loop = True, asyncio.get_running_loop()
        try:
            await self._look()
            began, asked = loop.time(), self._asked()
            found = await self._claim(asked) if asked else 0
            self._asking_seconds = loop.time() - began
        except Exception as failure:
            if not self._driver.is_closed:
                log.warning("the queue of jobs could not be read", error=f"{type(failure).__name__}: {failure}")
            return 0
        finally:
            self.is_reading = False
        return found

    async def _look(self) -> None:
        """Know all that is shared by what is in the queue, and its bounds; while rows keep coming, now and then."""
        at = asyncio.get_running_loop().time()
        if self._worker.running and at - self._looked_at < _NEWS_SECONDS:
            return
        self._looked_at = at
        for name in await self._claims.entrypoints():
            try:
                _, self._shared[name] = await self._worker.shared_by(name)
            except PlacetError as failure:
                log.warning("what a job calls could not be looked up", lane=name, error=str(failure))

    def _asked(self) -> dict[str, int]:
        """What is shared and may be asked now, each with how many may be at once on all nodes."""
        return {
            name: shared.bounds.concurrency if shared.circuit.broken_until is None else 1
            for name, shared in self._shared.items()
            if self._worker.room(shared)
        }

    async def _claim(self, asked: Mapping[str, int]) -> int:
        async with self._worker.taking:
            claimed = await self._claims.claim(asked, AT_ONCE, SILENCE)
            try:
                lanes = sorted({job.lane or "" for job in claimed.jobs.values()})
                shared = {lane: (await self._worker.shared_by(lane))[1] for lane in lanes}
            except PlacetError:
                self._left[timedelta(0)] += claimed.jobs
                raise
            for row, job in claimed.jobs.items():
                running, is_new = self._worker.begin(job, shared[job.lane or ""])
                self._rows[running].add(row)
                if is_new:  # else the queue had lost sight of it for a while
                    self._begin(running)
        self._left[timedelta(0)] += claimed.busy
        return claimed.found

    async def _gather(self) -> None:
        """Let others make room as well where there is little of it, for as long as a look takes."""
        rooms = [(self._worker.room(each), each.bounds.concurrency // 2) for each in self._shared.values()]
        if any(0 < room < enough for room, enough in rooms):
            await self._clock.wait(None, asyncio.Event(), min(self._asking_seconds, _MOMENT_SECONDS))

    # -- beside it -------------------------------------------------------------------------------

    async def _keep_telling(self) -> None:
        while True:
            await self._clock.wait(None, asyncio.Event(), _BEAT_SECONDS)
            try:
                await self.tell()
            except Exception as failure:  # whoever looks next finds these rows without anybody
                if not self._driver.is_closed:
                    log.warning("the queue was not told of its rows", error=f"{type(failure).__name__}: {failure}")

    async def _check_hearing(self) -> None:
        try:
            hears = await self._driver.hears(_HEARD_SECONDS)
        except OSError:  # closed meanwhile
            return
        if not hears:
            log.warning(
                "this engine is not told of new jobs and looks for them twice a second; behind a pooler of "
                "transactions, set database_direct_url to an address of the database itself"
            )
