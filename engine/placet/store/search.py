"""Reads of whole records: one process or work item, and pages of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, literal, select, tuple_

from placet.core.definition import Definition
from placet.core.records import Process, WorkItem, split_work_item_id
from placet.core.statuses import WorkItemStatus
from placet.query.ast import In, Node, all_of, fields_of
from placet.query.fields import WORK_ITEMS
from placet.store import processes, work_items
from placet.store.fields import WORK_ITEM_COLUMNS
from placet.store.incidents import FoundIncident
from placet.store.names import Names
from placet.store.page import Page, condition_of, page_query
from placet.store.tables import process, work_item
from placet.store.types import Moment
from placet.store.visible import Reader, visible_items, visible_processes
from placet.store.world import World


@dataclass(frozen=True, slots=True)
class FoundProcess:
    """A process with the definition version that it runs on."""

    process: Process
    definition: Definition


@dataclass(frozen=True, slots=True)
class FoundWorkItem:
    """A work item with its process, and the definition version that this runs on."""

    item: WorkItem
    process: Process
    definition: Definition


# -- processes -----------------------------------------------------------------------------------


def find_process(tx: Connection, world: World, process_id: str, who: Reader) -> FoundProcess | None:
    """One process that the reader may see."""
    found = _processes(tx, world, select(process).where(process.c.id == process_id, visible_processes(who)))
    return found[0] if found else None


def page_of_processes(tx: Connection, world: World, wanted: Node | None, who: Reader, page: Page) -> list[FoundProcess]:
    """A page in order of creation; its last one's id is where the next page begins."""
    return _processes(tx, world, page_query([process], world, wanted, who, page, tx.dialect))


def _processes(tx: Connection, world: World, query: Select[Any]) -> list[FoundProcess]:
    names = Names(world.names)
    rows = tx.execute(query).all()
    records = processes.to_records(tx, rows, names)
    names.committed()
    return [FoundProcess(record, world.definition(tx, record.definition)) for record in records]


# -- work items ----------------------------------------------------------------------------------

_STATUS = WORK_ITEMS.field("Status")
_OPEN = In(_STATUS, (WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value))


def find_work_item(tx: Connection, world: World, item_id: str, who: Reader) -> FoundWorkItem | None:
    """One work item that the reader may see."""
    process_id, number = split_work_item_id(item_id)
    query = _items_query().where(work_item.c.process_id == process_id, work_item.c.number == number, visible_items(who))
    found = _work_items(tx, world, query)
    return found[0] if found else None


def page_of_work_items(
    tx: Connection, world: World, wanted: Node | None, who: Reader, page: Page
) -> list[FoundWorkItem]:
    """A page in order of creation; only open and claimed ones unless a filter asks for a `Status`."""
    c = work_item.c
    if wanted is None or _STATUS not in fields_of(wanted):
        wanted = all_of([_OPEN] if wanted is None else [wanted, _OPEN])
    query = _items_query().where(condition_of(wanted, who, WORK_ITEM_COLUMNS, world), visible_items(who))
    keys = (c.created_at, c.process_id, c.number)
    if page.after is not None:
        moment, process_id, number = page.after
        after = tuple_(literal(moment, Moment()), literal(process_id, c.process_id.type), literal(number))
        query = query.where(tuple_(*keys) < after if page.newest_first else tuple_(*keys) > after)
    query = query.order_by(*(key.desc() if page.newest_first else key for key in keys)).limit(page.limit)
    return _work_items(tx, world, query)


def _items_query() -> Select[Any]:
    return select(work_item, process).join(process, process.c.id == work_item.c.process_id)


def _work_items(tx: Connection, world: World, query: Select[Any]) -> list[FoundWorkItem]:
    names = Names(world.names)
    keys = tx.execute(query.with_only_columns(work_item, maintain_column_froms=True)).all()
    items = work_items.to_records(tx, keys, names)
    ids = {item.process_id for item in items}
    by_id = {record.id: record for record in processes.load(tx, ids, names)}
    names.committed()
    found = []
    for item in items:
        parent = by_id[item.process_id]
        found.append(FoundWorkItem(item, parent, world.definition(tx, parent.definition)))
    return found


def cursor_of(found: FoundProcess | FoundWorkItem | FoundIncident) -> tuple[Any, ...]:
    """Where a page that ends with this row ends."""
    if isinstance(found, FoundProcess):
        return (found.process.id,)
    if isinstance(found, FoundIncident):
        return (found.incident.opened_at, found.incident.process_id, found.incident.number)
    item = found.item
    return (item.created_at, item.process_id, item.number)
