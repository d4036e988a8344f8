"""Limits of reads of a SQLite file that may take long: they end in time, and rest while the engine writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from placet.store.database.interface import T, TookTooLong

#: SQLite's instructions between two looks at how a read goes: about a millisecond.
STEPS = 20_000
#: What all reads together rest for each second that one of them worked while something is written.
REST = 6
#: Writing goes on for so long after a commit; a busy engine has begun its next transaction by then.
LULL_SECONDS = 0.01
#: Shorter rests than this cost more than they give.
LEAST_WORK = 0.001
#: Who has worked no longer than this need not rest when he is done.
LITTLE_WORK = 0.01


class Pace:
    """Whether the writer of a database is at work, and how many limited reads go on beside it."""

    def __init__(self) -> None:
        self.reading = 0
        self._writing, self._wrote_at = False, float("-inf")

    def begin_write(self) -> None:
        self._writing = True

    def end_write(self) -> None:
        self._writing, self._wrote_at = False, time.perf_counter()

    def rest_for(self, worked: float) -> float:
        """For how long a read that has worked so long gives way; for all of them it is the same share of a core."""
        if not self._writing and time.perf_counter() - self._wrote_at > LULL_SECONDS:
            return 0.0
        return worked * REST * max(1, self.reading)


class Limit:
    """Ends a read on one connection that takes longer than it may; it is looked at every `steps`."""

    def __init__(self, raw: sqlite3.Connection, pace: Pace, steps: int = STEPS) -> None:
        self._pace, self._until, self._worked = pace, float("inf"), 0.0
        raw.set_progress_handler(self._look, steps)

    def run(self, work: Callable[[], T], seconds: float) -> T:
        """What the work gives; raises `TookTooLong`, and then its connection should be closed as `NotBrief` says."""
        self._until, self._worked = time.perf_counter() + seconds, time.thread_time()
        try:
            answer = work()
            self._rest(LITTLE_WORK)  # what was not looked at: statements that were put together, rows that were made
            return answer
        except Exception as failure:
            original = getattr(failure, "orig", failure)  # of SQLAlchemy's errors and of the driver's own
            if isinstance(original, sqlite3.OperationalError) and (
                original.sqlite_errorcode & 0xFF == sqlite3.SQLITE_INTERRUPT
            ):
                raise TookTooLong from None
            raise
        finally:
            self._until = float("inf")  # what follows, a ROLLBACK, is never too long

    def give_up(self) -> None:
        """End what is running at the next look."""
        self._until = float("-inf")

    def _look(self) -> bool:
        """Whether to give up; gives way first."""
        self._rest(LEAST_WORK)
        return time.perf_counter() > self._until

    def _rest(self, at_least: float) -> None:
        """Give way for what has been worked since the last time, if that was so much."""
        worked = time.thread_time() - self._worked
        if worked < at_least:
            return
        rest = min(self._pace.rest_for(worked), self._until - time.perf_counter())
        if rest > 0:
            time.sleep(rest)
        self._worked = time.thread_time()
