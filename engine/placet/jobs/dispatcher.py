"""The dispatcher: runs the jobs that leave the house, at least once, and sends what came of them through the door.

It takes rows by a lease that it renews while it works on them; when it dies, the lease runs out and another takes
them. It never waits for one job while it could take another, and leaves alone what is full or does not work.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from placet.clock import Clock
from placet.commands import JobEnded
from placet.core.records import UNABLE_SINCE, Job
from placet.errors import PlacetError, Unavailable
from placet.jobs.circuit import Bounds, Circuit, Circuits
from placet.jobs.pace import Pace, until_told
from placet.jobs.postponing import postponed
from placet.jobs.runner import Done, Result, Runner, TryAgain
from placet.log import get_logger
from placet.query.storable import storable
from placet.store import leaving
from placet.store.leaving import Held, PutBack, Turn
from placet.store.writer import Writer

log = get_logger("placet.jobs")

#: How long a job is left to who has taken it, and how often he says that he is still at it.
LEASE = timedelta(seconds=5)
RENEW_SECONDS = 1.5
#: How long the dispatcher sleeps at most: another program may have written a job that it was not told of.
_POLL_SECONDS = 1.0
#: How long jobs that run when the engine closes may take to end.
_GRACE_SECONDS = 2.0
#: How many tries a job tells of.
MOST_TRIES = 20
#: How much of a reason is kept.
_LONGEST_REASON = 1_000


@dataclass(slots=True, eq=False)
class _Running:
    """A job that this node has taken."""

    job: Job
    shared: str

    @property
    def held(self) -> Held:
        return Held(self.job.process_id, self.job.number, self.job.timer)


@dataclass(slots=True)
class _Shared:
    """What is called by several lanes: its circuit, its bounds, and what has been taken of it and not begun."""

    circuit: Circuit
    bounds: Bounds = field(default_factory=Bounds)
    waiting: deque[_Running] = field(default_factory=deque)
    taken: int = 0

    @property
    def wants_more(self) -> bool:
        """Whether few are left that could begin."""
        return self.taken <= self.bounds.concurrency * 3 // 2


class Dispatcher:
    """Runs the laned jobs of one database; `runners` are by kind of job."""

    def __init__(
        self, store: Writer, clock: Clock, runners: Mapping[str, Runner], circuits: Circuits | None = None
    ) -> None:
        self._store, self._clock, self._runners = store, clock, runners
        self._circuits = circuits or Circuits()
        self._shared: dict[str, _Shared] = {}
        self._names: dict[str, str] = {}  # of what is shared, by lane
        self._running: dict[tuple[str, int], _Running] = {}
        self._tried: list[PutBack] = []
        self._woken, self._idle = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turning = asyncio.Lock()
        self._next: datetime | None = None
        self._renewed_at = 0.0
        self._told, self._pace = 0, Pace()  # how many outcomes have gone through the door, and what that leaves others
        self._closing = False
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
        if self._tasks:
            _, late = await asyncio.wait(list(self._tasks), timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._let_go()

    def note(self, due_at: datetime | None) -> None:
        """A batch has committed whose earliest job that leaves is due at `due_at`."""
        if due_at is not None and (self._next is None or due_at < self._next):
            self._next = due_at
            self._woken.set()

    def resting(self, lane: str) -> datetime | None:
        """Until when what a lane calls is left alone by this node, None where it is not."""
        shared = self._shared.get(self._names.get(lane, ""))
        return None if shared is None else shared.circuit.broken_until

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
                async with self._turning:
                    took = await self._turn()
            except PlacetError as failure:
                took = 0
                log.warning("jobs could not be taken", error=failure.message)
            except Exception:
                took = 0
                log.exception("the dispatcher failed")
            if took or self._woken.is_set():
                continue
            if not self._running and not self._tried:
                self._idle.set()
            await self._clock.wait(self._next, self._woken, _POLL_SECONDS)

    async def _turn(self) -> int:
        """Take what may run, renew what runs, put back what is to be tried again; gives how many were taken."""
        now = self._clock.now()
        lanes = await self._store.read(leaving.lanes)
        wanted = await self._wanted({lane: at for lane, at in lanes.items() if at <= now}, now)
        self._next = self._next_look(lanes, now)
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
            self._begin(job)
        return len(taken)

    async def _wanted(self, due: Mapping[str, datetime], now: datetime) -> dict[str, int]:
        """How many jobs to take of each lane: more than can begin at once, so that none waits for the next look."""
        wanted: dict[str, int] = {}
        asked: dict[str, int] = defaultdict(int)
        for lane in sorted(due, key=due.__getitem__):
            name, shared = await self._shared_by(lane)
            at_once = shared.bounds.concurrency
            is_closed = shared.circuit.broken_until is None
            if is_closed and shared.taken > 2 * at_once:  # many at once cost no more than one
                continue
            ahead = 3 * at_once if is_closed else shared.circuit.room(shared.bounds, now)
            if (most := ahead - shared.taken - asked[name]) > 0 and most >= ahead // 4:  # a few at a time cost as much
                wanted[lane] = most
                asked[name] += most
        return wanted

    async def _shared_by(self, lane: str) -> tuple[str, _Shared]:
        runner = self._runners.get(_KINDS.get(lane.partition("/")[0], ""))
        name, bounds = (lane, Bounds()) if runner is None else await runner.bounds(lane)
        self._names[lane] = name
        shared = self._shared.setdefault(name, _Shared(self._circuits.of(name)))
        shared.circuit.on_end = partial(self._take_up, shared)
        shared.bounds = bounds
        return name, shared

    def _next_look(self, lanes: Mapping[str, datetime], now: datetime) -> datetime | None:
        """When the next job comes due, or a circuit may be tried again."""
        later = [at for at in lanes.values() if at > now]
        later += [until for each in self._shared.values() if (until := each.circuit.broken_until) and until > now]
        return min(later, default=None)

    def _due_for_renewal(self) -> list[Held]:
        at = asyncio.get_running_loop().time()
        if not self._running or at - self._renewed_at < RENEW_SECONDS:
            return []
        self._renewed_at = at
        return [each.held for each in self._running.values()]

    # -- running ---------------------------------------------------------------------------------

    def _begin(self, job: Job) -> None:
        known = self._running.get((job.process_id, job.number))
        if known is not None:  # its lease has run out while it runs here: it goes on with the new one
            known.job = job
            return
        assert job.lane is not None
        name = self._names[job.lane]
        shared = self._shared[name]
        running = self._running[job.process_id, job.number] = _Running(job, name)
        shared.taken += 1
        shared.waiting.append(running)
        self._begin_more(shared)

    def _begin_more(self, shared: _Shared) -> None:
        while shared.waiting and not self._closing and shared.circuit.room(shared.bounds, self._clock.now()):
            running = shared.waiting.popleft()
            shared.circuit.began()
            task = asyncio.create_task(self._work(running, shared), name="placet-job")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if shared.waiting and shared.circuit.is_broken(self._clock.now()):
            self._return(shared)

    def _take_up(self, shared: _Shared) -> None:
        """A person has made room."""
        self._begin_more(shared)
        self._woken.set()

    def _return(self, shared: _Shared) -> None:
        """Give back what has been taken of a service that is left alone for now; another node may reach it."""
        now = self._clock.now()
        while shared.waiting:
            running = shared.waiting.popleft()
            self._tried.append(PutBack(running.held, now, running.job.payload))
            self._forget(running, shared)

    def _forget(self, running: _Running, shared: _Shared) -> None:
        self._running.pop((running.job.process_id, running.job.number), None)
        shared.taken -= 1

    async def _work(self, running: _Running, shared: _Shared) -> None:
        """Run a job and write down what came of it."""
        loop, at = asyncio.get_running_loop(), self._clock.now()
        began = loop.time()
        result = await self._tested(running.job, shared)  # cancelled in there, it is left to whoever runs jobs next
        tried = [_tried(result, at, loop.time() - began)] if result.begun else []
        gives_way = self._pace.gives_way(loop.time(), self._store.commands, self._told)
        if gives_way:
            await self._clock.wait(None, asyncio.Event(), until_told(loop.time()))
        else:
            self._make_room(shared)
        try:
            await self._tell(running, result, tried)
        finally:
            self._forget(running, shared)
            if gives_way:
                self._make_room(shared)
            if shared.wants_more or self._tried or not self._running:
                self._woken.set()

    def _make_room(self, shared: _Shared) -> None:
        shared.circuit.ended()
        self._begin_more(shared)

    async def _tested(self, job: Job, shared: _Shared) -> Result:
        """What came of running a job once, from which its circuit learns."""
        result: Result | None = None
        try:
            result = await self._result(job)
        finally:
            if result is None or result.begun:
                works = result is not None and result.works
                shared.circuit.learn(shared.bounds, self._clock.now(), works=works)
        return result

    async def _result(self, job: Job) -> Result:
        """What came of running a job once; what goes wrong within is an outcome too, so that nobody waits for ever."""
        runner = self._runners.get(job.kind)
        if runner is None:
            return Done("fault", None, f"Nothing here runs jobs of kind {job.kind!r}.")
        try:
            return await runner.run(job)
        except Unavailable as failure:
            return postponed(job, failure.message, self._clock.now())
        except PlacetError as refusal:
            return Done("fault", None, refusal.message)
        except Exception:
            log.exception("a job failed", process_id=job.process_id, kind=job.kind)
            return Done("fault", None, "It failed inside the engine; the log says how.")

    async def _tell(self, running: _Running, result: Result, tried: Sequence[Mapping[str, Any]]) -> None:
        """Write down what came of a job: through the door where it is over, else when to try it again."""
        job = running.job
        tries = [*job.payload.get("tries", ()), *tried][-MOST_TRIES:]
        if isinstance(result, TryAgain):
            known = {name: value for name, value in job.payload.items() if name != UNABLE_SINCE}
            payload = {**known, **result.keep, "tries": tries}
            self._tried.append(PutBack(running.held, self._clock.now() + result.after, payload))
            return
        while True:
            job = running.job
            if await self._sent(job, result, tries) and running.job is job:
                return

    async def _sent(self, job: Job, result: Done, tries: list[Mapping[str, Any]]) -> bool:
        """Whether the outcome of a job has been taken, or never will be."""
        reason = None if result.reason is None else storable(result.reason)[:_LONGEST_REASON]
        command = JobEnded(
            process_id=job.process_id,
            number=job.number,
            timer=job.timer,
            outcome=result.outcome,
            response=result.response,
            reason=reason,
            tries=tries,
        )
        try:
            outcome = await self._store.submit(command)
            self._told += 1
            if outcome.process is None:  # overtaken, maybe by this node: its lease may just have been taken anew
                async with self._turning:
                    pass
        except Unavailable as failure:
            log.warning("the outcome of a job could not be written", process_id=job.process_id, error=failure.message)
            if self._closing:
                return True
            await self._clock.wait(None, asyncio.Event(), _POLL_SECONDS)
            return False
        except Exception as failure:
            log.error("the outcome of a job was refused", process_id=job.process_id, error=str(failure))
            if result.response is not None or tries:  # or it would be run again and again
                return await self._sent(job, Done("fault", None, "What came back could not be taken."), [])
        return True

    async def _let_go(self) -> None:
        """Leave what did not come to its end to whoever runs jobs next, at once."""
        now = self._clock.now()
        left = [PutBack(each.held, now, each.job.payload) for each in self._running.values()]
        if not (left or self._tried):
            return
        try:
            await self._store.write(partial(leaving.put_back, jobs=left + self._tried), refresh=False)
        except PlacetError as failure:  # their leases run out all the same
            log.warning("jobs could not be put back", error=failure.message)


#: The kinds of jobs by the first part of their lane.
_KINDS = {"connector": "call", "mail": "mail"}


def _tried(result: Result, at: datetime, seconds: float) -> dict[str, Any]:
    """One try as an incident tells of it."""
    error = None if isinstance(result, Done) and result.outcome == "success" else result.reason
    code = None if result.response is None else result.response.get("code")
    said = None if error is None else error[:_LONGEST_REASON]
    tried: dict[str, Any] = storable({"at": at.isoformat(), "code": code, "error": said, "ms": round(seconds * 1000)})
    return tried
