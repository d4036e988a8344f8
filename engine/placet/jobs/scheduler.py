"""The scheduler: turns due rows into commands and sends them through the same door as everybody else's.

It holds nothing: what is due is asked of the database, so a restart fires what came due meanwhile, once.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial

from placet.clock import Clock
from placet.commands import ChildEnded, Command, FireItemTimer, FireJob, StartProcess, TerminateProcess
from placet.core.records import TRACE, Job
from placet.errors import PlacetError, Unavailable
from placet.jobs.stranded import Stranded
from placet.jobs.trouble import Trouble
from placet.log import get_logger
from placet.store import jobs, start_keys, work_items
from placet.store.world import World
from placet.store.writer import Writer

log = get_logger("placet.jobs")

#: How many due rows are asked for at once.
_AT_ONCE = 200
#: How long the scheduler sleeps at most: another program may have written a timer that it was not told of.
_POLL_SECONDS = 1.0


class Scheduler:
    """Fires timers, runs the outbox of one database, and finds others for who became inactive."""

    def __init__(self, store: Writer, world: World, clock: Clock, idempotency_hours: int) -> None:
        self._store, self._world, self._clock = store, world, clock
        self._keep_keys = timedelta(hours=idempotency_hours)
        self._stranded = Stranded(store, world, clock)
        self._woken = asyncio.Event()
        self._next: datetime | None = None
        self._set_aside: set[tuple[str, int, int]] = set()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._trouble = Trouble(log, "due work could not be read")

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="placet-scheduler")

    async def close(self) -> None:
        self._closing = True
        self._woken.set()
        if self._task is not None:
            await self._task

    def note(self, due_at: datetime | None) -> None:
        """A batch has committed whose earliest timer is `due_at`."""
        if due_at is not None and (self._next is None or due_at < self._next):
            self._next = due_at
            self._woken.set()

    async def settled(self) -> None:
        """Return once nothing is due any more by the clock; for tests and for replays."""
        if self._task is None:
            raise Unavailable("This engine runs no timers and jobs; open it with run_jobs=True.")
        self._idle.clear()
        self._woken.set()
        await self._idle.wait()

    async def _run(self) -> None:
        forgotten_at = self._clock.now()
        while not self._closing:
            self._woken.clear()
            try:
                await self._store.read(self._world.refresh)  # what other programs have changed
                await self._fire_all()
                if (self._clock.now() - forgotten_at).total_seconds() > 3600 and not await self._forget_keys():
                    forgotten_at = self._clock.now()
                self._trouble.over()
            except PlacetError as failure:
                self._trouble.met(str(failure))
            except Exception:
                log.exception("the scheduler failed")
            if not self._woken.is_set():
                self._idle.set()
                await self._clock.wait(self._next, self._woken, _POLL_SECONDS)

    async def _fire_all(self) -> None:
        """Fire until nothing is due, then look up when the next comes due."""
        self._stranded.begin()
        while not self._closing:
            now, at_most = self._clock.now(), _AT_ONCE + len(self._set_aside)
            timers = await self._store.read(partial(work_items.due, now=now, limit=at_most))
            waiting = await self._store.read(partial(jobs.due, now=now, limit=at_most))
            work = [
                self._fire(timer) for timer in timers if self._is_fresh(timer.process_id, timer.number, timer.timer)
            ]
            work += [self._dispatch(job) for job in waiting if self._is_fresh(job.process_id, -job.number, job.timer)]
            work += [self._send(command, (command.process_id, 0, 0)) for command in await self._stranded.commands()]
            if not work:
                break
            await asyncio.gather(*work)
            if self._clock.now() < now:  # a clock that was set back: what was due is not due any more
                break
        due = [await self._store.read(work_items.next_due), await self._store.read(jobs.next_due)]
        now = self._clock.now()
        self._next = min((at for at in due if at is not None and at > now), default=None)

    def _is_fresh(self, process_id: str, number: int, timer: int) -> bool:
        return (process_id, number, timer) not in self._set_aside

    async def _fire(self, timer: FireItemTimer) -> None:
        await self._send(timer, (timer.process_id, timer.number, timer.timer))

    async def _send(self, command: Command, row: tuple[str, int, int]) -> None:
        """Send a command; one that fails for good is set aside until the next start, and the log says so."""
        try:
            await self._store.submit(command)
        except Unavailable:
            raise
        except Exception as failure:
            log.error("due work failed", process_id=row[0], command=type(command).__name__, error=str(failure))
            self._set_aside.add(row)

    # -- the outbox ------------------------------------------------------------------------------

    async def _dispatch(self, job: Job) -> None:
        """Send the command that a job stands for; the job's row goes in the same commit."""
        key, row = (job.process_id, job.number), (job.process_id, -job.number, job.timer)
        trace = job.payload.get(TRACE)
        match job.kind:
            case "wait":
                fired = FireJob(process_id=job.process_id, number=job.number, timer=job.timer, trace=trace)
                await self._send(fired, row)
            case "start_child":
                await self._start_child(job, key, row)
            case "tell_parent":
                parent, _, token = job.payload["parent"].partition(":")
                await self._tell(
                    ChildEnded(
                        process_id=parent,
                        token=int(token),
                        child=job.process_id,
                        outcome=job.payload["outcome"],
                        reason=job.payload["reason"],
                        job=key,
                        trace=trace,
                    ),
                    row,
                )
            case "stop_child":
                reason = "The process that waited for this one has ended."
                stop = TerminateProcess(process_id=job.payload["child"], reason=reason, job=key, trace=trace)
                await self._tell(stop, row)
            case _:
                log.error("a job of an unknown kind", kind=job.kind, process_id=job.process_id)
                self._set_aside.add(row)

    async def _start_child(self, job: Job, key: tuple[str, int], row: tuple[str, int, int]) -> None:
        payload = job.payload
        start = StartProcess(
            process_id=payload["child"],
            definition=payload["definition"],
            initiator=payload["initiator"],
            recipient=payload["recipient"],
            data=payload["data"],
            correlation_id=payload["correlation_id"],
            parent=payload["parent"],
            depth=payload["depth"],
            job=key,
            trace=payload.get(TRACE),
        )
        try:
            await self._store.submit(start)
        except Unavailable:
            raise
        except PlacetError as refusal:  # the parent has to know, or it would wait for ever
            failed = ChildEnded(
                process_id=job.process_id,
                token=job.token,
                child=payload["child"],
                outcome="error",
                reason=refusal.message,
                job=key,
                trace=payload.get(TRACE),
            )
            await self._tell(failed, row)
        except Exception as failure:
            log.error("a child could not be started", process_id=row[0], error=str(failure))
            self._set_aside.add(row)

    async def _tell(self, command: Command, row: tuple[str, int, int]) -> None:
        """Send word to another process; one that has ended or is gone needs none, and the job is done."""
        try:
            await self._store.submit(command)
        except Unavailable:
            raise
        except PlacetError as refusal:
            log.info("nobody is there to be told", process_id=command.process_id, reason=refusal.message)
            assert command.job is not None
            key = command.job
            await self._store.write(lambda tx: jobs.end(tx, [key]))
        except Exception as failure:
            log.error("an outbox row failed", process_id=row[0], error=str(failure))
            self._set_aside.add(row)

    async def _forget_keys(self) -> bool:
        """Drop some old keys of starts, between two looks at what is due; gives whether there may be more of them."""
        before = self._clock.now() - self._keep_keys
        return await self._store.write(partial(start_keys.forget, before=before), refresh=False)
