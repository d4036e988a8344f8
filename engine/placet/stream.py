"""The stream of events: what happens to all processes, in one order that a reader can resume in."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from placet.arguments import position_of
from placet.core.access import Act, permits, require_active
from placet.core.records import Event
from placet.door import Door
from placet.errors import Unavailable
from placet.query.ast import Node
from placet.query.fields import EVENTS
from placet.query.parser import parse_condition
from placet.shared import Shared
from placet.store import trail
from placet.store.asking import require_allowed, resolved
from placet.store.event_matches import matching_events
from placet.store.names import Names
from placet.store.trail import Position
from placet.tail import POLL_SECONDS, Found, Tail

T = TypeVar("T")

#: Streams that one person may have open on one node.
MOST_STREAMS = 50
#: Readers are told no more often than this, so that they read what a busy engine commits in larger pieces.
GATHER_SECONDS = 0.1
#: Nor than so long for each of them, which is a few times what it costs to tell one.
EACH_SECONDS = 0.001
_READS_AT_ONCE = _QUESTIONS_AT_ONCE = 2  # of all streams: others read from the same connections


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
        `NotAllowed` for an actor who is inactive, also where he becomes so while he reads; `Unavailable` where he reads
        50 streams of this engine already.
        """
        async with aclosing(self.event_pages(after, actor=actor, query=query)) as pages:
            async for page in pages:
                for position, event in page.events:
                    yield position, event

    async def event_pages(
        self, after: str | None = None, *, actor: str | None = None, query: str | Node | None = None
    ) -> AsyncGenerator[EventPage, None]:
        """As `events`, by the page; also an empty one now and then, so that whoever waits can do something else.

        Raises `InvalidInput`, `InvalidFilter`, `NotAllowed` and `Unavailable` as `events` does.
        """
        dn = await self._dn(actor)
        require_active(self._world.directory, dn)
        async with aclosing(self._event_pages(after, dn, query)) as pages:
            async for page in pages:
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
        self._committed, self._told_at = asyncio.Event(), float("-inf")
        self._telling: asyncio.TimerHandle | None = None
        self._readers = 0
        self._streams: Counter[str] = Counter()
        self._for_streams, self._questions_of_streams = Shared(_READS_AT_ONCE), Shared(_QUESTIONS_AT_ONCE)
        self._tail = Tail(self._events_after, self._last_position)

    def _tell_readers(self) -> None:
        """Tell readers that there may be more: at once, or a moment later where they have just been told."""
        loop = asyncio.get_running_loop()
        pause = max(GATHER_SECONDS, EACH_SECONDS * self._streams.total())
        wait = 0.0 if self._was_closed else self._told_at + pause - loop.time()
        if wait <= 0:
            self._tell_now()
        elif self._telling is None:
            self._telling = loop.call_later(wait, self._tell_now)

    def _tell_now(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
        self._telling, self._told_at = None, asyncio.get_running_loop().time()
        committed, self._committed = self._committed, asyncio.Event()
        committed.set()

    async def _event_pages(
        self, after: str | None, actor: str | None, query: str | Node | None
    ) -> AsyncGenerator[EventPage, None]:
        wanted = self._condition(query, actor)
        self._readers += 1
        try:
            with self._counted(actor):
                position = await self._last_position() if after is None else position_of(after)
                while not self._was_closed:
                    committed = self._committed  # taken before the look, so that no commit is slept through
                    found = await self._tail.after(position, committed)
                    position = found[-1][0] if found else position  # where the next look begins
                    yield EventPage(await self._given(found, actor, wanted), str(position))
                    if not found or self._tail.ends_at(position, committed):
                        await _wait(committed)
        except Unavailable:
            if not self._was_closed:
                raise
        finally:
            self._readers -= 1

    @contextmanager
    def _counted(self, actor: str | None) -> Iterator[None]:
        """Count a stream among those of its reader; refuse one too many."""
        if actor is None:
            yield
            return
        if self._streams[actor] >= MOST_STREAMS:
            raise Unavailable(
                f"{actor} reads {MOST_STREAMS} streams of events here already, which is as many as one person may; "
                "end one of them, or read several conditions in one stream, joined by or."
            )
        self._streams[actor] += 1
        try:
            yield
        finally:
            self._streams[actor] -= 1
            if not self._streams[actor]:
                del self._streams[actor]

    def _condition(self, query: str | Node | None, actor: str | None) -> Node | None:
        """What is asked for, once it is known that this person may ask it and that it means something."""
        wanted = parse_condition(query, EVENTS) if isinstance(query, str) else query
        if wanted is not None:
            require_allowed(self._world.directory, actor, EVENTS, wanted)
            resolved(wanted, self._world, actor, self.clock.now())
        return wanted

    async def _events_after(self, position: Position, limit: int) -> Found:
        names = Names(self._world.names)
        return await self._read_in_turn(partial(trail.events_after, after=position, names=names, limit=limit))

    async def _last_position(self) -> Position:
        return await self._read_in_turn(trail.last_position)

    async def _read_in_turn(self, work: Callable[[Any], T]) -> T:
        return await self._for_streams.alone(lambda: self._read(work))

    async def _given(self, found: Found, actor: str | None, wanted: Node | None) -> Sequence[tuple[str, Event]]:
        """Those of a page that somebody asks for and may see now: who may no more gets none that he was not given.

        Whoever has come to the same page shares what is read for it, which was read once the page was there.
        """
        if not found:
            return []
        page = found[0][0], found[-1][0]
        if actor is not None:
            await self._for_streams.once(page, self.refresh)
            require_active(self._world.directory, actor)
        if wanted is None and (actor is None or permits(self._world.directory, actor, Act.READ)):
            return await self._for_streams.once(("everything", page), partial(_all_of, found))
        shared = self._for_streams if wanted is None else self._questions_of_streams
        return await shared.once((actor, wanted, page), partial(self._matching, found, actor, wanted))

    async def _matching(self, found: Found, actor: str | None, wanted: Node | None) -> Sequence[tuple[str, Event]]:
        numbers, now = [position.number for position, _ in found], self.clock.now()
        work = partial(matching_events, world=self._world, numbers=numbers, wanted=wanted, actor=actor, now=now)
        kept = await (self._read(work) if wanted is None else self._ask(work))
        return [(str(position), event) for position, event in found if position.number in kept]


async def _all_of(found: Found) -> Sequence[tuple[str, Event]]:
    return [(str(position), event) for position, event in found]


async def _wait(committed: asyncio.Event) -> None:
    """Wait for a commit; another program's are not told, so that the database is asked now and then."""
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await committed.wait()
    except TimeoutError:
        return
