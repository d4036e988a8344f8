"""Which events somebody asks for and may see, of those that a reader of the stream has come to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from placet.query.ast import Node
from placet.store.asking import resolved
from placet.store.fields import EVENT_COLUMNS
from placet.store.page import condition_of
from placet.store.tables import event, process
from placet.store.visible import reader, visible_processes
from placet.store.world import World


def matching_events(
    tx: Connection, world: World, numbers: Collection[int], wanted: Node | None, actor: str | None, now: datetime
) -> set[int]:
    """Those of these numbers of positions whose events a condition wants and whose processes the actor may see now."""
    who = reader(world, actor, now, tx)
    query = select(event.c.position).join(process, process.c.id == event.c.process_id)
    query = query.where(event.c.position.in_(numbers), visible_processes(who))
    if wanted is not None:
        query = query.where(condition_of(resolved(wanted, world, actor, now), who, EVENT_COLUMNS, world))
    return set(tx.execute(query).scalars())
