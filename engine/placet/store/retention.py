"""Removing processes that ended long ago, with all that belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, literal_column, select, tuple_

from placet.store.tables import (
    comment,
    data_value,
    event,
    former_addressee,
    incident,
    job,
    process,
    webhook,
    webhook_delivery,
    work_item,
)
from placet.store.trail import Position
from placet.store.types import to_millis
from placet.store.world import World

#: Tables whose rows belong to a process; keys of starts are forgotten by their own age.
OF_A_PROCESS = (data_value, work_item, former_addressee, comment, event, incident, job, webhook_delivery)
_PAGE = 500  # processes that are looked at in one read


@dataclass(frozen=True, slots=True)
class Page:
    """The next processes of a definition's version: those that ended long ago, and the last one looked at."""

    ended: Sequence[str]
    last: str | None


def retentions(tx: Connection, world: World) -> Mapping[tuple[int, ...], timedelta]:
    """The versions (rows) of each definition that lets its processes be removed, and how long they are kept.

    What the newest version says holds for processes of all versions.
    """
    kept = {}
    for version in world.catalog.latest():
        retention = world.catalog.get(tx, version.row).retention
        if retention is not None:
            kept[tuple(world.catalog.rows_of(version.guid))] = retention
    return kept


def page(tx: Connection, version: int, ended_before: datetime, after: str) -> Page:
    """The next processes of a version, in order of creation; none that began after `ended_before` had ended by then."""
    c = process.c
    began_before = f"{to_millis(ended_before):012x}".ljust(32, "0")
    query = select(c.id, c.completed_at).where(c.definition == version, c.id > after, c.id < began_before)
    rows = tx.execute(query.order_by(c.id).limit(_PAGE)).all()
    ended = [row.id for row in rows if row.completed_at is not None and row.completed_at < ended_before]
    return Page(ended, rows[-1].id if len(rows) == _PAGE else None)


def remove(tx: Connection, ids: Collection[str], told: Position) -> int:
    """Remove ended processes of which nothing is left to be done; gives how many.

    Webhooks have been told of events up to the position `told`, or are about to be; of what comes after it, and of what
    is on its way, nothing is removed.
    """
    c = process.c
    locked = select(c.id).where(c.id.in_(ids), c.completed_at.is_not(None)).order_by(c.id).with_for_update()
    over = set(tx.execute(locked).scalars())
    over -= _with_work(tx, over) | _untold(tx, over, told)
    if not over:
        return 0
    for table in (*OF_A_PROCESS, process):
        key = process.c.id if table is process else table.c.process_id
        condition: list[Any] = [key.in_(over)]
        if table is webhook_delivery:
            condition.append(_OF_WEBHOOKS)
        tx.execute(delete(table).where(*condition))
    return len(over)


_OF_WEBHOOKS = webhook_delivery.c.webhook_id.in_(select(webhook.c.id))  # their index begins with the webhook


def _with_work(tx: Connection, ids: Iterable[str]) -> set[str]:
    """Those of which something is still to be done or to be told."""
    waiting = select(job.c.process_id).where(job.c.process_id.in_(ids))
    c = webhook_delivery.c
    on_their_way = select(c.process_id).where(_OF_WEBHOOKS, c.process_id.in_(ids), c.dead_at.is_(None))
    return {*tx.execute(waiting).scalars(), *tx.execute(on_their_way).scalars()}


def _untold(tx: Connection, ids: Iterable[str], told: Position) -> set[str]:
    """Those of whose events some come after a position."""
    c = event.c
    later = tuple_(c.tx, c.position) > tuple_(literal_column(str(told.tx)), literal_column(str(told.number)))
    return set(tx.execute(select(c.process_id).where(c.process_id.in_(ids), later)).scalars())
