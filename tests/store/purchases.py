"""Thousands of purchases as years of use leave them: enough rows that a plan matters, and few enough for a test."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from placet.clock import ManualClock
from placet.core.events import NUMBERS
from placet.core.ids import IdMaker
from placet.store import tables
from placet.store.names import Names
from placet.store.world import World
from tests.builders import ANNA, BOB, CARL, NINE
from tests.store.harness import ASK, an_engine

PURCHASE = """
name: Purchase
category: buying
data:
  title: {type: string}
  reason: {type: string}
  amount: {type: decimal, indexed: true}
  cost_centre: {type: string, indexed: true}
start: manager
activities:
  manager: {kind: approval, addressees: "'bob'", paths: {approved: board, denied: done}}
  board: {kind: approval, addressees: "'carl'", paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
TRIP = PURCHASE.replace("Purchase", "Trip", 1).replace("buying", "travel")
MINUTES = 20  # from one start to the next
COUNT = 3000


async def purchases(url: str) -> None:
    """Put people, two definitions and their processes into a database."""
    async with an_engine(url, ManualClock(NINE), PURCHASE, TRIP, ASK) as engine:
        await engine.store.write(lambda tx: fill(tx, NINE))


def fill(tx: Connection, now: datetime, count: int = COUNT) -> None:
    """One process each twenty minutes up to now: every tenth runs, every fiftieth was terminated or failed."""
    world, ids = World(), IdMaker()
    world.refresh(tx)
    names = Names(world.names)
    everybody = [ANNA, BOB, CARL, *(f"cn=p{number},o=x" for number in range(100)), "placet"]
    names.intern(tx, everybody)
    numbers = [names.number(dn) for dn in everybody]
    versions = {each.dn: each.row for each in world.catalog.latest()}
    purchase, trip = (next(row for dn, row in versions.items() if name in dn) for name in ("Purchase", "Trip"))
    rows: dict[Any, list[dict[str, Any]]] = {
        table: []
        for table in (tables.process, tables.work_item, tables.event, tables.data_value, tables.incident, tables.job)
    }
    for nth in range(count):
        at = now - timedelta(minutes=MINUTES) * (count - nth)
        who = numbers[nth % 103], numbers[(nth * 7) % 103], numbers[-1]
        process = a_process(ids.make(at), nth, at, purchase if nth % 7 else trip, who)
        rows[tables.process].append(process)
        add_parts(rows, process, nth, numbers)
    for table, values in rows.items():
        tx.execute(insert(table), values)
    tx.exec_driver_sql("ANALYZE")


def a_process(id_: str, nth: int, at: datetime, definition: int, who: tuple[int, int, int]) -> dict[str, Any]:
    is_open = nth % 10 == 3
    ended = (2, 3 + nth // 50 % 2) if nth % 50 == 1 else (3, 1 + nth % 2)
    process_status, approval_status = (0, 0) if is_open else ended
    return {
        "id": id_, "definition": definition, "initiator": who[0], "recipient": who[1], "engine_id": who[2],
        "proxy": who[1] if nth % 70 == 5 else None,
        "process_status": process_status, "approval_status": approval_status, "created_at": at,
        "completed_at": None if is_open else at + timedelta(minutes=1 + nth % 600),
        "correlation_id": f"order-{nth}" if nth % 3 == 0 else None, "revision": 1, "item_count": 2,
        "comment_count": 0, "event_count": 3, "job_count": 0,
        "data": {"amount": nth * 1.75, "cost_centre": f"CC-{nth % 37:03}", "reason": f"word{nth % 7} laptop"},
    }  # fmt: skip


def add_parts(rows: dict[Any, list[dict[str, Any]]], process: dict[str, Any], nth: int, numbers: list[int]) -> None:
    key, at, completed = {"process_id": process["id"]}, process["created_at"], process["completed_at"]
    for number, activity in ((1, "manager"), (2, "board")):
        is_open = completed is None and number == 2
        rows[tables.work_item].append(
            key | {
                "number": number, "activity": activity, "token": 1, "addressee": numbers[(nth * 3 + number) % 103],
                "created_at": at, "status": 0 if is_open else 2, "priority": 2, "returned": False, "reminders": 0,
                "escalated": False, "timer": 0, "held": 0, "timer_at": None,
                "completed_at": None if is_open else completed or at, "due_at": at + timedelta(days=3),
            }
        )  # fmt: skip
    kinds = ["process.started", "work_item.assigned", "work_item.approved"]
    kinds[2] = "work_item.escalated" if nth % 40 == 3 else "incident.opened" if nth % 100 == 0 else kinds[2]
    rows[tables.event] += [
        key | {"number": number, "kind": NUMBERS[kind], "at": at, "actor": process["initiator"]}
        for number, kind in enumerate(kinds, start=1)
    ]
    values = process["data"]
    rows[tables.data_value] += [
        key | {"item": "amount", "ordinal": 0, "number_value": values["amount"], "text_value": None},
        key | {"item": "cost_centre", "ordinal": 0, "number_value": None, "text_value": values["cost_centre"].lower()},
    ]
    if nth % 100 == 0:
        rows[tables.incident].append(
            key | {
                "number": 1, "kind": "connector", "token": 1, "opened_at": at, "reason": "It answered 503.",
                "payload": {}, "resolved_at": at if nth % 200 else None,
            }
        )  # fmt: skip
    if nth % 30 == 0:
        rows[tables.job].append(
            key | {
                "number": 1, "kind": "call", "token": 1, "timer": 0, "payload": {},
                "timer_at": at if nth % 60 else at + timedelta(days=1000), "lane": "erp",
            }
        )  # fmt: skip
