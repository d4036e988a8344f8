"""Whether somebody else's service is called now: how many calls at once, and not at all while it does not work."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many calls at once, and after how many failures in a row to wait for how long."""

    concurrency: int = 20
    breaker_failures: int = 10
    breaker_seconds: int = 30


@dataclass(slots=True)
class Circuit:
    """The calls of one service from here: closed as long as they work, broken for a while, then one is tried.

    Jobs look for `room`; people, who wait for an answer, take their `turn` ahead of them.
    """

    running: int = 0
    failures: int = 0
    broken_at: datetime | None = None
    broken_until: datetime | None = None
    on_end: Callable[[], None] | None = None  # told when the call of a person has ended
    _people: deque[asyncio.Future[bool]] = field(default_factory=deque)

    def room(self, bounds: Bounds, now: datetime) -> int:
        """How many more calls may begin."""
        if self.broken_until is None:
            return max(0, bounds.concurrency - self.running)
        return 0 if self.running or self.is_broken(now) else 1

    def is_broken(self, now: datetime) -> bool:
        """Whether nobody is to be called; a clock that has been set back since then ends that too."""
        if self.broken_at is None or self.broken_until is None:
            return False
        return self.broken_at <= now < self.broken_until

    async def turn(self, bounds: Bounds, now: datetime) -> bool:
        """Begin a call that a person waits for, once there is room; False where the service is left alone."""
        if self.room(bounds, now):
            self.began()
            return True
        if self.broken_until is not None:
            return False
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._people.append(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if not waiting.cancelled() and waiting.result():  # it was his turn just as he went away
                self.end_turn()
            raise

    def began(self) -> None:
        self.running += 1

    def ended(self) -> None:
        """A call has ended; the person who has waited longest has its place."""
        while self._people:
            waiting = self._people.popleft()
            if not waiting.done():  # nobody has gone away meanwhile
                waiting.set_result(True)
                return
        self.running -= 1

    def end_turn(self) -> None:
        """The call of a person has ended; jobs may have the room that there is."""
        self.ended()
        if self.on_end is not None:
            self.on_end()

    def learn(self, bounds: Bounds, now: datetime, *, works: bool) -> None:
        """Count how a call went; one that began before the circuit broke does not break it for longer."""
        if works:
            self.failures, self.broken_at, self.broken_until = 0, None, None
            return
        self.failures += 1
        if self.failures >= bounds.breaker_failures and not self.is_broken(now):
            self.broken_at, self.broken_until = now, now + timedelta(seconds=bounds.breaker_seconds)
            self._turn_away()

    def _turn_away(self) -> None:
        while self._people:
            waiting = self._people.popleft()
            if not waiting.done():
                waiting.set_result(False)


class Circuits:
    """The circuits of one node by name: everything that calls a service goes by the same one."""

    def __init__(self) -> None:
        self._circuits: dict[str, Circuit] = {}

    def of(self, name: str) -> Circuit:
        return self._circuits.setdefault(name, Circuit())
