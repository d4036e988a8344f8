"""Engine nodes as rows. All times are the database's own, so that no two nodes' clocks are ever compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    delete,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    update,
)

from placet.core.statuses import NodeStatus
from placet.store.database import insert_into
from placet.store.database.either import either
from placet.store.tables import engine_node

#: Who has not been heard of for so long has timed out.
SILENCE = timedelta(seconds=5)
#: How long one that has ended is listed, and one that has fallen silent.
KEPT, KEPT_SILENT = timedelta(days=1), timedelta(days=7)

_c = engine_node.c
_NOW = either(
    sqlite=literal_column("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", BigInteger()),
    postgresql=literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", BigInteger()),
)


def _is_past(column: ColumnElement[Any], since: timedelta) -> ColumnElement[bool]:
    """Whether a time lies further back than that."""
    return _NOW - type_coerce(column, BigInteger) > since // timedelta(milliseconds=1)


_IS_SILENT = _is_past(_c.beat_at, SILENCE)


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
    """What a node learns when it beats: whether it is to drain, and whether it is the first of those that run."""

    drains: bool
    is_first: bool


def register(tx: Connection, start: Start) -> None:
    """Put a node in the place of whoever had its id before."""
    names = ("id", "run", "address", "host", "pid", "version")
    begun: dict[str, Any] = {name: getattr(start, name) for name in names} | {"started_at": _NOW, "beat_at": _NOW}
    unset = dict.fromkeys(("running_since", "draining_since", "drained_at", "ended_at"))
    statement = insert_into(tx, engine_node).values(begun)
    tx.execute(statement.on_conflict_do_update(index_elements=[_c.id], set_=begun | unset))


def beat(tx: Connection, node_id: str, run: str) -> Beat | None:
    """Say that a node lives; None where its id is another's by now."""
    this = _c.id == node_id, _c.run == run, _c.ended_at.is_(None)
    row = tx.execute(update(engine_node).where(*this).values(beat_at=_NOW).returning(_c.draining_since)).first()
    if row is None:
        return None
    works = _c.running_since.is_not(None), _c.draining_since.is_(None), _c.ended_at.is_(None), ~_IS_SILENT
    first = tx.execute(select(func.min(_c.id)).where(*works)).scalar()
    return Beat(row.draining_since is not None, first == node_id)


def mark(tx: Connection, node_id: str, run: str, what: Literal["running_since", "drained_at", "ended_at"]) -> None:
    """Write down that something is so of a node from now on."""
    tx.execute(update(engine_node).where(_c.id == node_id, _c.run == run).values({what: _NOW}))


def drain(tx: Connection, node_id: str) -> None:
    """Have a node take no more work; what it is told once it is not told anew."""
    asked = _c.id == node_id, _c.draining_since.is_(None), _c.ended_at.is_(None)
    tx.execute(update(engine_node).where(*asked).values(draining_since=_NOW))


def forget(tx: Connection) -> None:
    """Drop those that ended or fell silent long ago."""
    tx.execute(delete(engine_node).where(or_(_is_past(_c.ended_at, KEPT), _is_past(_c.beat_at, KEPT_SILENT))))


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
