"""Events on their way to webhooks, as rows: what is due, who has taken it, and what became of it.

Of each process one event at a time has a `next_at` for each webhook, and the others wait until it has arrived or is
dead. Who takes one has it for a lease, by the database's own time, and counts its `tries` up: what another did with it
before then comes too late. Every change holds the row of the webhook, so that none overlooks another's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, literal_column, null, or_, select, update

from placet.store.bulk import Bulk
from placet.store.database.either import unordered
from placet.store.database_time import NOW, is_past
from placet.store.tables import webhook, webhook_delivery

#: How long a delivery is left to who has taken it.
LEASE = timedelta(seconds=2)

_c = webhook_delivery.c
_UNTIL = NOW + literal_column(str(LEASE // timedelta(milliseconds=1)))
#: Nobody has it; who has it far into the future took it before the database's clock was set back.
_IS_FREE = or_(_c.held_until.is_(None), is_past(_c.held_until, timedelta()), ~is_past(_c.held_until, -2 * LEASE))
_other = webhook_delivery.alias("other")
_OF_QUEUE = _c.webhook_id == bindparam("of"), _c.process_id == bindparam("key")
_OTHERS = _other.c.webhook_id == bindparam("of"), _other.c.process_id == bindparam("key")
_FIRST = select(func.min(_other.c.event_number)).where(*_OTHERS, _other.c.dead_at.is_(None)).scalar_subquery()
_ON_ITS_WAY = select(_other.c.id).where(*_OTHERS, unordered(_other.c.next_at).is_not(None)).exists()
_INSERT = Bulk(insert(webhook_delivery), ["webhook_id", "process_id", "event_number"])
_HELD = _c.id == bindparam("row"), _c.tries == bindparam("fence")
_DELETE = Bulk(delete(webhook_delivery).where(*_HELD))
_KEEP = Bulk(update(webhook_delivery).where(*_HELD).values(held_until=_UNTIL))
_BEGIN = Bulk(
    update(webhook_delivery)
    .where(*_OF_QUEUE, _c.event_number == _FIRST, _c.dead_at.is_(None), ~_ON_ITS_WAY)
    .values(next_at=bindparam("next_at"))
)
_FAILED = Bulk(
    update(webhook_delivery)
    .where(*_HELD)
    .values(
        {name: bindparam(name) for name in ("next_at", "dead_at", "last_error", "last_at")} | {"held_until": null()}
    )
)
_LET_GO = Bulk(update(webhook_delivery).where(*_HELD).values(held_until=null(), tries=bindparam("before")))
_TO_BE_SENT = _c.webhook_id == webhook.c.id, _c.next_at.is_not(None)
_DUE_AT = select(func.min(_c.next_at)).where(*_TO_BE_SENT, _IS_FREE).scalar_subquery()
_DUE = select(webhook.c.id, _DUE_AT.label("at")).where(webhook.c.active)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook; it waits for another where it has neither `next_at` nor `dead_at`."""

    id: int
    webhook_id: str
    process_id: str
    event_number: int
    tries: int
    next_at: datetime | None
    dead_at: datetime | None
    last_error: str | None
    last_at: datetime | None
    held_until: datetime | None

    @property
    def event_id(self) -> str:
        """The id by which a receiver knows the event, however often it comes."""
        return f"{self.process_id}-{self.event_number}"


@dataclass(frozen=True, slots=True)
class Failed:
    """A try that did not work; without `next_at` it was the last one."""

    delivery: Delivery
    at: datetime
    error: str
    next_at: datetime | None


@dataclass(slots=True)
class Outcomes:
    """What became of deliveries that were taken; those let go were not tried to the end."""

    arrived: list[Delivery]
    failed: list[Failed]
    let_go: list[Delivery]

    def __bool__(self) -> bool:
        return bool(self.arrived or self.failed or self.let_go)

    def add(self, others: Outcomes) -> None:
        """Take in what else has ended."""
        self.arrived += others.arrived
        self.failed += others.failed
        self.let_go += others.let_go

    @property
    def webhook_ids(self) -> set[str]:
        deliveries = [*self.arrived, *self.let_go, *(each.delivery for each in self.failed)]
        return {each.webhook_id for each in deliveries}


def add(tx: Connection, webhook_id: str, keys: Sequence[tuple[str, int]], now: datetime) -> None:
    """Send events of a webhook on their way, in their order; the row of the webhook is held already."""
    _INSERT.run(
        tx, [{"webhook_id": webhook_id, "process_id": process, "event_number": number} for process, number in keys]
    )
    _begin(tx, {(webhook_id, process) for process, _ in keys}, now)


def _begin(tx: Connection, queues: Collection[tuple[str, str]], now: datetime) -> None:
    """Let the first of each queue be sent, where none of it is being sent."""
    _BEGIN.run(tx, [{"of": of, "key": key, "next_at": now} for of, key in sorted(queues)])


