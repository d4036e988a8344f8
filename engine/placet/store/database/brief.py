"""Short reads of a SQLite file, run on the loop's own thread: a trip to another takes longer than they do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from placet.store.database.interface import T

#: SQLite's instructions between two looks at how a read goes; it runs so many in about half a millisecond.
STEPS = 10_000
_ELSEWHERE = (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY)


class NotBrief(Exception):
    """A read took too long, or would have had to wait for another program; nothing of it is left."""


class Brief:
    """Ends a read on one connection that goes on for more than one to two times `steps`."""

    def __init__(self, raw: sqlite3.Connection, steps: int = STEPS) -> None:
        self._looks, self._watches = 0, False
        raw.set_progress_handler(self._look, steps)

    def run(self, work: Callable[[], T]) -> T:
        """What the work gives; raises `NotBrief` where it has to be done anew elsewhere."""
        self._looks, self._watches = 0, True
        try:
            return work()
        except Exception as failure:
            original = getattr(failure, "orig", failure)  # of SQLAlchemy's errors and of the driver's own
            if isinstance(original, sqlite3.OperationalError) and original.sqlite_errorcode & 0xFF in _ELSEWHERE:
                raise NotBrief from None
            raise
        finally:
            self._watches = False  # what follows, a ROLLBACK, is never too long

    def _look(self) -> bool:
        """Whether to give up. A statement's count goes on from when it last ran, so that one look says nothing."""
        self._looks += 1
        return self._watches and self._looks > 1
