"""How many processes and work items are open by definition, counted piece by piece; and what waits the longest.

A piece is so small that nobody waits for it, whatever there is to count, and it walks along an index over what is open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, Table, func, literal, select, text, tuple_

from placet.store import jobs, leaving, queueing, work_items
from placet.store.open_items import OPEN
from placet.store.tables import incident, process, webhook_delivery, work_item

#: How many rows a piece has.
PIECE = 2_000
#: Up to how many of what ought to be few are counted.
MOST_FEW = 10_000

#: The kind of job of a lane, by its first part, where that is another word.
_KINDS = {"connector": "call"}

#: Ids of the queue are in order of time, by the clock of the database.
_QUEUED = text(
    f"SELECT EXTRACT(EPOCH FROM now() - created) FROM {queueing.SCHEMA}.pgqueuer"  # noqa: S608  # a name of ours
    " WHERE status = 'queued' ORDER BY id LIMIT 1"
)

Place: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Walk:
    """Rows of a table that are open, in the order of the columns of an index over them."""

    table: Table
    is_open: ColumnElement[bool]
    key: tuple[ColumnElement[Any], ...]


PROCESSES = Walk(process, process.c.completed_at.is_(None), (process.c.process_status, process.c.id))
ITEMS = Walk(work_item, OPEN, (work_item.c.created_at, work_item.c.process_id, work_item.c.number))


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits: the time of the oldest open item, how late due work is by kind, and how much is stuck."""

    oldest_item: datetime | None
    due: Mapping[str, datetime]  # when the first of each kind of work is or was due
    queued_seconds: float | None  # for how long the first job has waited in the queue, where there is one
    incidents: int
    dead_deliveries: int


def piece(tx: Connection, walk: Walk, after: Place | None) -> tuple[Mapping[int, int], Place | None]:
    """How many of the next rows each definition's version has, and where to go on; None where that was all."""
    ahead = [walk.is_open]
    if after is not None:
        bound = [literal(value, column.type) for value, column in zip(after, walk.key, strict=True)]
        ahead.append(tuple_(*walk.key) > tuple_(*bound))
    some = select(*walk.key).where(*ahead).order_by(*walk.key).limit(PIECE)
    last = tx.execute(some.offset(PIECE - 1).limit(1)).first()
    return {row.definition: row.number for row in tx.execute(_by_definition(walk, some))}, last


def _by_definition(walk: Walk, some: Select[Any]) -> Select[int, int]:
    """How many of some rows each definition's version has; within, so that their index is the way to them."""
    if walk.table is process:
        definition: ColumnElement[int] = some.add_columns(process.c.definition).subquery().c.definition
        rows = select(definition, func.count().label("number"))
    else:
        definition, found = process.c.definition, some.subquery()
        joined = found.join(process, process.c.id == found.c.process_id)
        rows = select(definition, func.count().label("number")).select_from(joined)
    return rows.group_by(definition)


def standing(tx: Connection) -> Standing:
    """What waits; some steps through indexes, however much it is."""
    created = work_item.c.created_at
    oldest = tx.execute(select(created).where(OPEN).order_by(created).limit(1)).scalar()
    due = {"timer": work_items.next_due(tx), "job": jobs.next_due(tx)}
    for lane, at in leaving.lanes(tx).items():
        first = lane.partition("/")[0]
        kind = _KINDS.get(first, first)
        known = due.get(kind)
        due[kind] = at if known is None else min(known, at)
    return Standing(
        oldest,
        {kind: at for kind, at in due.items() if at is not None},
        _queued_seconds(tx) if queueing.queues(tx) else None,
        _few(tx, incident, incident.c.resolved_at.is_(None)),
        _few(tx, webhook_delivery, webhook_delivery.c.dead_at.is_not(None)),
    )


def _queued_seconds(tx: Connection) -> float:
    return float(tx.execute(_QUEUED).scalar() or 0)


def _few(tx: Connection, table: Table, condition: ColumnElement[bool]) -> int:
    some = select(literal(1).label("one")).select_from(table).where(condition).limit(MOST_FEW).subquery()
    return tx.execute(select(func.count()).select_from(some)).scalar_one()
