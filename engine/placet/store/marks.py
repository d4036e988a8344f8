"""A mark of the last administrative transaction of each lane, which leaves no event that could be asked for.

It is written in that transaction, so that a lane whose COMMIT was not answered finds out whether it has happened.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, select

from placet.store.database import insert_into
from placet.store.database_time import NOW, is_past
from placet.store.tables import lane_mark

#: How long the mark of a lane is kept that has not been heard of; none is in doubt for so long.
KEPT = timedelta(days=1)

_c = lane_mark.c


def leave(tx: Connection, lane: str, mark: int) -> None:
    """Put a mark in the place of the one before it."""
    statement = insert_into(tx, lane_mark).values(id=lane, mark=mark, marked_at=NOW)
    tx.execute(statement.on_conflict_do_update(index_elements=[_c.id], set_={"mark": mark, "marked_at": NOW}))


def is_last(tx: Connection, lane: str, mark: int) -> bool:
    """Whether this is the mark that a lane has left last."""
    return tx.execute(select(_c.mark).where(_c.id == lane)).scalar() == mark


def forget(tx: Connection) -> None:
    """Drop the marks of lanes that ended long ago."""
    tx.execute(delete(lane_mark).where(is_past(_c.marked_at, KEPT)))
