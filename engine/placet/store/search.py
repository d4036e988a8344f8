"""Reads: one row, a page by key, and who may see what. Rights are part of every query, never applied afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    LargeBinary,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    literal,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
    union,
)
from sqlalchemy.types import TypeEngine

from placet.core.definition import Definition
from placet.core.names import fold_dn
from placet.core.records import Process, WorkItem, split_work_item_id
from placet.core.statuses import WorkItemStatus
from placet.query.ast import ME, Comparison, In, Node, Not, Operator, all_of, any_of, fields_of, resolve_me
from placet.query.ast import And as AndNode
from placet.query.ast import Or as OrNode
from placet.query.fields import WORK_ITEMS
from placet.store import processes, work_items
from placet.store.bulk import Convert, stored_form
from placet.store.compiler import compile_filter
from placet.store.fields import PROCESS_COLUMNS, WORK_ITEM_COLUMNS
from placet.store.names import Names
from placet.store.tables import former_addressee, name, process, work_item
from placet.store.types import HexId, Moment
from placet.store.world import World


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a result is wanted; `after` is where the page before ended."""

    limit: int
    after: tuple[Any, ...] | None = None
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class FoundProcess:
    process: Process
    definition: Definition


class ProcessRow(NamedTuple):
    """One process as a listing needs it, kept as it is stored: names by number, times in milliseconds."""

    id: bytes
    definition: int
    initiator: int
    recipient: int
    process_status: int
    approval_status: int
    created_at: int
    completed_at: int | None
    correlation_id: str | None
    proxy: int | None
    engine_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class ProcessListing:
    """A page of rows with what their numbers stand for; made for reading out a million of them."""

    rows: Sequence[ProcessRow]
    dn: Callable[[int], str]
    definitions: Mapping[int, Definition]

    def cursor(self, at: int) -> tuple[str]:
        """Where a page ends whose last row is the one at this place."""
        return (self.rows[at].id.hex(),)


@dataclass(frozen=True, slots=True)
class FoundWorkItem:
    item: WorkItem
    process: Process
    definition: Definition


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the folded DNs that stand for him, or everything where he may see everything."""

    dn: str | None  # None: the engine itself
    everything: bool
    names: tuple[str, ...] = field(default=())


def reader(world: World, actor: str | None) -> Reader:
    """What an actor may see, as of the directory that is loaded."""
    if actor is None:
        return Reader(None, everything=True)
    groups = [group.dn for group in world.directory.groups_of(actor)]
    names = tuple(fold_dn(dn) for dn in [actor, *groups])
    return Reader(actor, world.directory.is_administrator(actor), names)


def _number(folded: str) -> ScalarSelect[int]:
    return select(name.c.id).where(name.c.folded == folded).scalar_subquery()


def _own(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a process of which each makes it a reader's own."""
    me = _number(who.names[0])
    return [process.c.initiator == me, process.c.recipient == me]


