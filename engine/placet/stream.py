"""The stream of events: what happens to all processes, in one order that a reader can resume in."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from functools import partial

from placet.arguments import position_of
from placet.core.access import require_active
from placet.core.records import Event
from placet.door import Door
from placet.errors import Unavailable
from placet.query.ast import Node
from placet.query.fields import EVENTS
from placet.query.parser import parse_condition
from placet.store import trail
from placet.store.asking import require_allowed, resolved
from placet.store.event_matches import matching_events
from placet.store.names import Names
from placet.store.trail import Position
from placet.tail import POLL_SECONDS, Found, Tail


@dataclass(frozen=True, slots=True)
class EventPage:
    """The next events that somebody asked for, each with its position; `position` is where he reads on.

    Where there are none for him it may have moved on all the same: over what he did not ask for, or may not see.
    """

    events: Sequence[tuple[str, Event]]
    position: str


class Events(Door):
    """What is asked for of the stream; readers hold no connection and no transaction between two events."""

    async def events(
        self, after: str | None = None, *, actor: str | None = None, query: str | Node | None = None
    ) -> AsyncGenerator[tuple[str, Event], None]:
        """The events of all processes as they are committed, each with its position; resumes and misses none.

        `after` is the position of the last event that was dealt with; `"0-0"` begins with the first event there is,
        None with what is committed once the first one has been asked for. `query` is a condition on events, such as
        `Kind = work_item.approved and Process.Definition = 'cn=Leave request,…'`. Given are events of processes that
        the actor may see when they are read. It ends when the engine is closed, within the page of 500 that it is in.
        On PostgreSQL an event is held back while any transaction of the server that began before it still writes.

        Raises `InvalidInput` for an `after` that is no position; `InvalidFilter` for a query that cannot be read;
        `NotAllowed` for an actor who is inactive, also where he becomes so while he reads.
        """
        async for page in self.event_pages(after, actor=actor, query=query):
            for position, event in page.events:
                yield position, event

    async def event_pages(
        self, after: str | None = None, *, actor: str | None = None, query: str | Node | None = None
    ) -> AsyncGenerator[EventPage, None]:
        """As `events`, by the page; also an empty one now and then, so that whoever waits can do something else.

        Raises `InvalidInput`, `InvalidFilter` and `NotAllowed` as `events` does.
        """
        dn = await self._dn(actor)
        require_active(self._world.directory, dn)
        async for page in self._event_pages(after, dn, query):
            yield page

    @abstractmethod
    def _event_pages(
        self, after: str | None, actor: str | None, query: str | Node | None
    ) -> AsyncGenerator[EventPage, None]:
        """As `event_pages`, of an actor by his DN; None is the embedding application itself."""


class Stream(Events):
    """The stream of one engine; its readers share its tail."""

    _was_closed: bool

    def __init__(self) -> None:
        self._committed = asyncio.Event()
        self._readers = 0
        self._tail = Tail(self._events_after, lambda: self._read(trail.last_position))

    def _tell_readers(self) -> None:
        committed, self._committed = self._committed, asyncio.Event()
        committed.set()

    async def _event_pages(
        self, after: str | None, actor: str | None, query: str | Node | None
    ) -> AsyncGenerator[EventPage, None]:
        wanted = self._condition(query, actor)
        self._readers += 1
        try:
            position = await self._read(trail.last_position) if after is None else position_of(after)
            while not self._was_closed:
                committed = self._committed  # taken before the look, so that no commit is slept through
                found = await self._tail.after(position, committed)
                position = found[-1][0] if found else position  # where the next look begins
                yield EventPage(await self._given(found, actor, wanted), str(position))
                if not found:
                    await _wait(committed)
        except Unavailable:
            if not self._was_closed:
                raise
        finally:
            self._readers -= 1

    def _condition(self, query: str | Node | None, actor: str | None) -> Node | None:
        """What is asked for, once it is known that this person may ask it and that it means something."""
        wanted = parse_condition(query, EVENTS) if isinstance(query, str) else query
        if wanted is not None:
            require_allowed(self._world.directory, actor, EVENTS, wanted)
            resolved(wanted, self._world, actor, self.clock.now())
        return wanted

    async def _events_after(self, position: Position, limit: int) -> Found:
        names = Names(self._world.names)
        return await self._read(partial(trail.events_after, after=position, names=names, limit=limit))

    async def _given(self, found: Found, actor: str | None, wanted: Node | None) -> Sequence[tuple[str, Event]]:
        """Those of a page that somebody asks for and may see now."""
        if found and actor is not None:  # who may not see them any more gets none that he has not been given
            await self.refresh()
            require_active(self._world.directory, actor)
        if found and (actor is not None or wanted is not None):
            numbers, now = [position.number for position, _ in found], self.clock.now()
            work = partial(matching_events, world=self._world, numbers=numbers, wanted=wanted, actor=actor, now=now)
            kept = await (self._read(work) if wanted is None else self._ask(work))
            found = [each for each in found if each[0].number in kept]
        return [(str(position), event) for position, event in found]


async def _wait(committed: asyncio.Event) -> None:
    """Wait for a commit; another program's are not told, so that the database is asked now and then."""
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await committed.wait()
    except TimeoutError:
        return
