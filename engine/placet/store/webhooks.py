"""Webhooks as rows. A change moves their counter on, so that every node reads them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from placet.query.ast import Node
from placet.store import counters, trail
from placet.store.asking import resolved
from placet.store.compiler import compile_filter
from placet.store.fields import PROCESS_COLUMNS
from placet.store.tables import process, webhook, webhook_delivery
from placet.store.trail import Position
from placet.store.world import World

COUNTER = "webhooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRow:
    """A webhook as it is stored, but for its place; `folded` is the name as it is told apart from others."""

    id: str
    name: str
    folded: str
    url: str = field(repr=False)
    events: Sequence[str]
    filter: str
    secret: bytes = field(repr=False)
    active: bool
    trouble: str | None
    revision: int
    created_at: datetime
    updated_at: datetime | None = None


_NAMES = list(WebhookRow.__dataclass_fields__)
_ROW = select(*(webhook.c[name] for name in _NAMES))


def all_rows(tx: Connection) -> list[WebhookRow]:
    """All webhooks by name."""
    return sorted((WebhookRow(**row) for row in tx.execute(_ROW).mappings()), key=lambda row: row.folded)


def lock(tx: Connection) -> int:
    """Let nobody else change a webhook until this transaction ends; gives the number of changes, this one included.

    It comes before reading.
    """
    return counters.bump(tx, COUNTER)


def number(tx: Connection) -> int:
    """How many changes there were."""
    return counters.value(tx, COUNTER)


def add(tx: Connection, row: WebhookRow) -> None:
    """Add a webhook that is told of what happens from now on."""
    values = {name: getattr(row, name) for name in _NAMES}
    tx.execute(insert(webhook).values(values | {"place": str(trail.last_position(tx))}))


def change(tx: Connection, row: WebhookRow) -> None:
    """Write a row over the one with its id."""
    values = {name: getattr(row, name) for name in _NAMES if name not in ("id", "created_at")}
    tx.execute(update(webhook).where(webhook.c.id == row.id).values(values))


def remove(tx: Connection, webhook_id: str) -> None:
    """Remove a webhook with everything that was on its way to it."""
    tx.execute(delete(webhook).where(webhook.c.id == webhook_id))  # first: who writes deliveries holds this row
    tx.execute(delete(webhook_delivery).where(webhook_delivery.c.webhook_id == webhook_id))


# -- its place ------------------------------------------------------------------------------------


def place(tx: Connection, webhook_id: str) -> Position | None:
    """Up to where events have become deliveries; None where there is no such webhook any more."""
    found = tx.execute(select(webhook.c.place).where(webhook.c.id == webhook_id)).scalar()
    return None if found is None else Position.parse(found)


def move_on(tx: Connection, webhook_id: str, before: Position, after: Position) -> bool:
    """Move the place of a webhook; False where another node has, or where nobody is to be told any more."""
    here = webhook.c.id == webhook_id, webhook.c.place == str(before), webhook.c.active
    moved = update(webhook).where(*here).values(place=str(after)).returning(webhook.c.id)
    return tx.execute(moved).first() is not None


def matching(tx: Connection, world: World, wanted: Node, process_ids: Collection[str], now: datetime) -> set[str]:
    """Which of these processes a filter wants, as they are now.

    Raises `InvalidFilter` where it names somebody, or a definition, whom nobody knows any more.
    """
    condition = compile_filter(resolved(wanted, world, None, now), PROCESS_COLUMNS, world.catalog)
    return set(tx.execute(select(process.c.id).where(process.c.id.in_(process_ids), condition)).scalars())
