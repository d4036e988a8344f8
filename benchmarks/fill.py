"""A large population written straight into the store's tables: what years of use leave behind, in a minute."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fill_detail
import population
from machine import BUILD, ROOT
from sqlalchemy import Table

from placet.core.events import NUMBERS
from placet.store.tables import comment, data_value, event, incident, process, work_item

YEAR_MS = 365 * 24 * 3600 * 1000
BEGIN_MS = 1_735_689_600_000
DAY_MS = 24 * 3600 * 1000
PEOPLE = 5000
MOST_USED_SHARE = 0.93  # of the definition that most requests are for
RUNNING, TERMINATED, COMPLETED = 0, 2, 3
PROCESSING, DENIED, APPROVED, RETRACTED = 0, 1, 2, 3
FLOW = '{"last":1,"tokens":{"1":{"at":"manager","votes":{"total":1,"yes":0,"no":0,"refused":0}}}}'
WORDS = ("laptop", "desk", "monitor", "travel", "licence", "training", "chair", "phone", "badge", "access", "report")
AT_ONCE = 20_000
TABLES = (process, work_item, event, comment, data_value, incident)


@dataclass(frozen=True, slots=True)
class Kind:
    """How many processes of what sort; `open_share` of them still wait for somebody."""

    count: int
    open_share: float = 0.1
    definitions: int = 20
    detailed: bool = False  # two approvals, ten events and indexed data each

    @property
    def name(self) -> str:
        """Begins the names of its files."""
        return f"{self.count}-detailed" if self.detailed else f"{self.count}-plain"

    @property
    def source(self) -> Path:
        """The folder with the definition that most requests are for."""
        return population.PURCHASES if self.detailed else population.DEFINITIONS

    @property
    def key(self) -> str:
        """Changes whenever the tables or the way they are filled change."""
        filling = [Path(__file__), *([Path(fill_detail.__file__)] if self.detailed else [])]
        tables = [
            each for each in (ROOT / "engine/placet/store").rglob("*.py") if {"versions", "tables"} & {*each.parts}
        ]
        relevant = sorted([*filling, *tables, *self.source.iterdir()])
        text = b"".join(each.read_bytes() for each in relevant)
        return hashlib.blake2b(text + repr(self).encode(), digest_size=6).hexdigest()


def filled(kind: Kind) -> Path:
    """A database file with such a population, made when it is missing; older ones of its size are removed."""
    folder = BUILD / "filled"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / f"{kind.name}-{kind.key}.db"
    if not wanted.exists():
        for old in folder.glob(f"{kind.name}-*"):
            old.unlink()
        making = folder / f"{kind.name}.making"
        for old in folder.glob(making.name + "*"):
            old.unlink()
        population.prepare(
            f"sqlite:///{making}", folder, people=PEOPLE, definitions=kind.definitions, source=kind.source
        )
        _fill(making, kind)
        making.rename(wanted)
    return wanted


def copy(kind: Kind, target: Path) -> Path:
    """A copy of such a database that may be written to."""
    shutil.copy(filled(kind), target)
    return target


def _fill(path: Path, kind: Kind) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-200000")
    people = _intern(connection)
    with _without_indexes(connection):
        connection.execute("BEGIN")
        written = _Written(connection, kind)
        for row in _processes(kind, people):
            written.add(row)
        written.flush()
        connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _intern(connection: sqlite3.Connection) -> list[int]:
    """The numbers of all people, with the engine's own name as the last."""
    names = [population.dn(number, PEOPLE) for number in range(PEOPLE)] + ["placet"]
    connection.executemany("INSERT OR IGNORE INTO name (folded, dn) VALUES (?, ?)", [(name, name) for name in names])
    numbers = dict(connection.execute("SELECT folded, id FROM name"))
    return [numbers[name] for name in names]


@contextmanager
def _without_indexes(connection: sqlite3.Connection) -> Iterator[None]:
    """Indexes are built at the end, which is quicker than keeping them up."""
    marks = ", ".join("?" * len(TABLES))
    sql = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})"
    indexes = connection.execute(sql, [table.name for table in TABLES]).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        connection.execute(definition)


@dataclass(slots=True)
class Row:
    """One process on its way into the tables; times in milliseconds, people as numbers."""

    number: int
    id: bytes
    definition: int
    initiator: int
    recipient: int
    manager: int
    board: int
    engine: int
    created_at: int
    completed_at: int | None
    status: tuple[int, int]
    correlation_id: str | None
    data: str
    comment: str | None
    waits_until: int


