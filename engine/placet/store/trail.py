"""The trail of a process as rows: its comments and its events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, literal_column, select, tuple_

from placet.core.events import KINDS, NUMBERS
from placet.core.records import Comment, Event
from placet.store.bulk import Bulk, Inserts
from placet.store.database import readable_events
from placet.store.names import Names
from placet.store.tables import comment, event

_INSERT_COMMENTS = Bulk(insert(comment), comment.c.keys())
_INSERT_EVENTS = Bulk(insert(event), [column.key for column in event.c if column.key not in ("position", "tx")])


def names_in(comments: Iterable[Comment], events: Iterable[Event]) -> list[str | None]:
    return [*(record.user for record in comments), *(record.actor for record in events)]


def add(inserts: Inserts, comments: Sequence[Comment], events: Sequence[Event], names: Names) -> None:
    inserts.add(_INSERT_COMMENTS, [_comment_values(record, names) for record in comments])
    inserts.add(_INSERT_EVENTS, [_event_values(record, names) for record in events])


def _comment_values(record: Comment, names: Names) -> dict[str, Any]:
    return {
        "process_id": record.process_id,
        "number": record.number,
        "at": record.at,
        "user": names.optional_number(record.user),
        "activity": record.activity,
        "system": record.system,
        "text": record.text,
    }


def _event_values(record: Event, names: Names) -> dict[str, Any]:
    return {
        "process_id": record.process_id,
        "number": record.number,
        "kind": NUMBERS[record.kind],
        "at": record.at,
        "actor": names.optional_number(record.actor),
        "activity": record.activity,
        "item": record.item,
        "detail": record.detail,
        "command_id": record.command_id,
    }


def comments_of(tx: Connection, process_id: str, names: Names, *, system: bool | None = None) -> list[Comment]:
    """The comments of a process, oldest first; `system` keeps only the engine's or only people's."""
    query = select(comment).where(comment.c.process_id == process_id).order_by(comment.c.number)
    if system is not None:
        query = query.where(comment.c.system == system)
    rows = tx.execute(query).all()
    names.fetch(tx, (row.user for row in rows))
    return [
        Comment(row.process_id, row.number, row.at, row.text, names.optional_dn(row.user), row.activity, row.system)
        for row in rows
    ]


def events_of(tx: Connection, process_id: str, names: Names) -> list[Event]:
    """The timeline of a process, oldest first."""
    rows = tx.execute(select(event).where(event.c.process_id == process_id).order_by(event.c.number)).all()
    names.fetch(tx, (row.actor for row in rows))
    return [_event(row, names) for row in rows]


def _event(row: Row[Any], names: Names) -> Event:
    actor = names.optional_dn(row.actor)
    return Event(
        row.process_id, row.number, KINDS[row.kind], row.at, actor, row.activity, row.item, row.detail, row.command_id
    )


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order of all events; a reader that resumes from it misses none."""

    tx: int = 0
    number: int = 0

    def __str__(self) -> str:
        return f"{self.tx}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Position:
        tx, _, number = text.partition("-")
        return cls(int(tx), int(number))


#: Behind every event that there will be.
END = Position(2**63 - 1, 2**63 - 1)


def events_after(tx: Connection, after: Position, names: Names, limit: int) -> list[tuple[Position, Event]]:
    """The next events of all processes, in order; on PostgreSQL none of a transaction that may still be joined."""
    rows = tx.execute(_after(tx, select(event), after).limit(limit)).all()
    names.fetch(tx, (row.actor for row in rows))
    return [(Position(row.tx, row.position), _event(row, names)) for row in rows]


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, and no more: the event `number` of a process."""

    position: Position
    process_id: str
    number: int
    kind: str


def steps_after(tx: Connection, after: Position, limit: int) -> list[Step]:
    """As `events_after`, for who decides by the kinds and the processes of events."""
    c = event.c
    rows = tx.execute(_after(tx, select(c.tx, c.position, c.process_id, c.number, c.kind), after).limit(limit))
    return [Step(Position(row.tx, row.position), row.process_id, row.number, KINDS[row.kind]) for row in rows]


def _after(tx: Connection, query: Select[Any], after: Position) -> Select[Any]:
    c = event.c
    readable = readable_events(tx, c.tx)
    if readable is None:
        return query.order_by(c.position).where(c.position > after.number)
    here = tuple_(literal_column(str(after.tx)), literal_column(str(after.number)))
    return query.order_by(c.tx, c.position).where(tuple_(c.tx, c.position) > here, readable)


def held_back(tx: Connection) -> bool:
    """Whether there are events that a resuming reader may not see yet."""
    readable = readable_events(tx, event.c.tx)
    return readable is not None and tx.execute(select(event.c.position).where(~readable).limit(1)).first() is not None


def events_at(tx: Connection, keys: Collection[tuple[str, int]], names: Names) -> list[Event]:
    """The events with these numbers of these processes; one that is not there is left out."""
    if not keys:
        return []
    c = event.c
    rows = tx.execute(select(event).where(tuple_(c.process_id, c.number).in_(list(keys)))).all()
    names.fetch(tx, (row.actor for row in rows))
    return [_event(row, names) for row in rows]


def last_position(tx: Connection) -> Position:
    """The position after the newest event that a resuming reader may see."""
    c = event.c
    query = select(c.tx, c.position).limit(1)
    readable = readable_events(tx, c.tx)
    if readable is None:
        query = query.order_by(c.position.desc())
    else:
        query = query.order_by(c.tx.desc(), c.position.desc()).where(readable)
    row = tx.execute(query).first()
    return Position(row.tx, row.position) if row else Position()


def commands_done(tx: Connection, process_ids: Collection[str], command_ids: Collection[str]) -> set[str]:
    """Which of these commands have left their event."""
    query = select(event.c.command_id).where(event.c.process_id.in_(process_ids), event.c.command_id.in_(command_ids))
    return set(tx.execute(query).scalars())