def _involved(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a work item of which each lets a reader see its process: he has or had it, or acted on it."""
    acted = and_(work_item.c.actor == _number(who.names[0]), work_item.c.actor != work_item.c.addressee)
    return [*(work_item.c.addressee == _number(folded) for folded in who.names), acted]


def _had(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a former addressee of which each lets a reader see the process."""
    return [former_addressee.c.addressee == _number(folded) for folded in who.names]


def visible_processes(who: Reader) -> ColumnElement[bool]:
    """Initiator, recipient, and whoever has or had an item."""
    if who.everything:
        return true()
    items = select(work_item.c.number).where(work_item.c.process_id == process.c.id, or_(*_involved(who)))
    had = select(former_addressee.c.addressee).where(former_addressee.c.process_id == process.c.id, or_(*_had(who)))
    return or_(*_own(who), items.exists(), had.exists())


def visible_items(who: Reader) -> ColumnElement[bool]:
    """Items addressed to somebody, himself or through a group unless another of it has claimed them, or done by him."""
    if who.everything:
        return true()
    me = _number(who.names[0])
    unclaimed = or_(work_item.c.status != WorkItemStatus.CLAIMED.value, work_item.c.owner == me)
    mine = [work_item.c.addressee == me, and_(work_item.c.actor == me, work_item.c.actor != work_item.c.addressee)]
    if len(who.names) > 1:
        groups = select(name.c.id).where(name.c.folded.in_(who.names[1:]))
        mine.append(and_(work_item.c.addressee.in_(groups), unclaimed))
    return or_(*mine)


# -- processes -----------------------------------------------------------------------------------


def find_process(tx: Connection, world: World, process_id: str, who: Reader) -> FoundProcess | None:
    """One process that the reader may see."""
    found = _processes(tx, world, select(process).where(process.c.id == process_id, visible_processes(who)))
    return found[0] if found else None


_AS_STORED: dict[str, TypeEngine[Any]] = {"id": LargeBinary(), "created_at": BigInteger(), "completed_at": BigInteger()}
_LISTED = [
    type_coerce(process.c[column], _AS_STORED[column]).label(column) if column in _AS_STORED else process.c[column]
    for column in ProcessRow._fields
]


_AFTER = "after"
_MOST_LISTINGS = 500
_NAMES = itemgetter(*(ProcessRow._fields.index(each) for each in ("initiator", "recipient", "proxy", "engine_id")))


def list_processes(tx: Connection, world: World, wanted: Node | None, who: Reader, page: Page) -> ProcessListing:
    """A page in order of creation as bare rows: no data items, and nothing converted that may not be looked at."""
    rows: Sequence[Any] = _listing(tx, world, wanted, who, page).run(tx, page)
    names = Names(world.names)
    names.fetch(tx, chain.from_iterable(map(_NAMES, rows)))
    names.committed()
    return ProcessListing(rows, names.dn, {row: world.definition(tx, row) for row in {row[1] for row in rows}})


class _Listing:
    """The statement of a listing, compiled; only where a page begins changes from page to page."""

    def __init__(self, query: Select[Any], dialect: Dialect) -> None:
        compiled: Any = query.compile(dialect=dialect)
        state = compiled.construct_expanded_state()
        convert = {
            name: stored_form(bind.type, dialect)
            for parameter, bind in compiled.binds.items()
            for name in state.parameter_expansion.get(parameter, [parameter])
        }
        self._sql: str = state.statement
        self._values = [(name, _stored(state.parameters[name], convert[name])) for name in state.positiontup]

    def run(self, tx: Connection, page: Page) -> Sequence[Any]:
        after = None if page.after is None else HexId.stored(page.after[0])
        values = tuple(after if name == _AFTER else value for name, value in self._values)
        return tx.exec_driver_sql(self._sql, values).all()


def _stored(value: Any, convert: Convert | None) -> Any:
    return value if convert is None else convert(value)


def _listing(tx: Connection, world: World, wanted: Node | None, who: Reader, page: Page) -> _Listing:
    """What is asked again and again, page after page, is put together once; half of the time of a page goes there."""
    kept, key = world.catalog.listings, (wanted, who, page.limit, page.newest_first, page.after is None)
    found = kept.get(key)
    if found is None:
        if len(kept) >= _MOST_LISTINGS:
            kept.clear()
        found = kept[key] = _Listing(_page_query(_LISTED, world, wanted, who, page), tx.dialect)
    return found


def page_of_processes(tx: Connection, world: World, wanted: Node | None, who: Reader, page: Page) -> list[FoundProcess]:
    """A page in order of creation; its last one's id is where the next page begins."""
    return _processes(tx, world, _page_query([process], world, wanted, who, page))


def _page_query(columns: Sequence[Any], world: World, wanted: Node | None, who: Reader, page: Page) -> Select[Any]:
    """The rows of one page; what a reader sees by one right is cut to a page before it meets what he sees by others."""
    condition = _filter(wanted, who, PROCESS_COLUMNS, world)
    if who.everything:
        return _cut(select(*columns).where(condition), process.c.id, page)
    parts = [_cut(select(process.c.id).where(right, condition), process.c.id, page) for right in _own(who)]
    for table, rights in ((work_item, _involved(who)), (former_addressee, _had(who))):
        key = table.c.process_id
        shared = select(key.label("id")).distinct().join(process, process.c.id == key).where(condition)
        parts += [_cut(shared.where(right), key, page) for right in rights]
    ids = union(*(select(part.subquery().c.id) for part in parts)).subquery()
    return _cut(select(*columns).where(process.c.id.in_(select(ids.c.id))), process.c.id, page)


def _cut(query: Select[Any], key: ColumnElement[Any], page: Page) -> Select[Any]:
    """The first rows of a query after the page before, in order of a process id."""
    if page.after is not None:
        after = bindparam(_AFTER, page.after[0], HexId())
        query = query.where(key < after if page.newest_first else key > after)
    return query.order_by(key.desc() if page.newest_first else key).limit(page.limit)


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
    query = _items_query().where(_filter(wanted, who, WORK_ITEM_COLUMNS, world), visible_items(who))
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


def cursor_of(found: FoundProcess | FoundWorkItem) -> tuple[Any, ...]:
    """Where a page that ends with this row ends."""
    if isinstance(found, FoundProcess):
        return (found.process.id,)
    item = found.item
    return (item.created_at, item.process_id, item.number)


def _filter(wanted: Node | None, who: Reader, columns: Any, world: World) -> ColumnElement[bool]:
    if wanted is not None:
        wanted = resolve_me(_with_groups(wanted, who), who.dn or "")
    return compile_filter(wanted, columns, world.catalog)


def _with_groups(node: Node, who: Reader) -> Node:
    """`Addressee=self` asks for what waits for me, so it takes in the groups that I act for."""
    match node:
        case Comparison(asked, Operator.EQ, value) if value is ME and asked.name == "Addressee" and who.names:
            return In(asked, who.names)
        case Comparison(asked, Operator.NE, value) if value is ME and asked.name == "Addressee" and who.names:
            return Not(In(asked, who.names))
        case In(asked, values) if ME in values and asked.name == "Addressee" and who.names:
            return In(asked, (*(value for value in values if value is not ME), *who.names))
        case Not(part):
            return Not(_with_groups(part, who))
        case AndNode(parts):
            return all_of(_with_groups(part, who) for part in parts)
        case OrNode(parts):
            return any_of(_with_groups(part, who) for part in parts)
        case _:
            return node
