"""Saved views as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from placet.store import counters
from placet.store.tables import saved_view, user_account

_COUNTER = "saved_views"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewRow:
    """A view; `owner` is the id of a user and `dn` his name, `folded` the view's name as it is told apart."""

    id: str
    owner: str
    name: str
    folded: str
    resource: str
    text: str
    shared: bool
    revision: int = 1
    created_at: datetime
    updated_at: datetime | None = None
    dn: str = ""


_NAMES = [column.key for column in saved_view.c]
_ROWS = select(saved_view, user_account.c.dn).join(user_account, user_account.c.id == saved_view.c.owner)


def lock(tx: Connection) -> None:
    """Let nobody else change a view until this transaction ends."""
    counters.bump(tx, _COUNTER)


def seen_by(tx: Connection, owner: str | None) -> Sequence[SavedViewRow]:
    """The views that a user has or others share, his own first and then by name; those of everybody for None."""
    query = _ROWS if owner is None else _ROWS.where(or_(saved_view.c.owner == owner, saved_view.c.shared))
    found = [SavedViewRow(**row) for row in tx.execute(query).mappings()]
    return sorted(found, key=lambda row: (row.owner != owner, row.folded, row.id))


def add(tx: Connection, row: SavedViewRow) -> None:
    tx.execute(insert(saved_view).values({name: getattr(row, name) for name in _NAMES}))


def change(tx: Connection, row: SavedViewRow) -> None:
    """Write a row over the one with its id."""
    values = {name: getattr(row, name) for name in _NAMES if name not in ("id", "owner", "created_at")}
    tx.execute(update(saved_view).where(saved_view.c.id == row.id).values(values))


def remove(tx: Connection, view_id: str) -> None:
    tx.execute(delete(saved_view).where(saved_view.c.id == view_id))
