"""After a change of people: the processes whose open items may have nobody left to answer them.

How far has been looked is a version of the directory and a time, stored once everything that follows from them has
been decided. A node that dies before is followed by another look, and of two nodes that look at once the second finds
nothing left to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from placet.clock import Clock
from placet.commands import FindOthers
from placet.store import stranded
from placet.store.bulk import AT_ONCE
from placet.store.database import writers_overlap
from placet.store.stranded import Concerned, Mark
from placet.store.world import World
from placet.store.writer import Writer

#: Of so many names is asked at once whom open items ask.
_NAMES = 500
#: How many commands are given at once.
_COMMANDS = 200
#: Where writers overlap, one may still commit what it decided with the people as they were before. There it is looked
#: a second time after so many seconds, which is longer than the database lets any batch take.
_AGAIN_SECONDS = 60.0


@dataclass(slots=True)
class _Look:
    """One look, from who is concerned to the last of their processes."""

    reached: Mark  # up to where this node has looked once it is done
    final: Mark | None  # and up to where nobody has to look again
    processes: AsyncIterator[str]


class Stranded:
    """Looks, a few hundred processes at a time, for items that have lost everybody who could answer."""

    def __init__(self, store: Writer, world: World, clock: Clock) -> None:
        self._store, self._world, self._clock = store, world, clock
        self._seen: Mark | None = None  # up to where this node has looked
        self._stored: Mark | None = None  # up to where nobody has to look again
        self._again: tuple[float, Mark] | None = None  # when to look a second time, and what is final then
        self._look: _Look | None = None

    def begin(self) -> None:
        """Forget a look that was not finished; the next one begins where that one did."""
        self._look = None

    async def commands(self) -> list[FindOthers]:
        """The next commands of a look, given once those before them have been carried out; none once it is done."""
        if self._look is None:
            self._look = await self._next_look()
        if self._look is None:
            return []
        found: dict[str, None] = {}  # each process once
        async for process_id in self._look.processes:
            found[process_id] = None
            if len(found) == _COMMANDS:
                break
        if not found:
            await self._finish(self._look)
        return [FindOthers(process_id=process_id) for process_id in found]

    async def _next_look(self) -> _Look | None:
        if self._seen is None:
            self._seen = self._stored = await self._store.read(stranded.mark)
        assert self._stored is not None
        directory, now = self._world.directory, self._clock.now()
        due = self._again[1] if self._again and self._again[0] <= asyncio.get_running_loop().time() else None
        since, reached = self._seen if due is None else self._stored, Mark(directory.version, now)
        who = await self._store.read(partial(stranded.concerned, directory=directory, since=since, now=now))
        if not who and due is None:
            self._seen = reached
            return None
        final = due if await self._store.read(writers_overlap) else reached
        return _Look(reached, final, self._processes(who))

    async def _finish(self, look: _Look) -> None:
        """Keep how far has been looked, now that everything that follows from it has been decided."""
        self._look, self._seen = None, look.reached
        if look.final is not None:
            await self._store.write(partial(stranded.set_mark, reached=look.final))
            self._stored, self._again = look.final, None
        if self._again is None and look.final != look.reached:
            self._again = asyncio.get_running_loop().time() + _AGAIN_SECONDS, look.reached

    async def _processes(self, who: Concerned) -> AsyncIterator[str]:
        for held, dns in ((False, who.all_items), (True, who.held_items)):
            names = list(dns)
            for start in range(0, len(names), _NAMES):
                some = names[start : start + _NAMES]
                for number in await self._store.read(partial(stranded.asked, dns=some)):
                    async for process_id in self._of(number, held):
                        yield process_id

    async def _of(self, number: int, held: bool) -> AsyncIterator[str]:
        """The processes in which somebody is asked."""
        after: stranded.Place | None = None
        while True:
            page = await self._store.read(partial(stranded.open_items, addressee=number, after=after, held=held))
            for _, process_id, _ in page:
                yield process_id
            if len(page) < AT_ONCE:
                return
            after = page[-1]
