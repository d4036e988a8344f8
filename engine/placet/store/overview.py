"""The figures of the overview, each one statement over indexes: what began and ended when, and what is open now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Label,
    case,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)

from placet.core.records import work_item_id
from placet.core.statuses import ApprovalStatus
from placet.store import queueing, taking
from placet.store.medians import ranked
from placet.store.names import Names
from placet.store.open_items import OPEN
from placet.store.tables import incident, job, process, webhook_delivery, work_item
from placet.store.types import Moment

_MOST = 0.9  # which share of what ended did not take longer than `Ended.slow`


@dataclass(frozen=True, slots=True)
class Ended:
    """What came to an end: how many, how many of them in error, and how many seconds it took."""

    count: int
    failed: int
    median: float
    slow: float


@dataclass(frozen=True, slots=True)
class OpenRow:
    """How many processes of a definition version, last moved by an engine, are open, by age."""

    definition: int
    engine_id: str
    ages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldRow:
    """An open work item of those that have waited longest."""

    work_id: str
    process_id: str
    definition: int
    activity: str
    addressee: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs of one lane: all that wait, and those of them that could run now."""

    waiting: int
    due: int


@dataclass(frozen=True, slots=True)
class QueueRows:
    """What waits to be done without anybody."""

    jobs_due: int
    timers_due: int
    lanes: Mapping[str, Lane]
    deliveries: int
    dead_deliveries: int
    incidents: int


def started(tx: Connection, begin: datetime, end: datetime, width: int) -> dict[int, int]:
    """How many processes were started in each piece of `width` milliseconds, by when the piece begins."""
    c = process.c
    bucket = _bucket(c.created_at, width)
    query = select(bucket, func.count().label("number")).where(c.created_at >= begin, c.created_at < end)
    return {row.bucket: row.number for row in tx.execute(query.group_by(bucket))}


def ended(tx: Connection, begin: datetime, end: datetime, width: int) -> dict[int, Ended]:
    """As `started`, what came to an end."""
    c = process.c
    bucket = _bucket(c.completed_at, width)
    columns, took = ranked(type_coerce(c.completed_at, BigInteger) - type_coerce(c.created_at, BigInteger), [bucket])
    failed = case((c.approval_status == ApprovalStatus.ERROR.value, 1), else_=0).label("failed")
    rows = select(bucket, failed, *columns).where(c.completed_at >= begin, c.completed_at < end).subquery()
    figures = func.count(), func.sum(rows.c.failed), took.median(rows), took.within(rows, _MOST)
    query = select(rows.c.bucket, *figures).group_by(rows.c.bucket)
    return {
        at: Ended(count, failed, float(median) / 1000, slow / 1000)
        for at, count, failed, median, slow in tx.execute(query)
    }


def _bucket(at: ColumnElement[Any], width: int) -> Label[int]:
    millis = type_coerce(at, BigInteger)
    return (millis - millis % literal_column(str(width))).label("bucket")


def open_rows(tx: Connection, names: Names, bounds: Sequence[datetime]) -> list[OpenRow]:
    """What is open; `bounds` are the times, latest first, that part one age from the next."""
    c = process.c
    age = case(
        *((c.created_at >= literal(bound, Moment()), literal_column(str(at))) for at, bound in enumerate(bounds)),
        else_=literal_column(str(len(bounds))),
    )
    query = select(c.definition, c.engine_id, age.label("age"), func.count().label("number"))
    rows = tx.execute(query.where(c.completed_at.is_(None)).group_by(c.definition, c.engine_id, age)).all()
    names.fetch(tx, (row.engine_id for row in rows))
    found: dict[tuple[int, int], list[int]] = {}
    for row in rows:
        found.setdefault((row.definition, row.engine_id), [0] * (len(bounds) + 1))[row.age] = row.number
    return [OpenRow(definition, names.dn(engine), tuple(ages)) for (definition, engine), ages in found.items()]


def oldest_items(tx: Connection, names: Names, limit: int) -> list[OldRow]:
    """The open work items that have waited longest."""
    c = work_item.c
    query = select(c.process_id, c.number, c.activity, c.addressee, c.created_at).where(OPEN)
    oldest = query.order_by(c.created_at, c.process_id, c.number).limit(limit).subquery()
    rows = tx.execute(
        select(oldest, process.c.definition)
        .join(process, process.c.id == oldest.c.process_id)
        .order_by(oldest.c.created_at, oldest.c.process_id, oldest.c.number)
    ).all()
    names.fetch(tx, (row.addressee for row in rows))
    return [
        OldRow(
            work_item_id(row.process_id, row.number),
            row.process_id,
            row.definition,
            row.activity,
            names.dn(row.addressee),
            row.created_at,
        )
        for row in rows
    ]


def queues(tx: Connection, now: datetime) -> QueueRows:
    """What waits to be done without anybody."""
    j, d = job.c, webhook_delivery.c
    lanes = (
        select(j.lane, func.count(), func.count(case((j.timer_at <= now, 1))))
        .where(j.timer_at.is_not(None), j.lane.is_not(None))
        .group_by(j.lane)
    )
    found = {lane: Lane(waiting, due) for lane, waiting, due in tx.execute(lanes)}
    for lane, queued in (taking.waiting(tx) if queueing.queues(tx) else {}).items():
        later = found.get(lane, Lane(0, 0))
        found[lane] = Lane(later.waiting + queued, later.due + queued)
    dead = _count(tx, webhook_delivery, d.dead_at.is_not(None))
    return QueueRows(
        jobs_due=_count(tx, job, j.timer_at <= now, j.lane.is_(None)),
        timers_due=_count(tx, work_item, work_item.c.timer_at <= now),
        lanes=found,
        deliveries=_count(tx, webhook_delivery) - dead,
        dead_deliveries=dead,
        incidents=_count(tx, incident, incident.c.resolved_at.is_(None)),
    )


def _count(tx: Connection, table: Any, *conditions: ColumnElement[bool]) -> int:
    return tx.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
