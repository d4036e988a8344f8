"""Work items as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from placet.commands import FireItemTimer
from placet.core.records import WorkItem
from placet.core.statuses import Priority, WorkItemStatus
from placet.store.bulk import Bulk
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
    wanted = or_(work_item.c.status < WorkItemStatus.COMPLETED, work_item.c.number.in_(numbers))
    rows = tx.execute(select(work_item).where(work_item.c.process_id.in_(process_ids), wanted)).all()
    return to_records(tx, rows, names)


def to_records(tx: Connection, rows: Sequence[Row[Any]], names: Names) -> list[WorkItem]:
    """Rows of all columns as records."""
    names.fetch(tx, (number for row in rows for number in (row.addressee, row.owner, row.actor, row.proxy_for)))
    return [_record(row, names) for row in rows]


def _record(row: Row[Any], names: Names) -> WorkItem:
    return WorkItem(
        process_id=row.process_id,
        number=row.number,
        activity=row.activity,
        token=row.token,
        addressee=names.dn(row.addressee),
        created_at=row.created_at,
        status=WorkItemStatus(row.status),
        priority=Priority(row.priority),
        owner=names.optional_dn(row.owner),
        due_at=row.due_at,
        expires_at=row.expires_at,
        completed_at=row.completed_at,
        actor=names.optional_dn(row.actor),
        outcome=row.outcome,
        proxy_for=names.optional_dn(row.proxy_for),
        returned=row.returned,
        reminders=row.reminders,
        escalated=row.escalated,
        timer_at=row.timer_at,
        timer=row.timer,
        held=row.held,
    )


def names_in(records: Iterable[WorkItem]) -> list[str | None]:
    return [dn for record in records for dn in (record.addressee, record.owner, record.actor, record.proxy_for)]


def add(tx: Connection, records: Sequence[WorkItem], names: Names) -> None:
    _INSERT.run(tx, [_values(record, names) | _fixed(record) for record in records])


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
