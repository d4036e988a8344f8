"""The figures of the overview page: exact for what is now; what a past hour or day was is counted once and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from placet.clock import Clock
from placet.core.definition import Definition
from placet.core.statuses import NodeStatus
from placet.store import nodes
from placet.store import overview as rows
from placet.store.names import Names
from placet.store.overview import Lane
from placet.store.types import from_millis, to_millis
from placet.store.world import World

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS, _DAYS, _OLDEST = 48, 14, 10
#: What is being committed when a bucket ends has been by then.
_SETTLED = timedelta(minutes=5)

#: The ages by which open processes are told apart: each is younger than its time, the last older than all of them.
AGES: tuple[tuple[str, timedelta], ...] = (
    ("under a day", _DAY),
    ("1 to 3 days", 3 * _DAY),
    ("3 to 7 days", 7 * _DAY),
    ("7 to 30 days", 30 * _DAY),
)
OLDEST_AGE = "over 30 days"


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened in one hour or day of UTC; `median` and `slow` are seconds from start to end of what ended in it.

    One in ten took longer than `slow`. Both are None where nothing ended.
    """

    begin: datetime
    started: int = 0
    ended: int = 0
    failed: int = 0
    median: float | None = None
    slow: float | None = None

    @property
    def error_rate(self) -> float:
        """Which share of what ended did so in error."""
        return self.failed / self.ended if self.ended else 0.0


@dataclass(frozen=True, slots=True)
class OpenProcesses:
    """How many processes of a definition are open, in all its versions; `by_age` as `Overview.ages` names them."""

    definition: Definition
    by_age: tuple[int, ...]

    @property
    def count(self) -> int:
        return sum(self.by_age)


@dataclass(frozen=True, slots=True)
class OldItem:
    """An open work item of those that have waited longest."""

    work_id: str
    process_id: str
    definition: Definition
    activity: str
    addressee: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """How many open processes an engine was the last to move; `status` is None for one that is not known any more."""

    engine_id: str
    open: int
    status: NodeStatus | None = None


@dataclass(frozen=True, slots=True)
class Queues:
    """What waits to be done without anybody: by this engine's writer, by timers, in lanes, by webhooks; incidents."""

    commands: int
    jobs_due: int
    timers_due: int
    lanes: Mapping[str, Lane]
    deliveries: int
    dead_deliveries: int
    incidents: int


@dataclass(frozen=True, slots=True)
class Overview:
    """How things stand at a moment; hours and days end with the one that is not over yet."""

    at: datetime
    hours: Sequence[Bucket]
    days: Sequence[Bucket]
    ages: tuple[str, ...]
    open: Sequence[OpenProcesses]  # most first
    oldest: Sequence[OldItem]
    engines: Sequence[EngineLoad]
    queues: Queues


#: Runs a store function.
Ask: TypeAlias = Callable[[Callable[[Any], Any]], Awaitable[Any]]


class Figures:
    """Gathers overviews; remembers the hours and days that are over."""

    def __init__(self, world: World, clock: Clock, commands: Callable[[], int]) -> None:
        self._world, self._clock, self._commands = world, clock, commands
        self._hours: dict[int, Bucket] = {}
        self._days: dict[int, Bucket] = {}

    async def gather(self, ask: Ask) -> Overview:
        """Everything as it is now; several statements run beside each other."""
        now = self._clock.now()
        hours, days, open_rows, (oldest, queues) = await asyncio.gather(
            self._buckets(ask, now, _HOUR, _HOURS, self._hours),
            self._buckets(ask, now, _DAY, _DAYS, self._days),
            ask(partial(self._open, now=now)),
            ask(partial(self._waiting, now=now)),
        )
        definitions, engines = open_rows
        return Overview(
            now, hours, days, (*(name for name, _ in AGES), OLDEST_AGE), definitions, oldest, engines, queues
        )

    async def _buckets(
        self, ask: Ask, now: datetime, width: timedelta, count: int, kept: dict[int, Bucket]
    ) -> list[Bucket]:
        """The last buckets; those that are not known are counted together."""
        last = _floor(now, width)
        begins = [last - width * back for back in reversed(range(count))]
        for old in [each for each in kept if each < to_millis(begins[0])]:
            del kept[old]
        missing = [begin for begin in begins if to_millis(begin) not in kept]
        made = await ask(partial(_count, begins=missing, width=width))
        kept.update({key: bucket for key, bucket in made.items() if bucket.begin + width + _SETTLED <= now})
        return [made.get(to_millis(begin)) or kept[to_millis(begin)] for begin in begins]

    def _open(self, tx: Any, now: datetime) -> tuple[list[OpenProcesses], list[EngineLoad]]:
        names = Names(self._world.names)
        found = rows.open_rows(tx, names, [now - age for _, age in AGES])
        names.committed()
        by_guid: dict[str, tuple[Definition, list[int]]] = {}
        by_engine: dict[str, int] = {}
        for row in found:
            definition = self._world.definition(tx, row.definition)
            known, ages = by_guid.get(definition.guid, (definition, [0] * len(row.ages)))
            newest = max(known, definition, key=lambda each: each.version)
            by_guid[definition.guid] = newest, [a + b for a, b in zip(ages, row.ages, strict=True)]
            by_engine[row.engine_id] = by_engine.get(row.engine_id, 0) + sum(row.ages)
        statuses = {node.id: node.status for node in nodes.every(tx)}
        of_interest = by_engine.keys() | {id_ for id_, status in statuses.items() if status.is_alive}
        engines = [EngineLoad(id_, by_engine.get(id_, 0), statuses.get(id_)) for id_ in sorted(of_interest)]
        definitions = [OpenProcesses(definition, tuple(ages)) for definition, ages in by_guid.values()]
        definitions.sort(key=lambda each: (-each.count, each.definition.name))
        return definitions, engines

    def _waiting(self, tx: Any, now: datetime) -> tuple[list[OldItem], Queues]:
        names = Names(self._world.names)
        oldest = [
            OldItem(
                row.work_id,
                row.process_id,
                self._world.definition(tx, row.definition),
                row.activity,
                row.addressee,
                row.created_at,
            )
            for row in rows.oldest_items(tx, names, _OLDEST)
        ]
        names.committed()
        found = rows.queues(tx, now)
        return oldest, Queues(
            self._commands(),
            found.jobs_due,
            found.timers_due,
            found.lanes,
            found.deliveries,
            found.dead_deliveries,
            found.incidents,
        )


def _floor(moment: datetime, width: timedelta) -> datetime:
    millis = to_millis(moment)
    return from_millis(millis - millis % (width // timedelta(milliseconds=1)))


def _count(tx: Any, begins: Sequence[datetime], width: timedelta) -> dict[int, Bucket]:
    """What happened in buckets that follow each other or nearly do, by when each begins."""
    if not begins:
        return {}
    span = begins[0], begins[-1] + width, width // timedelta(milliseconds=1)
    started, ended = rows.started(tx, *span), rows.ended(tx, *span)
    return {key: _bucket(begin, started.get(key, 0), ended.get(key)) for begin in begins for key in [to_millis(begin)]}


def _bucket(begin: datetime, started: int, ended: rows.Ended | None) -> Bucket:
    if ended is None:
        return Bucket(begin, started)
    return Bucket(begin, started, ended.count, ended.failed, ended.median, ended.slow)
