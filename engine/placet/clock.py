"""Where time comes from: nothing in Placet asks the operating system for the time but this file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the engine needs of a clock; times are aware, UTC and whole milliseconds."""

    def now(self) -> datetime:
        """The time."""

    async def wait(self, until: datetime | None, woken: asyncio.Event, at_most: float) -> None:
        """Return when it is `until`, when `woken` is set, or after `at_most` real seconds."""


def to_millisecond(moment: datetime) -> datetime:
    """Cut a time to the millisecond, the precision that is stored."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The machine's time, cut to the millisecond."""
        return to_millisecond(datetime.now(UTC))

    async def wait(self, until: datetime | None, woken: asyncio.Event, at_most: float) -> None:
        """Return when it is `until`, when `woken` is set, or after `at_most` seconds."""
        seconds = at_most if until is None else min(at_most, max(0.0, (until - self.now()).total_seconds()))
        await _wait(woken, seconds)


class ManualClock:
    """A clock that stands still until it is moved, for tests and for replaying history."""

    def __init__(self, now: datetime) -> None:
        self._now = to_millisecond(now.astimezone(UTC))
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """The time that it was moved to last."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Set the time; raises `ValueError` for going back, since stored times would no longer be in order."""
        moment = to_millisecond(moment.astimezone(UTC))
        if moment < self._now:
            raise ValueError(f"the clock stands at {self._now.isoformat()} and cannot go back to {moment.isoformat()}")
        self._now = moment
        for listener in list(self._listeners):
            listener()

    def move(self, **amount: float) -> None:
        """Move ahead by a duration in the words of `datetime.timedelta`, for example `days=3`."""
        self.move_to(self._now + timedelta(**amount))

    async def wait(self, until: datetime | None, woken: asyncio.Event, at_most: float) -> None:
        """Return when it is `until` already, when it is moved, when `woken` is set, or after `at_most` real seconds."""
        if until is not None and until <= self._now:
            return
        self._listeners.append(woken.set)
        try:
            await _wait(woken, at_most)
        finally:
            self._listeners.remove(woken.set)


async def _wait(woken: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return
