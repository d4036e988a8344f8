"""A page of a result: by key, flat at any depth, of what a filter wants and a reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Dialect,
    Label,
    Select,
    bindparam,
    literal_column,
    select,
    true,
    union,
)
from sqlalchemy.sql.visitors import iterate

from placet.query.ast import ME, Comparison, In, Node, Not, Operator, Related, all_of, any_of, resolve_me
from placet.query.ast import And as AndNode
from placet.query.ast import Or as OrNode
from placet.query.fields import WORK_ITEMS, Field
from placet.store.compiler import compile_filter
from placet.store.fields import PROCESS_COLUMNS, Columns
from placet.store.tables import former_addressee, process, work_item
from placet.store.types import HexId
from placet.store.visible import Reader, had_of, involved_of, own_of
from placet.store.world import World

AFTER = "after"  # the parameter that says where the page before ended


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a result is wanted; `after` is where the page before ended."""

    limit: int
    after: tuple[Any, ...] | None = None
    newest_first: bool = True


def page_query(
    columns: Sequence[Any], world: World, wanted: Node | None, who: Reader, page: Page, dialect: Dialect
) -> Select[Any]:
    """The rows of one page; of what a reader sees by each of his rights no more is looked at than a page needs."""
    if who.everything:
        condition = condition_of(wanted, who, PROCESS_COLUMNS, world)
        return _cut(select(*columns).where(condition), process.c.id, page)
    ids = page_of_ids(world, wanted, who, page, dialect).subquery()
    return _cut(select(*columns).where(process.c.id.in_(select(ids.c.id))), process.c.id, page)


def page_of_ids(world: World, wanted: Node | None, who: Reader, page: Page, dialect: Dialect) -> CompoundSelect[Any]:
    """Where the page of somebody who does not see everything is found; on SQLite exactly its ids, in their order."""
    condition = None if wanted is None else condition_of(wanted, who, PROCESS_COLUMNS, world)
    parts = _parts(who, condition)
    return (_merged if dialect.name == "sqlite" else _united)(parts, page)


def visible_ids(who: Reader) -> Select[Any]:
    """The ids of all processes that somebody sees who does not see everything; read once, not for each row."""
    ids = union(*_parts(who, None)).subquery()
    return select(ids.c.id)


def _parts(who: Reader, condition: ColumnElement[bool] | None) -> list[Select[Any]]:
    """A query of ids for each right of a reader, of those processes that a condition holds for."""
    parts = [select(process.c.id.label("id")).where(right) for right in own_of(who)]
    if condition is not None:
        parts = [part.where(condition) for part in parts]
    for table, rights in ((work_item, involved_of(who)), (former_addressee, had_of(who))):
        key = table.c.process_id
        for right in rights:
            part = select(key.label("id")).where(right)
            if condition is not None or asks_of_process(right):
                part = part.join(process, process.c.id == key).where(true() if condition is None else condition)
            parts.append(part)
    return parts


def asks_of_process(expression: ColumnElement[Any]) -> bool:
    """Whether an expression needs the row of a process."""
    return any(isinstance(each, Column) and each.table is process for each in iterate(expression))


def _merged(parts: Sequence[Select[Any]], page: Page) -> CompoundSelect[Any]:
    """The first ids of all parts; SQLite reads parts that have one order side by side, each as far as it has to."""
    ids = union(*(_behind(part, part.selected_columns.id, page) for part in parts))
    order: ColumnElement[Any] = literal_column("id")
    return ids.order_by(order.desc() if page.newest_first else order).limit(page.limit)


def _united(parts: Sequence[Select[Any]], page: Page) -> CompoundSelect[Any]:
    """The first ids of each part; PostgreSQL would read a part without a limit to its end."""
    cut = (_cut(part.distinct(), part.selected_columns.id, page).subquery() for part in parts)
    return union(*(select(part.c.id) for part in cut))


def _cut(query: Select[Any], key: ColumnElement[Any], page: Page) -> Select[Any]:
    """The first rows of a query after the page before, in order of a process id."""
    return _behind(query, key, page).order_by(key.desc() if page.newest_first else key).limit(page.limit)


def _behind(query: Select[Any], key: ColumnElement[Any], page: Page) -> Select[Any]:
    if page.after is None:
        return query
    after = bindparam(AFTER, page.after[0], HexId())
    key = key.element if isinstance(key, Label) else key
    return query.where(key < after if page.newest_first else key > after)


def condition_of(
    wanted: Node | None, who: Reader, columns: Columns, world: World, *, one_by_one: bool = False
) -> ColumnElement[bool]:
    """What somebody asks of a row; relative times must have been resolved, and `ME` stands for him and his groups."""
    if wanted is not None:
        wanted = resolve_me(_with_groups(wanted, who), who.dn or "")
    return compile_filter(wanted, columns, world.catalog, one_by_one=one_by_one)


def _with_groups(node: Node, who: Reader) -> Node:
    """`Addressee=self` asks for what waits for me, so it takes in the groups and the absent that I act for."""
    match node:
        case Comparison(asked, Operator.EQ, value) if value is ME and asked.name == "Addressee" and who.names:
            return _waits_for(asked, who)
        case Comparison(asked, Operator.NE, value) if value is ME and asked.name == "Addressee" and who.names:
            return Not(_waits_for(asked, who))
        case In(asked, values) if ME in values and asked.name == "Addressee" and who.names:
            return any_of([In(asked, tuple(value for value in values if value is not ME)), _waits_for(asked, who)])
        case Related(relation, part):
            return Related(relation, _with_groups(part, who))
        case Not(part):
            return Not(_with_groups(part, who))
        case AndNode(parts):
            return all_of(_with_groups(part, who) for part in parts)
        case OrNode(parts):
            return any_of(_with_groups(part, who) for part in parts)
        case _:
            return node


def _waits_for(addressee: Field, who: Reader) -> Node:
    absent = tuple(each.folded for each in who.absent if each.definitions is None)
    parts: list[Node] = [In(addressee, (*who.names, *absent))]
    for each in who.absent:
        if each.definitions is not None:
            scope = In(WORK_ITEMS.field("Definition"), each.definitions)
            parts.append(all_of([Comparison(addressee, Operator.EQ, each.folded), scope]))
    return any_of(parts)
