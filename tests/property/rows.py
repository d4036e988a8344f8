"""Random rows of every kind that can be searched, and what `evaluate` may know of each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, insert, select

from placet.core.data_values import date_text
from placet.core.defaults import ADMINISTRATOR_ROLE, OPERATOR_ROLE
from placet.core.ids import IdMaker
from placet.core.names import definition_dn, dn_guid
from placet.core.statuses import Life
from placet.query.fields import EVENTS
from placet.store import data_values, people, tables
from placet.store.bulk import Inserts
from placet.store.names import Names
from placet.store.world import World
from tests.builders import ADMIN, ANNA, BOARD, BOB, CARL, DORA, EVE, NINE

PEOPLE = [ANNA, BOB, CARL, DORA, EVE, BOARD, ADMIN, "cn=Straße Ä,o=X y", r"cn=Ax\, A,o=x"]
DEFINITIONS = ["Ask", "Other", "Third"]
ENGINES = ["placet", "Node-1", "node.2", "Straße"]
WORDS = [
    "", "a", "A", "ab", "aB c", "Straße", "STRASSE", "straße", "İstanbul", "ıI", "Ärger", "ärger", "e\u0301", "é",
    "100%", "a_b", "'; --", '"', "\\", "\n", "日本", "\U0001f600", "\U0010ffff", "Ω", "ω", "ς", "Σ", "true", "5",
    "2026-03-02T09:00:00.000Z", "2026-03-02T09:00:00.000z", "z" * 499 + "Ä", "z" * 550 + "a", "z" * 600,
]  # fmt: skip
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
KINDS = sorted(EVENTS.field("Kind").codes.values())

#: Of `note` one definition has no index, and one has no such item at all.
DATA = """
data:
  word: {type: string, indexed: true}
  words: {type: string, multi_valued: true, indexed: true}
  amount: {type: integer, indexed: true}
  amounts: {type: integer, multi_valued: true, indexed: true}
  price: {type: decimal, indexed: true}
  day: {type: date, indexed: true}
  yes: {type: boolean, indexed: true}
  whose: {type: dn, indexed: true}
  any: {type: json}
  plain: {type: string}
"""
NOTES = {"Ask": "  note: {type: string, indexed: true}\n", "Other": "  note: {type: string}\n", "Third": ""}
ITEMS = ("word", "words", "amount", "amounts", "price", "day", "yes", "whose", "any", "plain", "note", "missing")

DEFINITION_TEXTS = [
    f"name: {name}{DATA}{NOTES[name]}"
    "start: ask\n"
    "activities:\n"
    "  ask: {kind: approval, addressees: \"'bob'\", paths: {approved: done, denied: done}}\n"
    "  done: {kind: finish}\n"
    for name in DEFINITIONS
]


@dataclass
class Filled:
    """The facts of all rows by resource; what belongs to a row stands under the relation's name."""

    processes: list[dict[str, Any]] = field(default_factory=list)
    workitems: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)


def moment(dice: Random) -> datetime:
    return dice.choice([FIRST, LAST, *(NINE + timedelta(milliseconds=ms) for ms in (-1500, -1, 0, 0, 1, 86_400_000))])


def data_of(dice: Random, name: str) -> dict[str, Any]:
    """Random data items as they are stored."""
    numbers = [0, -1, 7, 7, 1000, 2**53 + 1, 2**63 - 1, -(2**63)]
    anything: Sequence[Any] = ["Ä", "ä", 7, 7.5, True, False, [], [[]], {"a": 1}, ["Ä", 7, None, {"b": 2}], "true"]
    values: Mapping[str, Any] = {
        "word": dice.choice(WORDS[1:]),
        "words": [dice.choice(WORDS[1:]) for _ in range(dice.randrange(1, 4))],
        "amount": dice.choice(numbers),
        "amounts": [dice.choice(numbers) for _ in range(dice.randrange(1, 4))],
        "price": dice.choice([0.1, 0.25, -1250.5, 7.0, 123456789012345.0, 1e-15]),
        "day": date_text(moment(dice)),
        "yes": dice.random() < 0.5,
        "whose": dice.choice([*PEOPLE, "CN=Bob , OU=users,o=placet"]),
        "any": dice.choice(anything),
        "plain": dice.choice(WORDS),
    }
    if name != "Third":
        values = {**values, "note": dice.choice(WORDS[1:])}
    return {item: value for item, value in values.items() if dice.random() < 0.7}


