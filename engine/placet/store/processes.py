"""Processes as rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from placet.core.records import Process
from placet.core.statuses import Life
from placet.store import counters
from placet.store.bulk import Bulk, Inserts
from placet.store.names import Names
from placet.store.tables import process

LATE_CHANGES = "late_changes"

_LIVES = {(int(life.process_status), int(life.approval_status)): life for life in Life}
_NAMES = itemgetter(*map(process.c.keys().index, ("initiator", "recipient", "proxy", "engine_id")))
_SETTABLE = ("process_status", "approval_status", "completed_at", "engine_id")
_COUNTED = ("item_count", "comment_count", "event_count", "job_count", "incident_count")
# put together once: a batch reads few rows, and building such a statement takes longer than running it
_LOAD = select(process).where(process.c.id.in_(bindparam("ids", expanding=True)))
_LOCK = _LOAD.order_by(process.c.id).with_for_update()
_INSERT = Bulk(insert(process), process.c.keys())
_UPDATE = Bulk(
    update(process)
    .where(process.c.id == bindparam("key"), process.c.revision == bindparam("before"))
    .values({column: bindparam(column) for column in (*_SETTABLE, *_COUNTED, "revision", "data", "flow")})
)


def load(tx: Connection, ids: Collection[str], names: Names, *, lock: bool = False) -> list[Process]:
    """The processes with these ids; on PostgreSQL `lock` takes their rows, in the order of ids."""
    if not ids:
        return []
    rows = tx.execute(_LOCK if lock else _LOAD, {"ids": list(ids)}).all()
    return to_records(tx, rows, names)


def to_records(tx: Connection, rows: Sequence[Row[Any]], names: Names) -> list[Process]:
    """Rows of all columns as records."""
    names.fetch(tx, chain.from_iterable(map(_NAMES, rows)))
    return [_record(row, names.dn) for row in rows]


def _record(row: Any, dn: Callable[[int], str]) -> Process:
    # unpacked in the order of the table's columns: three times as fast as asking for each by name
    (
        id_,
        definition,
        initiator,
        recipient,
        process_status,
        approval_status,
        created_at,
        completed_at,
        correlation_id,
        proxy,
        parent,
        engine_id,
        revision,
        item_count,
        comment_count,
        event_count,
        job_count,
        data,
        flow,
        incident_count,
    ) = row
    return Process(
        id=id_,
        definition=definition,
        initiator=dn(initiator),
        recipient=dn(recipient),
        life=_LIVES[process_status, approval_status],
        created_at=created_at,
        completed_at=completed_at,
        correlation_id=correlation_id,
        proxy=None if proxy is None else dn(proxy),
        parent=parent,
        engine_id=dn(engine_id),
        revision=revision,
        data=data,
        flow=flow or {},
        item_count=item_count,
        comment_count=comment_count,
        event_count=event_count,
        job_count=job_count,
        incident_count=incident_count,
    )


def names_in(records: Iterable[Process]) -> list[str | None]:
    return [dn for record in records for dn in (record.initiator, record.recipient, record.proxy, record.engine_id)]


def add(inserts: Inserts, records: Sequence[Process], names: Names) -> None:
    inserts.add(_INSERT, [_values(record, names) | _fixed(record, names) for record in records])


def save(tx: Connection, records: Sequence[tuple[Process, int]], names: Names) -> None:
    """Update processes; each comes with the revision it was read at, which fences the update."""
    rows = [_values(record, names) | {"key": record.id, "before": before} for record, before in records]
    met = _UPDATE.run(tx, rows)
    assert met in (-1, len(rows)), "a process changed behind the lock of its batch"


def note_late_change(tx: Connection) -> None:
    """Count that a process was changed that had ended; on SQLite, where `listing` takes it that none was."""
    if tx.dialect.name == "sqlite":
        counters.bump(tx, LATE_CHANGES)


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
        "incident_count": record.incident_count,
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
