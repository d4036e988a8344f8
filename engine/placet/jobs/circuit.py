"""Whether somebody else's service is called now: how many calls at once, and not at all while it does not work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many calls at once, and after how many failures in a row to wait for how long."""

    concurrency: int = 20
    breaker_failures: int = 10
    breaker_seconds: int = 30


@dataclass(slots=True)
class Circuit:
    """The calls of one service from here: closed as long as they work, broken for a while, then one is tried."""

    running: int = 0
    failures: int = 0
    broken_at: datetime | None = None
    broken_until: datetime | None = None

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

    def began(self) -> None:
        self.running += 1

    def ended(self) -> None:
        self.running -= 1

    def learn(self, bounds: Bounds, now: datetime, *, works: bool) -> None:
        """Count how a call went; one that began before the circuit broke does not break it for longer."""
        if works:
            self.failures, self.broken_at, self.broken_until = 0, None, None
            return
        self.failures += 1
        if self.failures >= bounds.breaker_failures and not self.is_broken(now):
            self.broken_at, self.broken_until = now, now + timedelta(seconds=bounds.breaker_seconds)
