"""Short reads of a SQLite file, run on the loop's own thread: a trip to another takes longer than they do."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from placet.store.database.interface import T

#: SQLite's instructions between two looks at how a read goes; it runs so many in about half a millisecond.
STEPS = 10_000
#: How long a read may keep everybody else on the loop waiting.
BRIEF_SECONDS = 0.001
_ELSEWHERE = (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY)


class NotBrief(Exception):
    """A read took too long, or would have had to wait for another program; nothing of it is left.

    Its connection should be closed: the driver keeps a statement that was broken off, and reads its text anew each time
    it runs from then on.
    """


class Brief:
    """Ends a read on one connection that takes longer than `seconds`; it is looked at every `steps`.

    Looks alone say nothing: SQLite counts the steps of a statement over all the times that it runs.
    """

    def __init__(self, raw: sqlite3.Connection, steps: int = STEPS, seconds: float = BRIEF_SECONDS) -> None:
        self._until, self._seconds = 0.0, seconds
        raw.set_progress_handler(self._look, steps)

    def run(self, work: Callable[[], T]) -> T:
        """What the work gives; raises `NotBrief` where it has to be done anew elsewhere."""
        self._until = time.perf_counter() + self._seconds
        try:
            return work()
        except Exception as failure:
            original = getattr(failure, "orig", failure)  # of SQLAlchemy's errors and of the driver's own
            if isinstance(original, sqlite3.OperationalError) and original.sqlite_errorcode & 0xFF in _ELSEWHERE:
                raise NotBrief from None
            raise
        finally:
            self._until = float("inf")  # what follows, a ROLLBACK, is never too long

    def _look(self) -> bool:
        """Whether to give up."""
        return time.perf_counter() > self._until