def due(tx: Connection) -> Mapping[str, datetime]:
    """When the next delivery of each active webhook comes due that nobody has taken."""
    return {row.id: row.at for row in tx.execute(_DUE) if row.at is not None}


def are_held(tx: Connection) -> bool:
    """Whether somebody has taken a delivery of an active webhook, or had when he died."""
    held = select(_c.id).where(_c.webhook_id == webhook.c.id, ~_IS_FREE).exists()
    return tx.execute(select(webhook.c.id).where(webhook.c.active, held).limit(1)).first() is not None


def take(tx: Connection, wanted: Mapping[str, int], now: datetime) -> list[Delivery]:
    """Take so many deliveries of these webhooks as are due, the earliest first; nobody else does for a lease."""
    taken: list[Delivery] = []
    for webhook_id, most in wanted.items():
        rows = tx.execute(_TAKE, {"of": webhook_id, "now": now, "most": most})
        taken += map(_delivery, rows)
    return taken


def keep(tx: Connection, held: Collection[Delivery]) -> None:
    """Leave deliveries to who has taken them for another lease from now on."""
    _KEEP.run(tx, [_held(each) for each in sorted(held, key=lambda each: each.id)])


def settle(tx: Connection, outcomes: Outcomes, now: datetime) -> None:
    """Write down what became of deliveries; where one has arrived or is dead the next of its process may go."""
    hold(tx, outcomes.webhook_ids)
    _DELETE.run(tx, [_held(each) for each in sorted(outcomes.arrived, key=lambda each: each.id)])
    _FAILED.run(tx, [_failed(each) for each in sorted(outcomes.failed, key=lambda each: each.delivery.id)])
    _LET_GO.run(tx, [_let_go(each) for each in sorted(outcomes.let_go, key=lambda each: each.id)])
    ended = [*outcomes.arrived, *(each.delivery for each in outcomes.failed if each.next_at is None)]
    _begin(tx, {(each.webhook_id, each.process_id) for each in ended}, now)


def hold(tx: Connection, webhook_ids: Collection[str]) -> None:
    """Let nobody else change deliveries of these webhooks until this transaction ends."""
    if webhook_ids:
        held = select(webhook.c.id).where(webhook.c.id.in_(sorted(webhook_ids))).order_by(webhook.c.id)
        tx.execute(held.with_for_update()).all()


def replay(tx: Connection, webhook_id: str, key: tuple[str, int] | None, now: datetime) -> int:
    """Send one dead event of a webhook on its way again, or all of them; gives how many."""
    hold(tx, [webhook_id])
    dead = [_c.webhook_id == webhook_id, _c.dead_at.is_not(None)]
    if key is not None:
        dead += [_c.process_id == key[0], _c.event_number == key[1]]
    statement = update(webhook_delivery).where(*dead).values(dead_at=None, tries=0).returning(_c.process_id)
    processes = tx.execute(statement).scalars().all()
    _begin(tx, {(webhook_id, process) for process in processes}, now)
    return len(processes)


def page(tx: Connection, webhook_id: str, *, dead: bool, after: int, limit: int | None) -> list[Delivery]:
    """Deliveries of a webhook in their order: those that are dead, or those on their way."""
    state = _c.dead_at.is_not(None) if dead else _c.dead_at.is_(None)
    query = select(webhook_delivery).where(_c.webhook_id == webhook_id, state, _c.id > after).order_by(_c.id)
    return [_delivery(row) for row in tx.execute(query.limit(limit))]


def counts(tx: Connection) -> Mapping[str, tuple[int, int]]:
    """How many deliveries of each webhook are on their way, and how many are dead."""
    dead = func.count(_c.dead_at)
    query = select(_c.webhook_id, (func.count() - dead).label("waiting"), dead.label("dead")).group_by(_c.webhook_id)
    return {row.webhook_id: (row.waiting, row.dead) for row in tx.execute(query)}


def _held(delivery: Delivery) -> dict[str, Any]:
    return {"row": delivery.id, "fence": delivery.tries}


def _let_go(delivery: Delivery) -> dict[str, Any]:
    return _held(delivery) | {"before": delivery.tries - 1}


def _failed(failed: Failed) -> dict[str, Any]:
    return _held(failed.delivery) | {
        "next_at": failed.next_at,
        "dead_at": failed.at if failed.next_at is None else None,
        "last_error": failed.error,
        "last_at": failed.at,
    }


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**row._mapping)


def _take() -> Any:
    these = (
        select(_c.id)
        .where(_c.webhook_id == bindparam("of"), _c.next_at <= bindparam("now"), _IS_FREE)
        .order_by(_c.next_at, _c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("these")
    )
    taken = update(webhook_delivery).where(_c.id.in_(select(these.c.id)))
    return taken.values(held_until=_UNTIL, tries=_c.tries + 1).returning(webhook_delivery)


_TAKE = _take()
