"""What a node does with the jobs that it has taken, in whatever way: each is run once, and what came of it is told.

It runs no more of them at once than their service may be asked, and nothing of one that does not answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from placet.clock import Clock
from placet.commands import JobEnded
from placet.core.records import TRACE, UNABLE_SINCE, Job
from placet.errors import PlacetError, Unavailable
from placet.jobs.circuit import Bounds, Circuit, Circuits
from placet.jobs.pace import Pace, until_told
from placet.jobs.postponing import postponed
from placet.jobs.runner import Done, Result, Runner, TryAgain
from placet.log import get_logger
from placet.query.storable import storable
from placet.store.leaving import Held, PutBack
from placet.store.writer import Writer

log = get_logger("placet.jobs")

#: How long jobs that run when the engine closes may take to end.
GRACE_SECONDS = 2.0
#: How long to wait for a database that is away.
AGAIN_SECONDS = 1.0
#: How many tries a job tells of.
MOST_TRIES = 20
#: How much of a reason is kept.
_LONGEST_REASON = 1_000
#: The kinds of jobs by the first part of their lane, or of the name of what their lanes share.
_KINDS = {"connector": "call", "service": "call", "mail": "mail"}


@dataclass(slots=True, eq=False)
class Running:
    """A job that this node has taken."""

    job: Job
    shared: Shared
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def held(self) -> Held:
        return Held(self.job.process_id, self.job.number, self.job.timer)

    def put_back(self, at: datetime) -> PutBack:
        """The job as it is, to be run at a time."""
        return PutBack(self.held, at, self.job.payload)


@dataclass(slots=True, eq=False)
class Shared:
    """What is called by several lanes: its circuit, its bounds, and who waits for room there."""

    circuit: Circuit
    bounds: Bounds = field(default_factory=Bounds)
    waiting: deque[asyncio.Future[bool]] = field(default_factory=deque)
    taken: int = 0

    async def admitted(self, now: datetime) -> bool:
        """Wait for room, and have it; False where it is left alone for now."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        self.admit(now)
        return await turn

    def admit(self, now: datetime) -> None:
        """Let as many begin as there is room for; where nobody is to be called nobody goes on waiting."""
        while self.waiting and self.circuit.room(self.bounds, now):
            if not (turn := self.waiting.popleft()).done():
                self.circuit.began()
                turn.set_result(True)
        if self.circuit.is_broken(now):
            self.refuse()

    def refuse(self) -> None:
        """Have nobody wait any longer."""
        while self.waiting:
            if not (turn := self.waiting.popleft()).done():
                turn.set_result(False)


