"""Failed sign-ins, counted for each name so that nobody can try password after password."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from placet.clock import Clock
from placet.errors import TooManyAttempts

MOST = 10
WITHIN = timedelta(minutes=5)
_REMEMBERED = 10_000  # names; the one that failed longest ago is forgotten first


class FailedSignIns:
    """The times of the latest failures of each name, whether anybody has that name or not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: OrderedDict[str, deque[datetime]] = OrderedDict()

    def check(self, name: str) -> None:
        """Raise `TooManyAttempts` where `MOST` sign-ins failed within the last five minutes."""
        times = self._times.get(name)
        if times is None or len(times) < MOST:
            return
        wait = times[0] + WITHIN - self._clock.now()
        if wait > timedelta():
            seconds = math.ceil(wait.total_seconds())
            raise TooManyAttempts(
                f"{MOST} sign-ins with this name failed within {WITHIN.seconds // 60} minutes; "
                f"try again in {seconds} seconds.",
                seconds,
            )

    def add(self, name: str) -> None:
        self._times.setdefault(name, deque(maxlen=MOST)).append(self._clock.now())
        self._times.move_to_end(name)
        if len(self._times) > _REMEMBERED:
            self._times.popitem(last=False)

    def forget(self, name: str) -> None:
        self._times.pop(name, None)
