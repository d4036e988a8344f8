"""Reads of what people ask in their own words, of which nobody knows beforehand how long they take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import Connection

from placet.errors import QueryTooSlow, Unavailable
from placet.store.database.interface import Database, T, TookTooLong

#: What takes no longer waits for nobody else's question.
QUICK_SECONDS = 0.15
#: Of the others so many run at a time.
SLOW_AT_ONCE = 2


@dataclass(slots=True)
class Allowance:
    """How long questions may still run, and how long they may still wait for their turn."""

    running: float
    waiting: float


_ALLOWANCE: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


class Questions:
    """Runs what is quick at once, and what is not in turn, no longer than `seconds`."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database, self._seconds = database, seconds
        self._slow = asyncio.Semaphore(SLOW_AT_ONCE)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let all questions of a block take no longer than one of them may."""
        token = _ALLOWANCE.set(Allowance(self._seconds, self._seconds))
        try:
            yield
        finally:
            _ALLOWANCE.reset(token)

    def _allowance(self) -> Allowance:
        return _ALLOWANCE.get() or Allowance(self._seconds, self._seconds)

    async def ask(self, work: Callable[[Connection], T], *, at_length: bool = False) -> T:
        """What a store function gives; it may be run a second time, so it must change nothing.

        One that runs `at_length` is nobody's own words: it is run once and waits for no turn.

        Raises `QueryTooSlow`; `Unavailable` where too many others are slow.
        """
        if at_length:
            return await self._to_the_end(work)
        try:
            return await self.ask_within(work, QUICK_SECONDS)
        except TookTooLong:
            await self._wait_for_turn()
        try:
            return await self._to_the_end(work)
        finally:
            self._slow.release()

    async def _to_the_end(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self.ask_within(work, self._seconds)
        except TookTooLong:
            raise QueryTooSlow(self._seconds) from None

    async def ask_within(self, work: Callable[[Connection], T], seconds: float) -> T:
        """As `ask`, once and no longer than that; raises `TookTooLong`."""
        allowance = self._allowance()
        if allowance.running <= 0:
            raise TookTooLong
        began = _now()
        try:
            return await self._database.read_within(work, min(seconds, allowance.running))
        finally:
            allowance.running -= _now() - began

    async def _wait_for_turn(self) -> None:
        allowance, began = self._allowance(), _now()
        try:
            async with asyncio.timeout(allowance.waiting):
                await self._slow.acquire()
            allowance.waiting -= _now() - began
        except TimeoutError:
            raise Unavailable(
                f"{SLOW_AT_ONCE} slow queries are running and others wait for them; try again in a moment, "
                "or ask for less: a range of times, one definition, one person."
            ) from None


def _now() -> float:
    return asyncio.get_running_loop().time()
