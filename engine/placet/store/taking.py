"""Jobs on PostgreSQL beside their queue: what is to be tried later, what has come due, and what the queue has lost."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal, select, text, tuple_, update

from placet.store import queueing
from placet.store.jobs import to_record
from placet.store.leaving import PutBack, put_back
from placet.store.queueing import SCHEMA
from placet.store.tables import job

#: How many jobs are found to be due at once, and how many are looked up in the queue.
AT_ONCE, LOOKED_UP = 500, 2_000

Place: TypeAlias = tuple[str, int]

_COLUMNS = job.c.process_id, job.c.number
_KEY = tuple_(*_COLUMNS)
#: What came back while its process was stopped is in no queue, and not to run.
_RUNS = job.c.timer_at.is_(None), job.c.lane.is_not(None), ~job.c.payload.op("?", is_comparison=True)("came")
_NAMED = "encode(job.process_id, 'hex') || ':' || job.number"
_NOTHING = text(
    f"NOT EXISTS (SELECT FROM {SCHEMA}.pgqueuer waiting WHERE waiting.dedupe_key = {_NAMED}"
    " AND waiting.dedupe_key IS NOT NULL AND waiting.status IN ('queued', 'picked'))"
)
_DUE = (
    select(*_COLUMNS)
    .where(job.c.lane.is_not(None), job.c.lane == bindparam("of"), job.c.timer_at <= bindparam("now"))
    .order_by(job.c.timer_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_RELEASE = update(job).where(_KEY.in_(select(_DUE.c.process_id, _DUE.c.number))).values(timer_at=None).returning(job)
_THIS = job.c.process_id == bindparam("key"), job.c.number == bindparam("nth")
_AGAIN = update(job).where(*_THIS, job.c.timer_at.is_(None)).values(timer_at=bindparam("now"))
_WAITING = select(job.c.lane, func.count().label("jobs")).where(*_RUNS).group_by(job.c.lane)
_UNDER_WAY = text(
    f"SELECT entrypoint, count(*) AS jobs FROM {SCHEMA}.pgqueuer"  # noqa: S608  # nothing in it is anybody's input
    " WHERE status IN ('queued', 'picked') GROUP BY entrypoint"
)


def leave(tx: Connection, tried: Collection[PutBack]) -> None:
    """Let go of jobs until they are to be tried again, and take them out of the queue, if they are theirs still."""
    put_back(tx, tried)
    keys = [(each.held.process_id, each.held.number) for each in tried]
    rows = tx.execute(select(*_COLUMNS).where(_KEY.in_(keys), job.c.timer_at.is_not(None)))
    queueing.remove(tx, [(row.process_id, row.number) for row in rows])


def release(tx: Connection, lanes: Collection[str], now: datetime) -> int:
    """Put what has come due of these lanes into the queue; gives how many."""
    due = [to_record(row) for lane in lanes for row in tx.execute(_RELEASE, {"of": lane, "now": now, "most": AT_ONCE})]
    leaving = queueing.enqueue(tx, due)
    for each in leaving:  # its former row is on its way out of the queue
        tx.execute(_AGAIN, {"key": each.process_id, "nth": each.number, "now": now})
    return len(due) - len(leaving)


def sweep(tx: Connection, after: Place | None) -> tuple[int, Place | None]:
    """Put anew into the queue what may run and is in none; gives how many, and where to go on (None: that was all)."""
    key = tuple_(*_COLUMNS)
    ahead = _RUNS if after is None else (*_RUNS, key > _bound(after))
    last = tx.execute(select(*_COLUMNS).where(*ahead).order_by(*_COLUMNS).offset(LOOKED_UP - 1).limit(1)).first()
    place = None if last is None else (last.process_id, last.number)
    within = ahead if place is None else (*ahead, key <= _bound(place))
    lost = [to_record(row) for row in tx.execute(select(job).where(*within, _NOTHING))]
    return len(lost) - len(queueing.enqueue(tx, lost)), place


def _bound(place: Place) -> ColumnElement[Any]:
    return tuple_(*(literal(value, each.type) for value, each in zip(place, _COLUMNS, strict=True)))


def waiting(tx: Connection) -> dict[str, int]:
    """How many jobs of each lane may run now, or do."""
    return {row.lane: row.jobs for row in tx.execute(_WAITING)}


def under_way(tx: Connection) -> dict[str, int]:
    """How many rows the queue has of what each service and lane shares."""
    return {row.entrypoint: row.jobs for row in tx.execute(_UNDER_WAY)}


def analyze(tx: Connection) -> None:
    """Have the server know that much is in the queue: it was planned for as an empty one."""
    tx.execute(text(f"ANALYZE {SCHEMA}.pgqueuer"))