class Worker:
    """Runs the jobs that have been taken; `runners` are by kind of job, `on_room` is told when a person makes room."""

    def __init__(
        self,
        store: Writer,
        clock: Clock,
        runners: Mapping[str, Runner],
        circuits: Circuits,
        on_room: Callable[[], None],
    ) -> None:
        self._store, self._clock, self._runners = store, clock, runners
        self._circuits, self._on_room = circuits, on_room
        self._names: dict[str, str] = {}  # of what is shared, by lane
        self._pace = Pace()
        self._closing = False
        self.shared: dict[str, Shared] = {}
        self.running: dict[tuple[str, int], Running] = {}
        self.taking = asyncio.Lock()  # held while jobs are taken
        self.told = 0  # how many outcomes have gone through the door

    async def shared_by(self, lane: str) -> tuple[str, Shared]:
        """What the jobs of a lane share with others, by its name, with its bounds as they are now."""
        runner = self._runners.get(_KINDS.get(lane.partition("/")[0], ""))
        name, bounds = (lane, Bounds()) if runner is None else await runner.bounds(lane)
        self._names[lane] = name
        shared = self.shared.setdefault(name, Shared(self._circuits.of(name)))
        shared.circuit.on_end = partial(self._take_up, shared)
        shared.bounds = bounds
        return name, shared

    def _take_up(self, shared: Shared) -> None:
        """A person has made room."""
        shared.admit(self._clock.now())
        self._on_room()

    def resting(self, lane: str) -> datetime | None:
        """Until when what a lane calls is left alone, None where it is not."""
        shared = self.shared.get(self._names.get(lane, ""))
        return None if shared is None else shared.circuit.broken_until

    def leaves_alone(self, lane: str) -> bool:
        """Whether what a lane calls is not called now."""
        shared = self.shared.get(self._names.get(lane, ""))
        return shared is not None and shared.circuit.is_broken(self._clock.now())

    def next_look(self, times: Iterable[datetime], now: datetime) -> datetime | None:
        """When the next job comes due, or a circuit may be tried again."""
        later = [at for at in times if at > now]
        later += [until for each in self.shared.values() if (until := each.circuit.broken_until) and until > now]
        return min(later, default=None)

    def room(self, shared: Shared) -> int:
        """How many more of what is shared may begin here."""
        return shared.circuit.room(shared.bounds, self._clock.now())

    def begin(self, job: Job, shared: Shared) -> tuple[Running, bool]:
        """Know a job that has been taken; whether it is new, or runs here and goes on as it was taken anew."""
        known = self.running.get((job.process_id, job.number))
        if known is not None:
            known.job = job
            return known, False
        running = self.running[job.process_id, job.number] = Running(job, shared)
        shared.taken += 1
        return running, True

    async def close(self, tasks: Sequence[asyncio.Task[Any]]) -> list[PutBack]:
        """Let what runs come to its end for a little while; gives what did not, for whoever runs jobs next."""
        self._closing = True
        for shared in self.shared.values():
            shared.refuse()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            left = [each.put_back(self._clock.now()) for each in self.running.values()]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            return left
        return []

    # -- running ---------------------------------------------------------------------------------

    async def run(self, running: Running) -> PutBack | None:
        """Run a job and tell what came of it; gives when it is to be run again, where it is."""
        try:
            return await self._run(running)
        finally:
            running.shared.taken -= 1
            self.running.pop((running.job.process_id, running.job.number), None)
            running.over.set()

    async def _run(self, running: Running) -> PutBack | None:
        shared, loop = running.shared, asyncio.get_running_loop()
        if self._closing or not await shared.admitted(self._clock.now()):
            return running.put_back(self._clock.now())  # another node may reach the service
        at, began = self._clock.now(), loop.time()
        result = await self._tested(running.job, shared)  # cancelled in there, it is left to whoever runs jobs next
        tried = [_tried(result, at, loop.time() - began)] if result.begun else []
        gives_way = self._pace.gives_way(loop.time(), self._store.commands, self.told)
        if gives_way:
            await self._clock.wait(None, asyncio.Event(), until_told(loop.time()))
        else:
            self._make_room(shared)
        try:
            return await self._tell(running, result, tried)
        finally:
            if gives_way:
                self._make_room(shared)

    def _make_room(self, shared: Shared) -> None:
        shared.circuit.ended()
        shared.admit(self._clock.now())

    async def _tested(self, job: Job, shared: Shared) -> Result:
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

    # -- telling ---------------------------------------------------------------------------------

    async def _tell(self, running: Running, result: Result, tried: Sequence[Mapping[str, Any]]) -> PutBack | None:
        """Send what came of a job through the door where it is over, else say when to try it again."""
        job = running.job
        tries = [*job.payload.get("tries", ()), *tried][-MOST_TRIES:]
        if isinstance(result, TryAgain):
            known = {name: value for name, value in job.payload.items() if name != UNABLE_SINCE}
            payload = {**known, **result.keep, "tries": tries}
            return PutBack(running.held, self._clock.now() + result.after, payload)
        while True:
            job = running.job
            if await self._sent(job, result, tries) and running.job is job:
                return None

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
            trace=job.payload.get(TRACE),
        )
        try:
            outcome = await self._store.submit(command)
            self.told += 1
            if outcome.process is None:  # overtaken, maybe by this node: it may just have been taken anew
                async with self.taking:
                    pass
        except Unavailable as failure:
            log.warning("the outcome of a job could not be written", process_id=job.process_id, error=str(failure))
            if self._closing:
                return True
            await self._clock.wait(None, asyncio.Event(), AGAIN_SECONDS)
            return False
        except Exception as failure:
            log.error("the outcome of a job was refused", process_id=job.process_id, error=str(failure))
            if result.response is not None or tries:  # or it would be run again and again
                return await self._sent(job, Done("fault", None, "What came back could not be taken."), [])
        return True


def _tried(result: Result, at: datetime, seconds: float) -> dict[str, Any]:
    """One try as an incident tells of it."""
    error = None if isinstance(result, Done) and result.outcome == "success" else result.reason
    code = None if result.response is None else result.response.get("code")
    said = None if error is None else error[:_LONGEST_REASON]
    tried: dict[str, Any] = storable({"at": at.isoformat(), "code": code, "error": said, "ms": round(seconds * 1000)})
    return tried
