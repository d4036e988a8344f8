"""What a process of two approvals leaves behind: two work items, ten events, indexed data, now and then an incident."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table

from placet.core.events import NUMBERS
from placet.store.tables import data_value, event, incident, work_item

if TYPE_CHECKING:
    from fill import Row

HOUR_MS = 3600 * 1000
APPROVED, DENIED = 2, 1
TERMINATED = 2
CENTRES = 400  # cost centres
TROUBLED = 500  # of so many processes one had an incident

_EVENT_COLUMNS = [column.name for column in event.columns if column.name not in ("position", "tx")]


def data(dice: random.Random, words: Sequence[str]) -> str:
    title, reason = " ".join(dice.choices(words, k=5)), " ".join(dice.choices(words, k=20))
    centre = f"CC-{dice.randrange(CENTRES):03}"
    amount = dice.randrange(100, 100_000) / 20
    return json.dumps({"title": title, "amount": amount, "cost_centre": centre, "reason": reason})


def rows_of(row: Row) -> dict[Table, list[Sequence[Any]]]:
    """All rows that belong to a process besides its own."""
    return {
        work_item: list(_items(row)),
        event: list(_events(row)),
        data_value: list(_values(row)),
        incident: list(_incidents(row)),
    }


def _decided_at(row: Row) -> int:
    """When the manager approved."""
    if row.completed_at is None:
        return row.created_at + HOUR_MS
    return (row.created_at + row.completed_at) // 2


def _items(row: Row) -> Iterator[Sequence[Any]]:
    is_open, retracted = row.completed_at is None, row.status[0] == TERMINATED
    first = {"activity": "manager", "addressee": row.manager, "created_at": row.created_at, "status": 2, "outcome": 0}
    first |= {"completed_at": _decided_at(row), "actor": row.manager}
    second = {"activity": "board", "addressee": row.board, "created_at": _decided_at(row)}
    second["status"] = 0 if is_open else 3 if retracted else 2
    second |= {"completed_at": row.completed_at, "timer_at": row.waits_until if is_open else None}
    if not is_open:
        second["actor"] = row.initiator if retracted else row.board
        second["outcome"] = None if retracted else 0 if row.status[1] == APPROVED else 1
    for number, item in enumerate((first, second), start=1):
        item |= {"process_id": row.id, "number": number, "token": 1, "priority": 1 if row.number % 20 == 0 else 2}
        item |= {"returned": False, "reminders": 0, "escalated": False, "timer": int(is_open), "held": 0}
        yield [item.get(column.name) for column in work_item.columns]


def _events(row: Row) -> Iterator[Sequence[Any]]:
    decided = _decided_at(row)
    told: list[tuple[str, int, int | None, str | None, int | None]] = [
        ("process.started", row.created_at, row.initiator, None, None),
        ("activity.entered", row.created_at, row.initiator, "manager", None),
        ("work_item.assigned", row.created_at, row.initiator, "manager", 1),
        ("work_item.approved", decided, row.manager, "manager", 1),
        ("activity.left", decided, row.manager, "manager", None),
        ("activity.entered", decided, row.manager, "board", None),
        ("work_item.assigned", decided, row.manager, "board", 2),
    ]
    if row.completed_at is None:
        last = "incident.opened" if _is_troubled(row) else "work_item.reminded"
        told += [
            ("work_item.reminded", decided + 24 * HOUR_MS, None, "board", 2),
            ("work_item.escalated" if row.number % 50 == 1 else "work_item.reminded", decided, None, "board", 2),
            (last, decided + 48 * HOUR_MS, None, "board", 2),
        ]
    else:
        retracted = row.status[0] == TERMINATED
        answer = "cancelled" if retracted else "approved" if row.status[1] == APPROVED else "denied"
        actor = row.initiator if retracted else row.board
        told += [
            (f"work_item.{answer}", row.completed_at, actor, "board", 2),
            ("incident.opened" if _is_troubled(row) else "activity.left", row.completed_at, actor, "board", None),
            ("process.terminated" if retracted else "process.completed", row.completed_at, actor, None, None),
        ]
    for number, (kind, at, actor_of, activity, item) in enumerate(told, start=1):
        values = {"process_id": row.id, "number": number, "kind": NUMBERS[kind], "at": at, "actor": actor_of}
        values |= {"activity": activity, "item": item, "command_id": row.id[::-1] if number in (1, 4, 8) else None}
        yield [values.get(name) for name in _EVENT_COLUMNS]


def _values(row: Row) -> Iterator[Sequence[Any]]:
    given = json.loads(row.data)
    yield (row.id, "amount", 0, None, given["amount"])
    yield (row.id, "cost_centre", 0, given["cost_centre"].casefold(), None)


def _is_troubled(row: Row) -> bool:
    return row.number % TROUBLED == 0


def _incidents(row: Row) -> Iterator[Sequence[Any]]:
    if not _is_troubled(row):
        return
    values = {"process_id": row.id, "number": 1, "kind": "connector", "activity": "board", "token": 1, "payload": "{}"}
    values |= {"opened_at": _decided_at(row), "reason": "The service answered 503 five times."}
    values |= {"resolved_at": row.completed_at, "resolution": None if row.completed_at is None else "retried"}
    yield [values.get(column.name) for column in incident.columns]
