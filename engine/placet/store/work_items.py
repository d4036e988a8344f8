"""Work items as rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from placet.commands import FireItemTimer
from placet.core.records import WorkItem
from placet.core.statuses import Priority, WorkItemStatus
from placet.store.bulk import Bulk, Inserts
from placet.store.names import Names
from placet.store.tables import work_item

_CHANGING = (
    "addressee",
    "status",
    "priority",
    "owner",
    "due_at",
    "expires_at",
    "completed_at",
    "actor",
    "outcome",
    "proxy_for",
    "reminders",
    "escalated",
    "timer_at",
    "timer",
    "held",
)
# Rows come as tuples in the order of the table's columns; a record is made of the same values in its own order.
_COLUMNS = work_item.c.keys()
_NAMED = [_COLUMNS.index(column) for column in ("addressee", "owner", "actor", "proxy_for")]
_NAMES = itemgetter(*_NAMED)
_STATUS, _PRIORITY = _COLUMNS.index("status"), _COLUMNS.index("priority")
_ORDER = [_COLUMNS.index(member.name) for member in fields(WorkItem)]
_STATUSES = {status.value: status for status in WorkItemStatus}
_PRIORITIES = {priority.value: priority for priority in Priority}

_LOAD = select(work_item).where(
    work_item.c.process_id.in_(bindparam("ids", expanding=True)),
    or_(
        work_item.c.status < WorkItemStatus.COMPLETED,
        work_item.c.number.in_(bindparam("numbers", expanding=True)),
    ),
)
_INSERT = Bulk(insert(work_item), work_item.c.keys())
_UPDATE = Bulk(
    update(work_item)
    .where(work_item.c.process_id == bindparam("key"), work_item.c.number == bindparam("nth"))
    .values({column: bindparam(column) for column in _CHANGING})
)


def load(tx: Connection, process_ids: Collection[str], numbers: Collection[int], names: Names) -> list[WorkItem]:
    """The open items of these processes, and whatever items of theirs have one of these numbers."""
    if not process_ids:
        return []
    rows = tx.execute(_LOAD, {"ids": list(process_ids), "numbers": list(numbers)}).all()
    return to_records(tx, rows, names)


def is_open(tx: Connection, process_id: str, number: int) -> bool:
    """Whether a work item still waits for an answer."""
    this = work_item.c.process_id == process_id, work_item.c.number == number
    return (
        tx.execute(select(work_item.c.status).where(*this, work_item.c.status < WorkItemStatus.COMPLETED)).first()
        is not None
    )


def to_records(tx: Connection, rows: Sequence[Row[Any]], names: Names) -> list[WorkItem]:
    """Rows of all columns as records."""
    names.fetch(tx, chain.from_iterable(map(_NAMES, rows)))
    return [_record(row, names.dn) for row in rows]


def _record(row: Any, dn: Callable[[int], str]) -> WorkItem:
    values = list(row)
    for place in _NAMED:
        if values[place] is not None:
            values[place] = dn(values[place])
    values[_STATUS], values[_PRIORITY] = _STATUSES[values[_STATUS]], _PRIORITIES[values[_PRIORITY]]
    return WorkItem(*map(values.__getitem__, _ORDER))


def names_in(records: Iterable[WorkItem]) -> list[str | None]:
    return [dn for record in records for dn in (record.addressee, record.owner, record.actor, record.proxy_for)]


def add(inserts: Inserts, records: Sequence[WorkItem], names: Names) -> None:
    inserts.add(_INSERT, [_values(record, names) | _fixed(record) for record in records])


def save(tx: Connection, records: Sequence[WorkItem], names: Names) -> None:
    rows = [_values(record, names) | {"key": record.process_id, "nth": record.number} for record in records]
    _UPDATE.run(tx, rows)


def _fixed(record: WorkItem) -> dict[str, Any]:
    return {
        "process_id": record.process_id,
        "number": record.number,
        "activity": record.activity,
        "token": record.token,
        "created_at": record.created_at,
        "returned": record.returned,
    }


def _values(record: WorkItem, names: Names) -> dict[str, Any]:
    return {
        "addressee": names.number(record.addressee),
        "status": record.status.value,
        "priority": record.priority.value,
        "owner": names.optional_number(record.owner),
        "due_at": record.due_at,
        "expires_at": record.expires_at,
        "completed_at": record.completed_at,
        "actor": names.optional_number(record.actor),
        "outcome": record.outcome,
        "proxy_for": names.optional_number(record.proxy_for),
        "reminders": record.reminders,
        "escalated": record.escalated,
        "timer_at": record.timer_at,
        "timer": record.timer,
        "held": record.held,
    }


def due(tx: Connection, now: datetime, limit: int) -> list[FireItemTimer]:
    """The timers that have come due, as the commands that they are."""
    c = work_item.c
    query = select(c.process_id, c.number, c.timer).where(c.timer_at <= now).order_by(c.timer_at).limit(limit)
    return [FireItemTimer(process_id=row.process_id, number=row.number, timer=row.timer) for row in tx.execute(query)]


def next_due(tx: Connection) -> datetime | None:
    """When the next timer comes due."""
    c = work_item.c
    query = select(c.timer_at).where(c.timer_at.is_not(None)).order_by(c.timer_at).limit(1)
    return tx.execute(query).scalar()
