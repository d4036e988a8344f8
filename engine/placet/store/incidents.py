"""Incidents as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, literal, or_, select, tuple_, update

from placet.core.definition import Definition
from placet.core.records import Incident, Process
from placet.store import processes
from placet.store.bulk import Bulk, Inserts
from placet.store.names import Names
from placet.store.page import Page
from placet.store.tables import incident, process
from placet.store.types import Moment
from placet.store.visible import Reader, visible_processes
from placet.store.world import World

_LOAD = select(incident).where(
    incident.c.process_id.in_(bindparam("ids", expanding=True)),
    or_(incident.c.resolved_at.is_(None), incident.c.number.in_(bindparam("numbers", expanding=True))),
)
_INSERT = Bulk(insert(incident), incident.c.keys())
_UPDATE = Bulk(
    update(incident)
    .where(incident.c.process_id == bindparam("key"), incident.c.number == bindparam("nth"))
    .values({column: bindparam(column) for column in ("resolved_at", "resolution", "actor")})
)


def load(tx: Connection, process_ids: Collection[str], numbers: Collection[int], names: Names) -> list[Incident]:
    """The open incidents of these processes, and whatever incidents of theirs have one of these numbers."""
    if not process_ids:
        return []
    return to_records(tx, tx.execute(_LOAD, {"ids": list(process_ids), "numbers": list(numbers)}).all(), names)


def to_records(tx: Connection, rows: Sequence[Row[Any]], names: Names) -> list[Incident]:
    """Rows of all columns as records."""
    names.fetch(tx, (row.actor for row in rows))
    return [
        Incident(
            row.process_id,
            row.number,
            row.kind,
            row.activity,
            row.token,
            row.opened_at,
            row.reason,
            row.payload,
            row.resolved_at,
            row.resolution,
            names.optional_dn(row.actor),
        )
        for row in rows
    ]


def names_in(records: Iterable[Incident]) -> list[str | None]:
    return [record.actor for record in records]


def add(inserts: Inserts, records: Sequence[Incident], names: Names) -> None:
    inserts.add(_INSERT, [_fixed(record) | _resolved(record, names) for record in records])


def save(tx: Connection, records: Sequence[Incident], names: Names) -> None:
    _UPDATE.run(tx, [_resolved(record, names) | {"key": record.process_id, "nth": record.number} for record in records])


def _fixed(record: Incident) -> dict[str, Any]:
    return {
        "process_id": record.process_id,
        "number": record.number,
        "kind": record.kind,
        "activity": record.activity,
        "token": record.token,
        "opened_at": record.opened_at,
        "reason": record.reason,
        "payload": record.payload,
    }


def _resolved(record: Incident, names: Names) -> dict[str, Any]:
    return {
        "resolved_at": record.resolved_at,
        "resolution": record.resolution,
        "actor": names.optional_number(record.actor),
    }


# -- reads ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundIncident:
    """An incident with its process, and the definition version that this runs on."""

    incident: Incident
    process: Process
    definition: Definition


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which incidents are asked for: of one process or of all, the open ones or every one."""

    process_id: str | None = None
    resolved: bool = False


def find_incident(tx: Connection, world: World, key: tuple[str, int], who: Reader) -> FoundIncident | None:
    """One incident of a process that the reader may see."""
    c = incident.c
    found = _found(tx, world, _query(who).where(c.process_id == key[0], c.number == key[1]))
    return found[0] if found else None


def page_of_incidents(tx: Connection, world: World, wanted: Wanted, who: Reader, page: Page) -> list[FoundIncident]:
    """A page in the order in which they were opened."""
    c, query = incident.c, _query(who)
    if wanted.process_id is not None:
        query = query.where(c.process_id == wanted.process_id)
    if not wanted.resolved:
        query = query.where(c.resolved_at.is_(None))
    keys = (c.opened_at, c.process_id, c.number)
    if page.after is not None:
        moment, process_id, number = page.after
        after = tuple_(literal(moment, Moment()), literal(process_id, c.process_id.type), literal(number))
        query = query.where(tuple_(*keys) < after if page.newest_first else tuple_(*keys) > after)
    return _found(
        tx, world, query.order_by(*(key.desc() if page.newest_first else key for key in keys)).limit(page.limit)
    )


def _query(who: Reader) -> Select[Any]:
    return select(incident).join(process, process.c.id == incident.c.process_id).where(visible_processes(who))


def _found(tx: Connection, world: World, query: Select[Any]) -> list[FoundIncident]:
    names = Names(world.names)
    records = to_records(tx, tx.execute(query).all(), names)
    by_id = {each.id: each for each in processes.load(tx, {record.process_id for record in records}, names)}
    names.committed()
    parents = [by_id[record.process_id] for record in records]
    return [
        FoundIncident(record, parent, world.definition(tx, parent.definition))
        for record, parent in zip(records, parents, strict=True)
    ]