def fill(tx: Connection, world: World, dice: Random, count: int = 60) -> Filled:
    """Store random processes with all that belongs to them, and some users more."""
    world.refresh(tx)
    filled, ids, names = Filled(), IdMaker(), Names(world.names)
    names.intern(tx, [*PEOPLE, *ENGINES])
    for _ in range(count):
        _add_process(tx, world, dice, names, filled, ids.make(NINE))
    names.committed()
    filled.users = _users(tx, dice)
    return filled


def _add_process(tx: Connection, world: World, dice: Random, names: Names, filled: Filled, process_id: str) -> None:
    life, name = dice.choice([Life.RUNNING, *Life]), dice.choice(DEFINITIONS)
    version = dice.choice(world.catalog.rows_of(world.catalog.find(name).guid))
    who = {"initiator": dice.choice(PEOPLE), "recipient": dice.choice(PEOPLE), "engine_id": dice.choice(ENGINES)}
    who["proxy"] = dice.choice([None, None, *PEOPLE])
    values = {
        "created_at": moment(dice),
        "completed_at": moment(dice) if life.is_over else None,
        "correlation_id": dice.choice([None, None, *WORDS]),
        "process_status": life.process_status.value,
        "approval_status": life.approval_status.value,
    }
    data = data_of(dice, name)
    row = {column: names.optional_number(dn) for column, dn in who.items()} | values
    row |= {"id": process_id, "definition": version, "revision": 1, "item_count": 3, "comment_count": 0}
    tx.execute(insert(tables.process).values(**row, event_count=0, job_count=0, data=data))
    inserts = Inserts(tx)
    data_values.replace(tx, inserts, [(world.definition(tx, version), SimpleNamespace(id=process_id, data=data), True)])
    inserts.run()
    facts = {
        "Definition": definition_dn(name), "ProcessId": process_id, "EngineId": who["engine_id"],
        "Recipient": who["recipient"], "Initiator": who["initiator"], "Proxy": who["proxy"],
        "ApprovalStatus": values["approval_status"], "ProcessStatus": values["process_status"],
        "CreationTime": values["created_at"], "CompletionTime": values["completed_at"],
        "CorrelationId": values["correlation_id"],
    }  # fmt: skip
    facts |= {f"Data.{item}": value for item, value in data.items()}
    facts |= {
        "WorkItems": _items(tx, dice, names, facts),
        "Events": _events(tx, dice, names, facts),
        "Incidents": _incidents(tx, dice, names, facts),
        "Comments": _comments(tx, dice, names, process_id),
    }
    filled.processes.append(facts)
    filled.workitems += facts["WorkItems"]
    filled.events += facts["Events"]
    filled.incidents += facts["Incidents"]
    filled.comments += facts["Comments"]


