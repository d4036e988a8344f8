"""The stream of events: what happens to all processes, in one order that a reader can resume in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

from placet.arguments import position_of
from placet.core.access import Act, require_act
from placet.core.records import Event
from placet.door import Door
from placet.errors import Unavailable
from placet.store import trail
from placet.store.names import Names

_AT_ONCE = 500
_POLL_SECONDS = 0.5


class Stream(Door):
    """Readers hold no connection and no transaction between two events, however slow they are."""

    _was_closed: bool

    def __init__(self) -> None:
        self._committed = asyncio.Event()

    def _tell_readers(self) -> None:
        committed, self._committed = self._committed, asyncio.Event()
        committed.set()

    async def events(
        self, after: str | None = None, *, actor: str | None = None
    ) -> AsyncGenerator[tuple[str, Event], None]:
        """All events of all processes as they are committed, each with its position; resumes and misses none.

        `after` is the position of the last event that was dealt with; `"0-0"` begins with the first event there is,
        None with what is committed once the first one has been asked for. It ends when the engine is closed, within
        the page of 500 that it is in. On PostgreSQL an event is held back while any transaction of the server that
        began before it still writes.

        Raises `InvalidInput` for an `after` that is no position; `NotAllowed` without the permission PM_ALLCASES, also
        where the actor loses that while he reads.
        """
        dn = await self._permitted(actor, Act.READ)
        async for event in self._all_events(after, dn):
            yield event

    async def _all_events(self, after: str | None, actor: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        """As `events`, of an actor by his DN; None is the embedding application itself."""
        try:
            position = await self._read(trail.last_position) if after is None else position_of(after)
            while not self._was_closed:
                committed = self._committed  # taken before the look, so that no commit is slept through
                names = Names(self._world.names)
                found = await self._read(partial(trail.events_after, after=position, names=names, limit=_AT_ONCE))
                if actor is not None:  # who may not see them any more gets none that he has not been given
                    await self.refresh()
                    require_act(self._world.directory, actor, Act.READ)
                for position, event in found:  # the last one is where the next look begins
                    yield str(position), event
                if not found:
                    await _wait(committed)
        except Unavailable:
            if not self._was_closed:
                raise


async def _wait(committed: asyncio.Event) -> None:
    """Wait for a commit; another program's are not told, so that the database is asked now and then."""
    try:
        async with asyncio.timeout(_POLL_SECONDS):
            await committed.wait()
    except TimeoutError:
        return
