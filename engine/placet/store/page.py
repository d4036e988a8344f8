"""A page of a result: by key, flat at any depth, of what a filter wants and a reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, union

from placet.query.ast import ME, Comparison, In, Node, Not, Operator, all_of, any_of, resolve_me
from placet.query.ast import And as AndNode
from placet.query.ast import Or as OrNode
from placet.store.compiler import compile_filter
from placet.store.fields import PROCESS_COLUMNS
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


def page_query(columns: Sequence[Any], world: World, wanted: Node | None, who: Reader, page: Page) -> Select[Any]:
    """The rows of one page; what a reader sees by one right is cut to a page before it meets what he sees by others."""
    condition = condition_of(wanted, who, PROCESS_COLUMNS, world)
    if who.everything:
        return _cut(select(*columns).where(condition), process.c.id, page)
    parts = [_cut(select(process.c.id).where(right, condition), process.c.id, page) for right in own_of(who)]
    for table, rights in ((work_item, involved_of(who)), (former_addressee, had_of(who))):
        key = table.c.process_id
        shared = select(key.label("id")).distinct().join(process, process.c.id == key).where(condition)
        parts += [_cut(shared.where(right), key, page) for right in rights]
    ids = union(*(select(part.subquery().c.id) for part in parts)).subquery()
    return _cut(select(*columns).where(process.c.id.in_(select(ids.c.id))), process.c.id, page)


def _cut(query: Select[Any], key: ColumnElement[Any], page: Page) -> Select[Any]:
    """The first rows of a query after the page before, in order of a process id."""
    if page.after is not None:
        after = bindparam(AFTER, page.after[0], HexId())
        query = query.where(key < after if page.newest_first else key > after)
    return query.order_by(key.desc() if page.newest_first else key).limit(page.limit)


def condition_of(wanted: Node | None, who: Reader, columns: Any, world: World) -> ColumnElement[bool]:
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