def _items(tx: Connection, dice: Random, names: Names, process: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for number in range(1, dice.randrange(1, 4)):
        status, addressee = dice.randrange(5), dice.choice(PEOPLE)
        people_ = {
            "addressee": addressee,
            "owner": dice.choice(PEOPLE) if status == 1 or dice.random() < 0.2 else None,
            "actor": dice.choice([None, addressee, *PEOPLE]) if status > 1 else None,
            "proxy_for": dice.choice([None, *PEOPLE]),
        }
        values = {
            "activity": dice.choice(["ask", "Ask", "board"]), "status": status, "priority": dice.randrange(1, 4),
            "created_at": moment(dice), "due_at": dice.choice([None, moment(dice)]),
            "expires_at": dice.choice([None, moment(dice)]), "completed_at": moment(dice) if status > 1 else None,
        }  # fmt: skip
        row = values | {column: names.optional_number(dn) for column, dn in people_.items()}
        row |= {"process_id": process["ProcessId"], "number": number, "token": 1, "returned": False, "reminders": 0}
        tx.execute(insert(tables.work_item).values(**row, escalated=False, timer=0, held=0))
        found.append(
            {name: process[name] for name in ("ProcessId", "Definition", "Recipient", "Initiator")}
            | {
                "WorkId": f"{process['ProcessId'][:28]}{number:04x}", "Addressee": addressee,
                "Owner": people_["owner"], "ProxyFor": people_["proxy_for"], "Actor": people_["actor"],
                "ActivityId": values["activity"], "Status": status, "Priority": values["priority"],
                "CreationTime": values["created_at"], "DueTime": values["due_at"], "ExpTime": values["expires_at"],
                "CompletionTime": values["completed_at"], "Process": [process],
            }
        )  # fmt: skip
    return found


def _events(tx: Connection, dice: Random, names: Names, process: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for number in range(1, dice.randrange(1, 5)):
        kind, actor = dice.choice([1, 2, 34, *KINDS]), dice.choice([None, *PEOPLE])
        item, activity, at = dice.choice([None, 1, 2]), dice.choice([None, "ask", "Ask"]), moment(dice)
        row = {"process_id": process["ProcessId"], "number": number, "kind": kind, "at": at, "activity": activity}
        made = insert(tables.event).values(**row, item=item, actor=names.optional_number(actor))
        position = tx.execute(made.returning(tables.event.c.position)).scalar_one()
        found.append(
            {
                "Kind": kind, "ProcessId": process["ProcessId"], "Time": at, "Actor": actor, "ActivityId": activity,
                "WorkId": None if item is None else f"{process['ProcessId'][:28]}{item:04x}", "Process": [process],
                "position": position,
            }
        )  # fmt: skip
    return found


def _incidents(tx: Connection, dice: Random, names: Names, process: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for number in range(1, dice.choice([1, 1, 2, 3])):
        resolved, actor = dice.choice([None, moment(dice)]), dice.choice([None, *PEOPLE])
        values = {
            "kind": dice.choice(["connector", "mail"]), "activity": dice.choice([None, "ask"]),
            "opened_at": moment(dice), "reason": dice.choice(WORDS), "resolved_at": resolved,
            "resolution": None if resolved is None else dice.choice(["retried", "skipped"]),
        }  # fmt: skip
        row = values | {"process_id": process["ProcessId"], "number": number, "token": 1, "payload": {}}
        tx.execute(insert(tables.incident).values(**row, actor=names.optional_number(actor)))
        found.append(
            {
                "IncidentId": f"{process['ProcessId'][:28]}{number:04x}", "ProcessId": process["ProcessId"],
                "Kind": values["kind"], "ActivityId": values["activity"], "OpenTime": values["opened_at"],
                "Reason": values["reason"], "ResolutionTime": resolved, "Resolution": values["resolution"],
                "Actor": actor, "Process": [process],
            }
        )  # fmt: skip
    return found


def _comments(tx: Connection, dice: Random, names: Names, process_id: str) -> list[dict[str, Any]]:
    found = []
    for number in range(1, dice.choice([1, 1, 2, 3])):
        facts = {
            "Type": dice.randrange(2), "User": dice.choice([None, *PEOPLE]), "Time": moment(dice),
            "ActivityId": dice.choice([None, "ask"]), "Text": dice.choice(WORDS),
        }  # fmt: skip
        row = {"process_id": process_id, "number": number, "at": facts["Time"], "activity": facts["ActivityId"]}
        row |= {"system": facts["Type"] == 1, "text": facts["Text"], "user": names.optional_number(facts["User"])}
        tx.execute(insert(tables.comment).values(**row))
        found.append(facts)
    return found


def _users(tx: Connection, dice: Random) -> list[dict[str, Any]]:
    """Add users with odd names to those that are there; gives all of them."""
    added = [
        people.UserRow(
            id=dn_guid(f"cn=user{number},o=x"),
            dn=f"cn=user{number},o=x",
            user_name=f"{dice.choice(['u', 'Ü', 'ß', 'ẞ', 'K'])}{number}",
            first_name=dice.choice(WORDS),
            last_name=dice.choice(WORDS),
            email=dice.choice(["", "A@example.org", "a@example.org"]),
            manager=dice.choice([None, BOB, BOB.upper(), BOB.replace(",", " , ")]),
            status=dice.choice(people.STATUSES[:3]),
            role=dice.choice([None, ADMINISTRATOR_ROLE, OPERATOR_ROLE]),
            created_at=dice.choice([None, moment(dice)]),
        )
        for number in range(25)
    ]
    people.upsert_users(tx, added)
    codes = dict(map(tuple, tx.execute(select(tables.role.c.id, tables.role.c.code))))
    return [
        {
            "UserId": row.id, "User": row.dn, "UserName": row.user_name, "FirstName": row.first_name,
            "LastName": row.last_name, "Email": row.email, "Status": row.status, "Role": codes.get(row.role or ""),
            "Manager": row.manager, "CreationTime": row.created_at,
        }
        for row in people.users(tx)
    ]  # fmt: skip
