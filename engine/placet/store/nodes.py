"""Engine nodes as rows. All times are the database's own, so that no two nodes' clocks are ever compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    Connection,
    delete,
    func,
    or_,
    select,
    update,
)

from placet.core.statuses import NodeStatus
from placet.store.database import insert_into
from placet.store.database_time import NOW, is_past
from placet.store.tables import engine_node

#: Who has not been heard of for so long has timed out.
SILENCE = timedelta(seconds=5)
#: How long one that has ended is listed, and one that has fallen silent.
KEPT, KEPT_SILENT = timedelta(days=1), timedelta(days=7)

#: What a node says of itself, once.
Mark: TypeAlias = Literal["running_since", "drained_at", "ended_at"]

_c = engine_node.c
#: Who beats into the future has not done so since the database's clock was set back.
_IS_SILENT = or_(is_past(_c.beat_at, SILENCE), ~is_past(_c.beat_at, -SILENCE))


@dataclass(frozen=True, slots=True)
class EngineNode:
    """A node as the others see it; `address` is where it answers, None where it is part of another program.

    `drained_at` tells since when nothing of it has run any more. Times are the database's.
    """

    id: str
    status: NodeStatus
    address: str | None
    host: str
    pid: int
    version: str
    started_at: datetime
    running_since: datetime | None
    beat_at: datetime
    draining_since: datetime | None
    drained_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Start:
    """A node that begins; `run` tells it from all that have had its id before."""

    id: str
    run: str
    address: str | None
    host: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Beat:
    """What a node learns when it beats: whether it is to drain, whether it is the first that runs, what time it is."""

    drains: bool
    is_first: bool
    at: datetime | None = field(default=None, compare=False)


def register(tx: Connection, start: Start) -> None:
    """Put a node in the place of whoever had its id before."""
    names = ("id", "run", "address", "host", "pid", "version")
    begun: dict[str, Any] = {name: getattr(start, name) for name in names} | {"started_at": NOW, "beat_at": NOW}
    unset = dict.fromkeys(("running_since", "draining_since", "drained_at", "ended_at"))
    statement = insert_into(tx, engine_node).values(begun)
    tx.execute(statement.on_conflict_do_update(index_elements=[_c.id], set_=begun | unset))


def beat(tx: Connection, node_id: str, run: str) -> Beat | None:
    """Say that a node lives; None where its id is another's by now."""
    this = _c.id == node_id, _c.run == run, _c.ended_at.is_(None)
    row = tx.execute(
        update(engine_node).where(*this).values(beat_at=NOW).returning(_c.draining_since, _c.beat_at)
    ).first()
    if row is None:
        return None
    works = _c.running_since.is_not(None), _c.draining_since.is_(None), _c.ended_at.is_(None), ~_IS_SILENT
    first = tx.execute(select(func.min(_c.id)).where(*works)).scalar()
    return Beat(row.draining_since is not None, first == node_id, row.beat_at)


def mark(tx: Connection, node_id: str, run: str, what: Mark) -> None:
    """Write down that something is so of a node from now on."""
    tx.execute(update(engine_node).where(_c.id == node_id, _c.run == run).values({what: NOW}))


def drain(tx: Connection, node_id: str) -> None:
    """Have a node take no more work; what it is told once it is not told anew."""
    asked = _c.id == node_id, _c.draining_since.is_(None), _c.ended_at.is_(None)
    tx.execute(update(engine_node).where(*asked).values(draining_since=NOW))


def forget(tx: Connection) -> None:
    """Drop those that ended or fell silent long ago."""
    tx.execute(delete(engine_node).where(or_(is_past(_c.ended_at, KEPT), is_past(_c.beat_at, KEPT_SILENT))))


def living(tx: Connection) -> list[str]:
    """The ids of those that live, whatever their release and its tables."""
    return list(tx.execute(select(_c.id).where(_c.ended_at.is_(None), ~_IS_SILENT).order_by(_c.id)).scalars())


def every(tx: Connection) -> list[EngineNode]:
    """All nodes, those that live first, by id."""
    found = _found(tx)
    return sorted(found, key=lambda node: (not node.status.is_alive, node.id))


def one(tx: Connection, node_id: str) -> EngineNode | None:
    """The node that has an id or had it last."""
    return next(iter(_found(tx, _c.id == node_id)), None)


def _found(tx: Connection, *conditions: Any) -> Sequence[EngineNode]:
    columns = [each for each in engine_node.c if each.key != "run"]
    rows = tx.execute(select(*columns, _IS_SILENT.label("silent")).where(*conditions)).mappings()
    return [
        EngineNode(status=_status(row), **{name: value for name, value in row.items() if name != "silent"})
        for row in rows
    ]


def _status(row: Any) -> NodeStatus:
    if row["ended_at"] is not None:
        return NodeStatus.SHUTDOWN
    if row["silent"]:
        return NodeStatus.TIMED_OUT
    if row["draining_since"] is not None:
        return NodeStatus.DRAINING
    return NodeStatus.STARTING if row["running_since"] is None else NodeStatus.RUNNING
