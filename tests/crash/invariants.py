"""What holds in a database at every moment, read straight from its rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from placet.core.events import KINDS
from placet.core.statuses import Life, WorkItemStatus
from placet.store.database import opened
from placet.store.tables import comment, data_value, event, job, name, process, start_key, work_item

LIVES = {(int(life.process_status), int(life.approval_status)): life for life in Life}


@dataclass
class Stored:
    """All rows of a database, those of one process together."""

    processes: dict[str, Any]
    items: dict[str, list[Any]]
    events: dict[str, list[Any]]
    comments: dict[str, list[Any]]
    jobs: dict[str, list[Any]]
    values: dict[str, dict[str, Any]]
    keys: list[str]
    names: dict[int, str]

    def kinds(self, process_id: str, kind: str) -> list[Any]:
        """The events of one kind in one process."""
        return [each for each in self.events[process_id] if KINDS[each.kind] == kind]

    def item(self, item_id: str) -> Any:
        """One work item."""
        return next(each for each in self.items[item_id[:28] + "0000"] if each.number == int(item_id[28:], 16))

    def clerk(self, number: int | None) -> str | None:
        """The common name behind a number."""
        return None if number is None else self.names[number].partition(",")[0].removeprefix("cn=")


async def stored(url: str) -> Stored:
    """What is in a database; one without tables has nothing."""
    async with opened(url) as database:
        return await database.read(_read)


def _read(tx: Connection) -> Stored:
    def grouped(table: Any) -> dict[str, list[Any]]:
        rows: dict[str, list[Any]] = defaultdict(list)
        for row in tx.execute(select(table).order_by(*table.c[:2])):
            rows[row.process_id].append(row)
        return rows

    values: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in tx.execute(select(data_value)):
        values[row.process_id][row.item] = row.number_value if row.text_value is None else row.text_value
    return Stored(
        {row.id: row for row in tx.execute(select(process))},
        grouped(work_item),
        grouped(event),
        grouped(comment),
        grouped(job),
        values,
        list(tx.execute(select(start_key.c.process_id)).scalars()),
        {row.id: row.dn for row in tx.execute(select(name))},
    )


def broken(stored: Stored) -> list[str]:
    """Every rule that some process breaks, with the process."""
    faults = [
        f"{process_id}: {fault}" for process_id, row in stored.processes.items() for fault in _of_one(stored, row)
    ]
    for what in ("items", "events", "comments", "jobs", "values"):
        alone = getattr(stored, what).keys() - stored.processes.keys()
        faults += [f"{what} of process {id_}, which is not there" for id_ in alone]
    faults += [f"a key names process {id_}, which is not there" for id_ in set(stored.keys) - stored.processes.keys()]
    faults += [f"two keys name process {id_}" for id_, times in Counter(stored.keys).items() if times > 1]
    commands = Counter(each.command_id for events in stored.events.values() for each in events if each.command_id)
    faults += [f"command {id_} was applied {times} times" for id_, times in commands.items() if times > 1]
    return faults


def _of_one(stored: Stored, row: Any) -> Iterator[str]:
    life = LIVES.get((row.process_status, row.approval_status))
    if life is None:
        yield f"statuses {row.process_status} and {row.approval_status} do not go together"
        return
    for what, count in (("items", row.item_count), ("events", row.event_count), ("comments", row.comment_count)):
        numbers = sorted(each.number for each in getattr(stored, what)[row.id])
        if numbers != list(range(1, count + 1)):
            yield f"{what} are numbered {numbers} and not 1 to {count}"
    indexed = {item: value for item, value in row.data.items() if item in ("number", "tag")}
    if stored.values[row.id] != indexed:
        yield f"indexed values {stored.values[row.id]} are not the data {indexed}"
    if (row.completed_at is not None) is not life.is_over:
        yield f"is {life.name} and completed at {row.completed_at}"
    ends = [each for each in stored.events[row.id] if KINDS[each.kind] in _ENDS]
    if len(ends) != life.is_over:
        yield f"is {life.name} and has {len(ends)} events that end it"
    yield from _where_it_stands(stored, row, life)


_ENDS = ("process.completed", "process.terminated", "process.failed")
#: The jobs that an activity waits for.
_MOVING = ("wait", "call", "mail")


def _where_it_stands(stored: Stored, row: Any, life: Life) -> Iterator[str]:
    waiting = [each for each in stored.items[row.id] if WorkItemStatus(each.status).is_open]
    timers = [each for each in stored.jobs[row.id] if each.kind in _MOVING and each.token]
    for each in stored.items[row.id]:
        if WorkItemStatus(each.status).is_open is (each.completed_at is not None):
            yield f"item {each.number} is {WorkItemStatus(each.status).name} and completed at {each.completed_at}"
    if any(each.number > row.job_count for each in stored.jobs[row.id]):
        yield "has more jobs than it counted"
    if life.is_over:
        if row.flow or waiting or timers:
            yield f"is over and stands at {row.flow} with items {len(waiting)} and jobs {len(timers)}"
        return
    tokens = {int(number): token for number, token in (row.flow or {}).get("tokens", {}).items()}
    if not tokens:
        yield "goes on and stands nowhere"
    asked, timed = {each.token for each in waiting}, {each.token for each in timers}
    if not asked | timed <= tokens.keys():
        yield f"items and jobs of {asked | timed}, but tokens are {sorted(tokens)}"
    for number, token in tokens.items():
        if number not in asked | timed and not _child_will_tell(stored, row.id, token):
            yield f"nothing will ever move token {number} away from {token['at']}"


def _child_will_tell(stored: Stored, process_id: str, token: Any) -> bool:
    child = token.get("child")
    to_start = any(each.payload.get("child") == child for each in stored.jobs[process_id] if each.kind == "start_child")
    if child is None or to_start:
        return child is not None
    row = stored.processes.get(child)
    if row is None:
        return False
    told = any(each.kind == "tell_parent" for each in stored.jobs[child])
    return told or not LIVES[row.process_status, row.approval_status].is_over
