"""Bugs that are planted in the process of a node, each a promise of the engine left out, and what steers them to show.

Who steers does what may happen at any time, if seldom: alone it breaks nothing, and a test says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from placet.commands import FireItemTimer, JobEnded
from placet.core import acting, decide, timers
from placet.core.definition import Settle
from placet.core.draft import Draft
from placet.core.records import Job
from placet.core.votes import Round
from placet.jobs.runner import Done, Result
from placet.jobs.scheduler import Scheduler
from placet.jobs.worker import Worker
from placet.store import jobs, start_keys, trail
from placet.store.lane import Lane, Pending
from tests.crash.node import Fuse, wrap

#: How long an answer may be on its way while what it tells of is not yet durable, and at which start that is cut off.
ON_ITS_WAY_SECONDS, CUT_OFF_AT = 0.1, 4
ONE_OF = 4


# -- steering --------------------------------------------------------------------------------------


def every_timer_rings_twice() -> None:
    """Send what has come due twice, as two nodes do that look at the same moment."""

    def twice(once: Any) -> Any:
        async def send(self: Scheduler, due: Any) -> None:
            await asyncio.gather(once(self, due), once(self, due))

        return send

    wrap(Scheduler, "_fire", twice)
    wrap(Scheduler, "_dispatch", twice)


def a_former_holder_speaks_first() -> None:
    """Say of each job that it has failed, as somebody does who held it before and was stopped meanwhile."""

    def after_another(sent: Any) -> Any:
        async def send(self: Worker, job: Job, result: Result, tries: Any) -> Any:
            await sent(self, replace(job, timer=job.timer - 1), Done("fault", None, "It was held before."), [])
            return await sent(self, job, result, tries)

        return send

    wrap(Worker, "_sent", after_another)


# -- bugs ------------------------------------------------------------------------------------------


def timers_have_no_fence() -> None:
    """Ring an item as it was when its timer came due, whatever has been done since."""

    def ring(draft: Draft, command: FireItemTimer) -> bool:
        item = draft.items[command.number]
        if not item.status.is_open:
            return False
        timers._ring(draft, replace(item, reminders=0))
        return True

    wrap(decide, "fire_item", lambda _: ring)


def jobs_have_no_fence() -> None:
    """Believe whoever says what came of a job."""

    def believing(job_ended: Any) -> Any:
        def end(draft: Draft, command: JobEnded) -> bool:
            job = draft.jobs.get(command.number)
            return job is not None and job_ended(draft, replace(command, timer=job.timer))

        return end

    wrap(decide, "job_ended", believing)


def answers_come_before_the_commit() -> None:
    """Answer a batch, and commit it a moment later; the process dies in such a moment, while it starts something."""
    fuse = Fuse(CUT_OFF_AT, armed=True)

    async def batch(self: Lane, pending: list[Pending], tries: int) -> None:
        commands = [each.work for each in pending]
        decided, answers = await self._decided(commands, first_try=False)  # type: ignore[arg-type]  # no functions
        self._answer(pending, decided, answers)
        await asyncio.sleep(ON_ITS_WAY_SECONDS)
        if decided.changes.added:
            fuse.passed()
        await self._connection.commit(decided.last)

    wrap(Lane, "_batch", lambda _: batch)


def jobs_are_dropped() -> None:
    """Leave out some of the jobs that decisions ask for."""
    wrap(jobs, "add", lambda add: _only_some(add, -1))


def events_are_dropped() -> None:
    """Leave out some of the events of decisions."""
    wrap(trail, "add", lambda add: _only_some(add, 2))


def _only_some(add: Callable[..., None], at: int) -> Callable[..., None]:
    """A function of the store that writes only some of the rows in its argument `at`."""
    numbers = count(1)

    def add_some(*args: Any) -> None:
        given = list(args)
        given[at] = [row for row in args[at] if next(numbers) % ONE_OF]
        add(*given)

    return add_some


def keys_are_ignored() -> None:
    """Apply a start again although its idempotency key was used."""
    wrap(start_keys, "key_of", lambda _: lambda command: None)


def votes_count_twice() -> None:
    """Count every yes as two."""

    def doubled(outcome: Any) -> Any:
        def settled(settle: Settle, votes: Round) -> Any:
            return outcome(settle, replace(votes, yes=2 * votes.yes))

        return settled

    wrap(acting, "outcome", doubled)


STEERING: Sequence[Callable[[], None]] = (every_timer_rings_twice, a_former_holder_speaks_first)
BUGS: Sequence[Callable[[], None]] = (
    timers_have_no_fence,
    jobs_have_no_fence,
    answers_come_before_the_commit,
    jobs_are_dropped,
    events_are_dropped,
    keys_are_ignored,
    votes_count_twice,
)
#: All of them, by name.
PLANTS = {plant.__name__: plant for plant in (*STEERING, *BUGS)}