def _processes(kind: Kind, people: list[int]) -> Iterator[Row]:
    dice = random.Random(7)
    *persons, engine = people
    step = YEAR_MS / kind.count
    for number in range(kind.count):
        created = BEGIN_MS + int(number * step)
        is_open = dice.random() < kind.open_share
        chance = dice.random()
        ended = (
            (COMPLETED, APPROVED) if chance < 0.8 else (COMPLETED, DENIED) if chance < 0.95 else (TERMINATED, RETRACTED)
        )
        initiator = dice.randrange(PEOPLE)
        yield Row(
            number=number,
            id=_id(created, number, dice),
            definition=1 if dice.random() < MOST_USED_SHARE else dice.randrange(1, kind.definitions + 1),
            initiator=persons[initiator],
            recipient=persons[initiator if dice.random() < 0.6 else dice.randrange(PEOPLE)],
            manager=persons[initiator // 10],
            board=persons[initiator // 100],
            engine=engine,
            created_at=created,
            completed_at=None if is_open else created + int(dice.expovariate(1 / DAY_MS)) + 1,
            status=(RUNNING, PROCESSING) if is_open else ended,
            correlation_id=f"order-{number}" if dice.random() < 0.2 else None,
            data=fill_detail.data(dice, WORDS) if kind.detailed else _data(dice),
            comment=" ".join(dice.choices(WORDS, k=8)) if dice.random() < 0.3 else None,
            waits_until=BEGIN_MS + 100 * YEAR_MS,
        )


def _id(created: int, number: int, dice: random.Random) -> bytes:
    layout = (created << 80) | (0x7 << 76) | ((number & 0xFFF) << 64) | (0b10 << 62) | (dice.getrandbits(46) << 16)
    return layout.to_bytes(16, "big")


def _data(dice: random.Random) -> str:
    title, reason = " ".join(dice.choices(WORDS, k=5)), " ".join(dice.choices(WORDS, k=20))
    return json.dumps({"title": title, "amount": dice.randrange(100, 100_000) / 20, "reason": reason})


class _Written:
    """Rows of every table, written by the thousand."""

    def __init__(self, connection: sqlite3.Connection, kind: Kind) -> None:
        self._connection, self._kind = connection, kind
        self._rows: dict[Table, list[Sequence[Any]]] = {table: [] for table in TABLES}
        self._sql = {table: _insert(table) for table in self._rows}

    def add(self, row: Row) -> None:
        self._rows[process].append(_process_values(row, detailed=self._kind.detailed))
        if self._kind.detailed:
            for table, rows in fill_detail.rows_of(row).items():
                self._rows[table].extend(rows)
        else:
            self._rows[work_item].append(_item_values(row))
            self._rows[event].extend(_event_values(row))
        if row.comment:
            self._rows[comment].append((row.id, 1, row.created_at, row.initiator, None, False, row.comment))
        if len(self._rows[process]) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        for table, rows in self._rows.items():
            self._connection.executemany(self._sql[table], rows)
            rows.clear()


def _insert(table: Table) -> str:
    columns = [f'"{column.name}"' for column in table.columns if column.name not in ("position", "tx")]
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def _process_values(row: Row, *, detailed: bool) -> Sequence[Any]:
    is_open = row.completed_at is None
    events = 10 if detailed else 2 if is_open else 4
    values = {
        "id": row.id,
        "definition": row.definition,
        "initiator": row.initiator,
        "recipient": row.recipient,
        "process_status": row.status[0],
        "approval_status": row.status[1],
        "created_at": row.created_at,
        "completed_at": row.completed_at,
        "correlation_id": row.correlation_id,
        "engine_id": row.engine,
        "revision": 1 if is_open else 2,
        "item_count": 2 if detailed else 1,
        "comment_count": 1 if row.comment else 0,
        "event_count": events,
        "job_count": 0,
        "incident_count": 0,
        "data": row.data,
        "flow": None if not is_open else FLOW.replace("manager", "board") if detailed else FLOW,
    }
    return [values.get(column.name) for column in process.columns]


def _item_values(row: Row) -> Sequence[Any]:
    is_open = row.completed_at is None
    retracted = row.status[0] == TERMINATED
    values = {
        "process_id": row.id,
        "number": 1,
        "activity": "manager",
        "token": 1,
        "addressee": row.manager,
        "created_at": row.created_at,
        "status": 0 if is_open else 3 if retracted else 2,
        "priority": 2,
        "completed_at": row.completed_at,
        "actor": None if is_open else row.initiator if retracted else row.manager,
        "outcome": None if is_open or retracted else 0 if row.status[1] == APPROVED else 1,
        "returned": False,
        "reminders": 0,
        "escalated": False,
        "timer_at": row.waits_until if is_open else None,
        "timer": 1 if is_open else 0,
        "held": 0,
    }
    return [values.get(column.name) for column in work_item.columns]


def _event_values(row: Row) -> Iterator[Sequence[Any]]:
    yield _event(row, 1, "process.started", row.created_at, row.initiator)
    yield _event(row, 2, "work_item.assigned", row.created_at, row.initiator, "manager", 1)
    if row.completed_at is not None:
        retracted = row.status[0] == TERMINATED
        last, actor = ("process.terminated", row.initiator) if retracted else ("process.completed", row.manager)
        answer = "cancelled" if retracted else "approved" if row.status[1] == APPROVED else "denied"
        yield _event(row, 3, f"work_item.{answer}", row.completed_at, actor, "manager", 1)
        yield _event(row, 4, last, row.completed_at, actor)


def _event(
    row: Row, number: int, kind: str, at: int, actor: int, activity: str | None = None, item: int | None = None
) -> Sequence[Any]:
    command_id = row.id[::-1] if number in (1, 3) else None
    values = {
        "process_id": row.id,
        "number": number,
        "kind": NUMBERS[kind],
        "at": at,
        "actor": actor,
        "activity": activity,
        "item": item,
        "command_id": command_id,
    }
    return [values.get(column.name) for column in event.columns if column.name not in ("position", "tx")]
