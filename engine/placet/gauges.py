"""The gauges of an engine: what is at hand is read when somebody asks, what the database knows is asked now and then.

Whoever asks waits for the database a moment at most, and is given what was known before where it takes longer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from placet.clock import Clock
from placet.core.statuses import NodeStatus
from placet.errors import PlacetError
from placet.log import get_logger
from placet.store import census
from placet.store.census import ITEMS, PROCESSES, Standing, Walk
from placet.store.world import World
from placet.telemetry.metrics import Metrics, Values
from placet.telemetry.tallies import MOST_SERIES, OTHER, Labels

log = get_logger("placet.engine")

#: How often the database is asked at most: for what is one look, and for what is counted.
LOOK, COUNT = timedelta(seconds=5), timedelta(seconds=15)
#: How long who asks for the figures waits for the database.
PATIENCE_SECONDS = 0.04
#: Between two pieces it is rested so many times as long as one took: counting costs a twentieth of a core at most.
_REST = 19

#: Runs a store function in a read transaction of its own.
Read: TypeAlias = Callable[[Callable[[Any], Any]], Awaitable[Any]]


#: What is at hand without asking the database.
_AT_HAND = {
    "placet_commands_waiting": "Commands that are in no batch yet.",
    "placet_reads_in_progress": "Reads of the database under way.",
    "placet_event_readers": "Who follows what happens, in this program or by HTTP.",
    "placet_directory_version": "The changes of people that this engine knows of.",
}


def watch_at_hand(metrics: Metrics, status: Callable[[], NodeStatus], reads: Mapping[str, Callable[[], float]]) -> None:
    """Have the gauges of what an engine knows by itself: its status, and one number for each of their names."""
    watch = metrics.watch
    watch("placet_engine_status", "The status of this engine, which is 1.", lambda: _by_status(status()), "status")
    for name, about in _AT_HAND.items():
        watch(name, about, partial(_number, reads[name]))


def _by_status(status: NodeStatus) -> Values:
    return {(each.value,): float(each is status) for each in NodeStatus if each is not NodeStatus.TIMED_OUT}


def _number(read: Callable[[], float]) -> Values:
    return {(): read()}


@dataclass(slots=True)
class _Kept:
    """What some work last gave; `renew` has it done anew where that is old."""

    work: Callable[[], Awaitable[None]]
    every: timedelta
    at: datetime | None = None
    task: asyncio.Task[None] | None = None

    def renew(self, now: datetime) -> None:
        is_fresh = self.at is not None and timedelta() <= now - self.at < self.every
        if not is_fresh and (self.task is None or self.task.done()):
            self.at = now
            self.task = asyncio.create_task(self._done(), name="placet-gauges")

    async def _done(self) -> None:
        try:
            await self.work()
        except PlacetError as failure:
            log.warning("figures could not be read", error=str(failure))
        except Exception:
            log.exception("figures could not be read")

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task


@dataclass(slots=True)
class _Known:
    """What the database last said."""

    standing: Standing | None = None
    open: dict[str, Values] = field(default_factory=dict)  # by the name of the walk


class Gauges:
    """Asks the database of one engine for what its gauges tell."""

    def __init__(self, metrics: Metrics, read: Read, world: World, clock: Clock) -> None:
        self._read, self._world, self._clock = read, world, clock
        self._known = _Known()
        self._kept = [_Kept(self._look, LOOK), _Kept(self._count, COUNT)]
        metrics.before_reading(self.renew)
        watch = metrics.watch
        watch("placet_open_processes", "Processes that have not ended.", self._open("processes"), "definition")
        watch("placet_open_items", "Work items that wait for an answer.", self._open("items"), "definition")
        watch("placet_oldest_open_item_seconds", "How long the oldest open work item has waited.", self._oldest)
        watch("placet_due_lag_seconds", "How late the first work is that is due.", self._lag, "kind")
        watch("placet_open_incidents", "Incidents that wait for a person, counted up to 10,000.", self._incidents)
        watch("placet_dead_deliveries", "Deliveries given up, counted up to 10,000.", self._dead)

    async def renew(self) -> None:
        """Have old figures asked for anew, and wait a moment for them."""
        for each in self._kept:
            each.renew(self._clock.now())
        running = [each.task for each in self._kept if each.task is not None and not each.task.done()]
        if running:
            await asyncio.wait(running, timeout=PATIENCE_SECONDS)

    async def close(self) -> None:
        """Stop counting."""
        for each in self._kept:
            await each.close()

    async def _look(self) -> None:
        self._known.standing = await self._read(census.standing)

    async def _count(self) -> None:
        self._known.open["processes"] = await self._counted(PROCESSES)
        self._known.open["items"] = await self._counted(ITEMS)

    async def _counted(self, walk: Walk) -> Values:
        found: Counter[Labels] = Counter()
        place = None
        while True:
            began = asyncio.get_running_loop().time()
            some, place = await self._read(partial(self._piece, walk=walk, after=place))
            found.update(some)
            if place is None:
                return _bounded(found)
            await asyncio.sleep(_REST * (asyncio.get_running_loop().time() - began))

    def _piece(self, tx: Any, walk: Walk, after: census.Place | None) -> tuple[Counter[Labels], census.Place | None]:
        counts, place = census.piece(tx, walk, after)
        found: Counter[Labels] = Counter()
        for row, count in counts.items():
            found[(self._world.definition(tx, row).name,)] += count
        return found, place

    # -- as they are read ------------------------------------------------------------------------

    def _open(self, what: str) -> Callable[[], Values]:
        return lambda: self._known.open.get(what, {})

    def _oldest(self) -> Values:
        known = self._known.standing
        return {} if known is None else {(): self._since(known.oldest_item)}

    def _lag(self) -> Values:
        known = self._known.standing
        if known is None:
            return {}
        queued: Values = {} if known.queued_seconds is None else {("queued",): known.queued_seconds}
        return {**{(kind,): self._since(at) for kind, at in known.due.items()}, **queued}

    def _incidents(self) -> Values:
        return {} if self._known.standing is None else {(): self._known.standing.incidents}

    def _dead(self) -> Values:
        return {} if self._known.standing is None else {(): self._known.standing.dead_deliveries}

    def _since(self, at: datetime | None) -> float:
        return 0.0 if at is None else max(0.0, (self._clock.now() - at).total_seconds())


def _bounded(found: Counter[Labels]) -> Values:
    """The definitions of which most is open, and all others together."""
    kept = dict(found.most_common(MOST_SERIES))
    rest = found.total() - sum(kept.values())
    return {**kept, (OTHER,): rest} if rest else kept
