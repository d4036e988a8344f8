"""The dispatcher of a database that has no queue of its own: it takes jobs that leave the house by a lease.

It renews the lease while it works on them; when it dies, that runs out and another takes them. It never waits for one
job while it could take another, and leaves alone what is full or does not work.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from placet.clock import Clock
from placet.core.records import Job
from placet.errors import PlacetError
from placet.jobs.circuit import Circuits
from placet.jobs.runner import Runner
from placet.jobs.tasks import Tasks
from placet.jobs.worker import Running, Shared, Worker
from placet.log import get_logger
from placet.store import leaving
from placet.store.leaving import Held, PutBack, Turn
from placet.store.writer import Writer

log = get_logger("placet.jobs")

#: How long a job is left to who has taken it, and how often he says that he is still at it.
LEASE = timedelta(seconds=2.5)
RENEW_SECONDS = 0.8
#: How long the dispatcher sleeps at most: another program may have written a job that it was not told of.
_POLL_SECONDS = 1.0


class Dispatcher:
    """Runs the laned jobs of one database; `runners` are by kind of job."""

    def __init__(self, store: Writer, clock: Clock, runners: Mapping[str, Runner], circuits: Circuits) -> None:
        self._store, self._clock = store, clock
        self._woken, self._idle = asyncio.Event(), asyncio.Event()
        self.worker = Worker(store, clock, runners, circuits, on_room=self._woken.set)
        self._tried: list[PutBack] = []
        self._tasks = Tasks()
        self._next: datetime | None = None
        self._renewed_at = 0.0
        self._closing = self._draining = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="placet-dispatcher")

    async def close(self) -> None:
        """Let what runs come to its end for a little while; the rest is for whoever runs jobs next."""
        self._closing = True
        self._woken.set()
        if self._task is None:
            return
        await self._task
        await self._let_go(await self.worker.close(list(self._tasks)))

    async def drain(self) -> None:
        """Take no more, and return once nothing runs here any more."""
        self._draining = True
        if self._task is not None and not self._task.done():
            await self.settled()

    def note(self, due_at: datetime | None) -> None:
        """A batch has committed whose earliest job that leaves is due at `due_at`."""
        if due_at is not None and (self._next is None or due_at < self._next):
            self._next = due_at
            self._woken.set()

    def resting(self, lane: str) -> datetime | None:
        """Until when what a lane calls is left alone by this node, None where it is not."""
        return self.worker.resting(lane)

    async def settled(self) -> None:
        """Return once nothing is due or runs any more by the clock, but for what is left alone; for tests."""
        self._idle.clear()
        self._woken.set()
        await self._idle.wait()

    # -- taking ----------------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._closing:
            self._woken.clear()
            try:
                async with self.worker.taking:
                    took = await self._turn()
            except PlacetError as failure:
                took = 0
                log.warning("jobs could not be taken", error=str(failure))
            except Exception:
                took = 0
                log.exception("the dispatcher failed")
            if took or self._woken.is_set():
                continue
            if not self.worker.running and not self._tried:
                self._idle.set()
            await self._clock.wait(self._next, self._woken, _POLL_SECONDS)

    async def _turn(self) -> int:
        """Take what may run, renew what runs, put back what is to be tried again; gives how many were taken."""
        now = self._clock.now()
        lanes = {} if self._draining else await self._store.read(leaving.lanes)
        wanted, shares = await self._wanted({lane: at for lane, at in lanes.items() if at <= now}, now)
        self._next = self.worker.next_look(lanes.values(), now)
        held, tried = self._due_for_renewal(), self._tried
        if not (wanted or held or tried):
            return 0
        self._tried = []
        turn = Turn(now, now + LEASE, wanted, held, tried)
        try:
            taken = await self._store.write(partial(leaving.write, turn=turn), refresh=False)
        except BaseException:
            self._tried = tried + self._tried
            raise
        self.note(min((each.at for each in tried), default=None))
        for job in taken:
            assert job.lane is not None
            self._begin(job, shares[job.lane])
        return len(taken)

    async def _wanted(self, due: Mapping[str, datetime], now: datetime) -> tuple[dict[str, int], dict[str, Shared]]:
        """How many jobs to take of each lane: more than can begin at once, so that none waits for the next look."""
        wanted: dict[str, int] = {}
        shares: dict[str, Shared] = {}
        asked: dict[str, int] = defaultdict(int)
        for lane in sorted(due, key=due.__getitem__):
            name, shared = await self.worker.shared_by(lane)
            at_once = shared.bounds.concurrency
            is_closed = shared.circuit.broken_until is None
            if is_closed and shared.taken > 2 * at_once:  # many at once cost no more than one
                continue
            ahead = 3 * at_once if is_closed else shared.circuit.room(shared.bounds, now)
            if (most := ahead - shared.taken - asked[name]) > 0 and most >= ahead // 4:  # a few at a time cost as much
                wanted[lane], shares[lane] = most, shared
                asked[name] += most
        return wanted, shares

    def _due_for_renewal(self) -> list[Held]:
        at = asyncio.get_running_loop().time()
        if not self.worker.running or at - self._renewed_at < RENEW_SECONDS:
            return []
        self._renewed_at = at
        return [each.held for each in self.worker.running.values()]

    # -- running ---------------------------------------------------------------------------------

    def _begin(self, job: Job, shared: Shared) -> None:
        running, is_new = self.worker.begin(job, shared)
        if not is_new:  # its lease has run out while it runs here: it goes on with the new one
            return
        self._tasks.begin(self._work(running))

    async def _work(self, running: Running) -> None:
        shared = running.shared
        try:
            put_back = await self.worker.run(running)
            if put_back is not None:
                self._tried.append(put_back)
        finally:
            few = shared.taken <= shared.bounds.concurrency * 3 // 2
            if few or self._tried or not self.worker.running:
                self._woken.set()

    async def _let_go(self, left: list[PutBack]) -> None:
        """Leave what did not come to its end to whoever runs jobs next, at once."""
        if not (left or self._tried):
            return
        try:
            await self._store.write(partial(leaving.put_back, jobs=left + self._tried), refresh=False)
        except PlacetError as failure:  # their leases run out all the same
            log.warning("jobs could not be put back", error=str(failure))
