"""Jobs that leave the house and have a time, as rows: which lanes wait, and what becomes of what was taken.

Where there is no queue, who takes a job moves its `timer_at` ahead for the length of a lease, and its `timer` up: what
another did with it before then comes too late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, tuple_, update

from placet.core.records import Job
from placet.store.bulk import Bulk
from placet.store.jobs import to_record
from placet.store.tables import job

_WAITS = job.c.timer_at.is_not(None), job.c.lane.is_not(None)
_THIS = (
    job.c.process_id == bindparam("key"),
    job.c.number == bindparam("nth"),
    job.c.timer == bindparam("fence"),
)
_HOLD = Bulk(update(job).where(*_THIS).values(timer_at=bindparam("timer_at")))
_PUT_BACK = Bulk(update(job).where(*_THIS).values(timer_at=bindparam("timer_at"), payload=bindparam("payload")))


@dataclass(frozen=True, slots=True)
class Held:
    """A job that somebody has taken, by the number that its timer had then."""

    process_id: str
    number: int
    timer: int


@dataclass(frozen=True, slots=True)
class PutBack:
    """A job that is to be tried again at a time."""

    held: Held
    at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """All that a dispatcher has to write at once: what it takes of each lane, what it holds, what it puts back."""

    now: datetime
    until: datetime
    wanted: Mapping[str, int]
    held: Collection[Held]
    tried: Collection[PutBack]


def write(tx: Connection, turn: Turn) -> list[Job]:
    """Write a turn, and give the jobs that it takes."""
    put_back(tx, turn.tried)
    hold(tx, turn.held, turn.until)
    return take(tx, turn.wanted, turn.now, turn.until)


def lanes(tx: Connection) -> dict[str, datetime]:
    """When the earliest job of each lane comes due; as many steps through an index as there are lanes."""
    return {row.lane: row.at for row in tx.execute(_LANES)}


def take(tx: Connection, wanted: Mapping[str, int], now: datetime, until: datetime) -> list[Job]:
    """Take so many jobs of these lanes as are due, the earliest first; nobody else takes them `until` then."""
    taken = []
    for lane, most in wanted.items():
        rows = tx.execute(_TAKE, {"of": lane, "now": now, "most": most, "until": until})
        taken += [to_record(row) for row in rows]
    return taken


def hold(tx: Connection, held: Iterable[Held], until: datetime) -> None:
    """Keep what has been taken for longer."""
    _HOLD.run(tx, [_key(each) | {"timer_at": until} for each in sorted(held, key=_order)])


def put_back(tx: Connection, jobs: Iterable[PutBack]) -> None:
    """Let go of jobs until they are to be tried again."""
    ordered = sorted(jobs, key=lambda each: _order(each.held))
    _PUT_BACK.run(tx, [_key(each.held) | {"timer_at": each.at, "payload": each.payload} for each in ordered])


def _key(held: Held) -> dict[str, Any]:
    return {"key": held.process_id, "nth": held.number, "fence": held.timer}


def _order(held: Held) -> tuple[str, int]:
    return held.process_id, held.number  # as every other writer goes through them


def _lanes() -> Select[Any]:
    first = select(func.min(job.c.lane).label("lane")).where(*_WAITS).cte("lanes", recursive=True)
    following = select(func.min(job.c.lane)).where(*_WAITS, job.c.lane > first.c.lane).scalar_subquery()
    found = first.union_all(select(following).where(first.c.lane.is_not(None)))
    earliest = select(func.min(job.c.timer_at)).where(*_WAITS, job.c.lane == found.c.lane).scalar_subquery()
    return select(found.c.lane, earliest.label("at")).where(found.c.lane.is_not(None))


def _take() -> Any:
    due = (
        select(job.c.process_id, job.c.number)
        .where(*_WAITS, job.c.lane == bindparam("of"), job.c.timer_at <= bindparam("now"))
        .order_by(job.c.timer_at)
        .limit(bindparam("most"))
        .cte("due")
    )
    these = tuple_(job.c.process_id, job.c.number).in_(select(due.c.process_id, due.c.number))
    return update(job).where(these).values(timer_at=bindparam("until"), timer=job.c.timer + 1).returning(job)


_LANES, _TAKE = _lanes(), _take()
