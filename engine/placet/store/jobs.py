"""Jobs as rows: waits, and the outbox of what a process has to tell another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, tuple_, update

from placet.core.records import Job
from placet.store.tables import job

_LOAD = select(job).where(job.c.process_id.in_(bindparam("ids", expanding=True)))
_INSERT = insert(job)
_UPDATE = (
    update(job)
    .where(job.c.process_id == bindparam("key"), job.c.number == bindparam("nth"))
    .values(timer_at=bindparam("timer_at"), timer=bindparam("timer"), payload=bindparam("payload"))
)


def load(tx: Connection, process_ids: Collection[str]) -> list[Job]:
    if not process_ids:
        return []
    return [_record(row) for row in tx.execute(_LOAD, {"ids": list(process_ids)})]


def _record(row: Row[Any]) -> Job:
    return Job(row.process_id, row.number, row.kind, row.timer_at, row.token, row.payload, row.timer)


def existing(tx: Connection, keys: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Which of these jobs are still there; none of them can go before this transaction ends."""
    if not keys:
        return set()
    key = job.c.process_id, job.c.number
    rows = tx.execute(select(*key).where(tuple_(*key).in_(sorted(keys))).order_by(*key).with_for_update())
    return {(row.process_id, row.number) for row in rows}


def add(tx: Connection, records: Sequence[Job]) -> None:
    if records:
        tx.execute(
            _INSERT,
            [
                {
                    "process_id": record.process_id,
                    "number": record.number,
                    "kind": record.kind,
                    "token": record.token,
                    "timer_at": record.timer_at,
                    "timer": record.timer,
                    "payload": record.payload,
                }
                for record in records
            ],
        )


def save(tx: Connection, records: Sequence[Job]) -> None:
    if records:
        tx.execute(
            _UPDATE,
            [
                {
                    "key": record.process_id,
                    "nth": record.number,
                    "timer_at": record.timer_at,
                    "timer": record.timer,
                    "payload": record.payload,
                }
                for record in records
            ],
        )


def end(tx: Connection, keys: Collection[tuple[str, int]]) -> None:
    for process_id, number in sorted(keys):
        tx.execute(delete(job).where(job.c.process_id == process_id, job.c.number == number))


def due(tx: Connection, now: datetime, limit: int) -> list[Job]:
    """The jobs whose time has come, earliest first."""
    query = select(job).where(job.c.timer_at <= now).order_by(job.c.timer_at).limit(limit)
    return [_record(row) for row in tx.execute(query)]


def next_due(tx: Connection) -> datetime | None:
    """When the next job comes due."""
    query = select(job.c.timer_at).where(job.c.timer_at.is_not(None)).order_by(job.c.timer_at).limit(1)
    return tx.execute(query).scalar()
