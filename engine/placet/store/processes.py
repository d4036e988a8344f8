"""Processes as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from placet.core.records import Process
from placet.core.statuses import ApprovalStatus, Life, ProcessStatus
from placet.store.names import Names
from placet.store.tables import process

PEOPLE = ("initiator", "recipient", "proxy", "engine_id")

_LIVES = {life.value: life for life in Life}
_INSERT = insert(process)
_SETTABLE = ("process_status", "approval_status", "completed_at", "engine_id", "item_count", "comment_count")
_UPDATE = (
    update(process)
    .where(process.c.id == bindparam("key"), process.c.revision == bindparam("before"))
    .values(
        {column: bindparam(column) for column in (*_SETTABLE, "event_count", "job_count", "revision", "data", "flow")}
    )
)


def load(tx: Connection, ids: Collection[str], names: Names, *, lock: bool = False) -> list[Process]:
    """The processes with these ids; on PostgreSQL `lock` takes their rows, in the order of ids."""
    if not ids:
        return []
    query = select(process).where(process.c.id.in_(ids))
    if lock:
        query = query.order_by(process.c.id).with_for_update()
    rows = tx.execute(query).all()
    return to_records(tx, rows, names)


def to_records(tx: Connection, rows: Sequence[Row[Any]], names: Names) -> list[Process]:
    """Rows of all columns as records."""
    names.fetch(tx, (number for row in rows for number in (row.initiator, row.recipient, row.proxy, row.engine_id)))
    return [_record(row, names) for row in rows]


def _record(row: Row[Any], names: Names) -> Process:
    return Process(
        id=row.id,
        definition=row.definition,
        initiator=names.dn(row.initiator),
        recipient=names.dn(row.recipient),
        life=_LIVES[(ProcessStatus(row.process_status), ApprovalStatus(row.approval_status))],
        created_at=row.created_at,
        completed_at=row.completed_at,
        correlation_id=row.correlation_id,
        proxy=names.optional_dn(row.proxy),
        parent=row.parent,
        engine_id=names.dn(row.engine_id),
        revision=row.revision,
        data=row.data,
        flow=row.flow or {},
        item_count=row.item_count,
        comment_count=row.comment_count,
        event_count=row.event_count,
        job_count=row.job_count,
    )


def names_in(records: Iterable[Process]) -> list[str | None]:
    return [dn for record in records for dn in (record.initiator, record.recipient, record.proxy, record.engine_id)]


def add(tx: Connection, records: Sequence[Process], names: Names) -> None:
    if records:
        tx.execute(_INSERT, [_values(record, names) | _fixed(record, names) for record in records])


def save(tx: Connection, records: Sequence[tuple[Process, int]], names: Names) -> None:
    """Update processes; each comes with the revision it was read at, which fences the update."""
    if records:
        rows = [_values(record, names) | {"key": record.id, "before": before} for record, before in records]
        result = tx.execute(_UPDATE, rows)
        assert result.rowcount in (-1, len(rows)), "a process changed behind the lock of its batch"


def _values(record: Process, names: Names) -> dict[str, Any]:
    return {
        "process_status": record.life.process_status.value,
        "approval_status": record.life.approval_status.value,
        "completed_at": record.completed_at,
        "engine_id": names.number(record.engine_id),
        "revision": record.revision,
        "item_count": record.item_count,
        "comment_count": record.comment_count,
        "event_count": record.event_count,
        "job_count": record.job_count,
        "data": record.data,
        "flow": record.flow or None,
    }


def _fixed(record: Process, names: Names) -> dict[str, Any]:
    """What never changes after the start."""
    return {
        "id": record.id,
        "definition": record.definition,
        "initiator": names.number(record.initiator),
        "recipient": names.number(record.recipient),
        "created_at": record.created_at,
        "correlation_id": record.correlation_id,
        "proxy": names.optional_number(record.proxy),
        "parent": record.parent,
    }
