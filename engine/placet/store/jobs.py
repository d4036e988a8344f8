"""Jobs as rows: waits, the outbox of what a process has to tell another, and what leaves the house.

Where there is a queue, what leaves goes into it at once and has no `timer_at` while it is there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, tuple_, update

from placet.core.records import Job
from placet.store import queueing
from placet.store.bulk import Bulk, Inserts
from placet.store.tables import job

_LOAD = select(job).where(job.c.process_id.in_(bindparam("ids", expanding=True)))
_THIS = job.c.process_id == bindparam("key"), job.c.number == bindparam("nth")
_INSERT = Bulk(insert(job), job.c.keys())
_UPDATE = Bulk(
    update(job)
    .where(*_THIS)
    .values(timer_at=bindparam("timer_at"), timer=bindparam("timer"), payload=bindparam("payload"))
)
_DELETE = Bulk(delete(job).where(*_THIS))


def load(tx: Connection, process_ids: Collection[str]) -> list[Job]:
    if not process_ids:
        return []
    return [to_record(row) for row in tx.execute(_LOAD, {"ids": list(process_ids)})]


def to_record(row: Row[Any]) -> Job:
    """A row of all columns as a record."""
    return Job(row.process_id, row.number, row.kind, row.timer_at, row.token, row.payload, row.timer, row.lane)


def existing(tx: Connection, keys: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Which of these jobs are still there; none of them can go before this transaction ends."""
    if not keys:
        return set()
    key = job.c.process_id, job.c.number
    rows = tx.execute(select(*key).where(tuple_(*key).in_(sorted(keys))).order_by(*key).with_for_update())
    return {(row.process_id, row.number) for row in rows}


def add(inserts: Inserts, records: Sequence[Job]) -> None:
    queued = [record for record in records if record.lane is not None] if queueing.queues(inserts.tx) else []
    rows = [
        {
            "process_id": record.process_id,
            "number": record.number,
            "kind": record.kind,
            "token": record.token,
            "timer_at": None if queued and record.lane is not None else record.timer_at,
            "timer": record.timer,
            "payload": record.payload,
            "lane": record.lane,
        }
        for record in records
    ]
    inserts.add(_INSERT, rows)
    queueing.enqueue(inserts.tx, queued)


def save(tx: Connection, records: Sequence[Job]) -> None:
    rows = [
        {
            "key": record.process_id,
            "nth": record.number,
            "timer_at": record.timer_at,
            "timer": record.timer,
            "payload": record.payload,
        }
        for record in records
    ]
    _UPDATE.run(tx, rows)
    if queueing.queues(tx):
        queueing.remove(tx, [(record.process_id, record.number) for record in records if record.lane is not None])


def end(tx: Connection, keys: Collection[tuple[str, int]]) -> None:
    _DELETE.run(tx, [{"key": process_id, "nth": number} for process_id, number in sorted(keys)])
    if queueing.queues(tx):
        queueing.remove(tx, keys)


def due(tx: Connection, now: datetime, limit: int) -> list[Job]:
    """The engine's own jobs whose time has come, earliest first."""
    query = select(job).where(job.c.timer_at <= now, job.c.lane.is_(None)).order_by(job.c.timer_at).limit(limit)
    return [to_record(row) for row in tx.execute(query)]


def next_due(tx: Connection) -> datetime | None:
    """When the next of the engine's own jobs comes due."""
    query = (
        select(job.c.timer_at)
        .where(job.c.timer_at.is_not(None), job.c.lane.is_(None))
        .order_by(job.c.timer_at)
        .limit(1)
    )
    return tx.execute(query).scalar()
