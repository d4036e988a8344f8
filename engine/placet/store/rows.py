"""The rows of any resource that somebody asks for and may see, before it is said what of them and in which order.

    rows = rows_of(tx, world, query.where, who, EVENTS)
    tx.execute(rows.select(func.count())).scalar()
    kind = rows.column(path)  # as it is stored; `plain` makes of its values what people read
    tx.execute(rows.select(kind, func.count()).group_by(kind).order_by(func.count().desc()).limit(50))

Rights are in the condition, and so is a join with the process where anything that is selected is of it. Definitions are
held in memory and no rows: see `definition_rows`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select, true

from placet.query.ast import And, In, Node, Not, Or, Related
from placet.query.fields import FieldType, Resource
from placet.query.query import Path
from placet.store.database.json_values import member
from placet.store.definitions import Catalog
from placet.store.documents import name_of
from placet.store.fields import (
    EVENT_COLUMNS,
    INCIDENT_COLUMNS,
    PROCESS_COLUMNS,
    USER_COLUMNS,
    WORK_ITEM_COLUMNS,
    Columns,
    Form,
    Stored,
)
from placet.store.page import asks_of_process, condition_of, visible_ids
from placet.store.tables import process
from placet.store.visible import Reader, visible_items, visible_processes
from placet.store.words import is_listed
from placet.store.world import World

STORED: Mapping[str, Columns] = {
    each.resource.name: each
    for each in (PROCESS_COLUMNS, WORK_ITEM_COLUMNS, EVENT_COLUMNS, INCIDENT_COLUMNS, USER_COLUMNS)
}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of one resource that fulfil a condition and that a reader may see."""

    columns: Columns
    condition: ColumnElement[bool]
    right: ColumnElement[bool]
    catalog: Catalog

    def select(self, *what: ColumnElement[Any], links: Iterable[ColumnElement[bool]] = ()) -> Select[Any]:
        """The rows as a SELECT of these columns; whatever it is ordered or grouped by should be among them.

        `links` are the conditions by which other tables will be joined.
        """
        query = select(*what).select_from(self.columns.rows).where(self.condition, self.right)
        if self.columns.process is None or self.columns.process is self.columns.rows:
            return query
        rights = (self.right,) if self.columns is WORK_ITEM_COLUMNS else ()  # the others' ask by the id
        if any(map(asks_of_process, (self.condition, *rights, *what, *links))):
            query = query.join(self.columns.process, self.columns.process.c.id == self.columns.process_id)
        return query

    def stored(self, path: Path) -> Stored:
        """What stands behind a field of the rows, or of the processes that they belong to."""
        columns = self.columns if path.through is None else PROCESS_COLUMNS
        if path.field.type is FieldType.DATA:
            assert columns.document is not None, f"{columns.resource.name} have no data items"
            return Stored(Form.DATA, member(columns.document, name_of(path.field)), nullable=True)
        return columns.fields[path.field.name]

    def column(self, path: Path) -> ColumnElement[Any]:
        """A field as it is stored: the number of a name, the row of a definition's version, milliseconds, JSON."""
        return self.stored(path).column


def rows_of(
    tx: Connection, world: World, where: Node | None, who: Reader, resource: Resource, *, one_by_one: bool = False
) -> Rows:
    """The rows of a resource for which a tree holds and that a reader may see; relative times must be resolved.

    `one_by_one` is for who looks at few of them, by keys that he has: nothing is read beforehand that helps with many.
    """
    world.look_for_definitions(tx)
    if where is not None and asks_for_data(where):
        world.catalog.look_for_indexed(tx)
    columns = STORED[resource.name]
    condition = condition_of(where, who, columns, world, one_by_one=one_by_one)
    return Rows(columns, condition, _right(who, columns, one_by_one), world.catalog)


def _right(who: Reader, columns: Columns, one_by_one: bool) -> ColumnElement[bool]:
    if columns is USER_COLUMNS:
        return is_listed()
    if who.everything:
        return true()
    if columns is WORK_ITEM_COLUMNS:
        return visible_items(who)
    if not one_by_one:
        return columns.process_id.in_(visible_ids(who))
    if columns is PROCESS_COLUMNS:
        return visible_processes(who)
    seen = select(process.c.id).where(process.c.id == columns.process_id, visible_processes(who))
    return exists(seen.correlate(columns.rows))


def asks_for_data(node: Node) -> bool:
    """Whether a tree asks about a data item, of the row itself or of a related one."""
    match node:
        case Related(_, part) | Not(part):
            return asks_for_data(part)
        case And(parts) | Or(parts):
            return any(map(asks_for_data, parts))
        case _:
            return node.field.type is FieldType.DATA


def relations_in(node: Node) -> frozenset[str]:
    """The names of all relations that a tree asks about, at any depth."""
    match node:
        case Related(relation, part):
            return relations_in(part) | {relation.name}
        case Not(part):
            return relations_in(part)
        case And(parts) | Or(parts):
            return frozenset().union(*map(relations_in, parts))
        case _:
            return frozenset()


def values_in(node: Node) -> int:
    """How many values a tree compares with."""
    match node:
        case Related(_, part) | Not(part):
            return values_in(part)
        case And(parts) | Or(parts):
            return sum(map(values_in, parts))
        case In(_, values):
            return len(values)
        case _:
            return 1
