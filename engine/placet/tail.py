"""The newest events in memory, for everybody who reads along: many readers ask the database no more than one does."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from placet.core.records import Event
from placet.store.trail import Position

Found: TypeAlias = "Sequence[tuple[Position, Event]]"

AT_ONCE = 500
#: How often other programs' commits are looked for, which are not told here.
POLL_SECONDS = 0.5
_MOST_KEPT = 2_000


class Tail:
    """Events in their order, from some position to the newest that has been read.

    `read` gives the next events behind a position, `last` the newest position that there is.
    """

    def __init__(
        self, read: Callable[[Position, int], Awaitable[Found]], last: Callable[[], Awaitable[Position]]
    ) -> None:
        self._read, self._last = read, last
        self._start, self._kept = Position(), list[tuple[Position, Event]]()
        self._turn = asyncio.Lock()
        self._looked: object = None
        self._look_again = 0.0

    async def after(self, position: Position, committed: object) -> Found:
        """The next events behind a position, if there are some; `committed` is another object after each commit."""
        if position >= self._end:  # only a look has to be waited for
            async with self._turn:
                if position > self._end and not await self._begin(position):
                    return await self._read(position, AT_ONCE)
                if position == self._end:
                    await self._look(committed)
        if position < self._start:
            return await self._read(position, AT_ONCE)
        first = bisect_right(self._kept, position, key=lambda each: each[0])
        return self._kept[first : first + AT_ONCE]

    def ends_at(self, position: Position, committed: object) -> bool:
        """Whether there was nothing behind a position when that was looked for last, after the same commit."""
        return position == self._end and self._looked is committed

    @property
    def _end(self) -> Position:
        return self._kept[-1][0] if self._kept else self._start

    async def _begin(self, position: Position) -> bool:
        """Begin anew at a position that there is; nobody has read along for a while."""
        if position > await self._last():
            return False
        self._start, self._kept, self._looked = position, [], None
        return True

    async def _look(self, committed: object) -> None:
        """Read what has been added, unless somebody has just done so and nothing was committed since."""
        now = asyncio.get_running_loop().time()
        if self._looked is committed and now < self._look_again:
            return
        found = await self._read(self._end, AT_ONCE)
        self._looked, self._look_again = (committed if len(found) < AT_ONCE else None), now + POLL_SECONDS / 2
        self._kept = [*self._kept, *found]
        if len(self._kept) > _MOST_KEPT:
            self._start, self._kept = self._kept[-AT_ONCE - 1][0], self._kept[-AT_ONCE:]
