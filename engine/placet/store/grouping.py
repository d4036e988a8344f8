"""Groups of rows: how many each has, and how long half of those that have ended took at most.

All groups are made, put in order and cut in memory: what they are ordered by are names, and counts that are known last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, func, literal_column, select, type_coerce

from placet.errors import InvalidInput
from placet.query.fields import DEFINITIONS
from placet.query.query import Group, Table
from placet.store.alike import as_one
from placet.store.asked import Asked
from placet.store.buckets import bucket_of
from placet.store.cursors import read_place, write_cursor
from placet.store.definition_rows import definitions_that_hold
from placet.store.fields import Stored
from placet.store.medians import ranked
from placet.store.plain import columns_of, plain
from placet.store.rows import Rows, rows_of
from placet.store.visible import Reader
from placet.store.world import World

MOST_GROUPS = 10_000
FIGURES = ("count", "median")

#: From when to when the rows of a resource last.
_SPANS: Mapping[str, tuple[str, str]] = {
    "processes": ("CreationTime", "CompletionTime"),
    "work items": ("CreationTime", "CompletionTime"),
    "incidents": ("OpenTime", "ResolutionTime"),
}


def page_of_groups(tx: Connection, world: World, asked: Asked, who: Reader) -> Table:
    """One page; the columns are those that rows are grouped by, `count`, and `median` in seconds.

    Raises `InvalidInput` where there are too many groups, and for a cursor that is not this query's.
    """
    names = tuple(name_of(group) for group in asked.query.group)
    found = _of_definitions(tx, world, asked) if asked.resource is DEFINITIONS else _of_rows(tx, world, asked, who)
    if len(found) > MOST_GROUPS:
        raise InvalidInput(
            f"There are more than {MOST_GROUPS:,} groups by {', '.join(names)}; group by fewer fields or longer times, "
            "or ask for fewer rows."
        )
    for place, descending in reversed(_order(asked)):
        found.sort(key=lambda row: _comparable(row[place]), reverse=descending)  # those that are level stay as they are
    begin = 0 if asked.query.cursor is None else read_place(asked, asked.query.cursor)
    end = len(found) if asked.limit is None else begin + asked.limit
    cursor = write_cursor(asked, [end]) if end < len(found) else None
    return Table((*names, *FIGURES), found[begin:end], cursor)


def name_of(group: Group) -> str:
    """The column of a group: `Definition`, `day(CreationTime)`."""
    return group.path.name if group.bucket is None else f"{group.bucket}({group.path.name})"


def select_of_groups(tx: Connection, world: World, asked: Asked, who: Reader) -> Select[Any]:
    """The statement that gives all groups; of definitions there is none."""
    return _select(rows_of(tx, world, asked.where, who, asked.resource), asked.query.group)


def _of_rows(tx: Connection, world: World, asked: Asked, who: Reader) -> list[tuple[Any, ...]]:
    rows = rows_of(tx, world, asked.where, who, asked.resource)
    stored = [_stored(rows, group) for group in asked.query.group]
    found = tx.execute(_select(rows, asked.query.group).limit(MOST_GROUPS + 1)).all()
    columns: list[Sequence[Any]] = []
    at = 0
    for group, each in zip(asked.query.group, stored, strict=True):
        width = len(columns_of(each))
        values = [tuple(row[at : at + width]) if width > 1 else row[at] for row in found]
        columns.append(plain(tx, world, group.path.field, each, values))
        at += width
    columns.append([row[-2] for row in found])
    columns.append([None if row[-1] is None else float(row[-1]) / 1000 for row in found])
    return list(zip(*columns, strict=True))


def _select(rows: Rows, groups: Sequence[Group]) -> Select[Any]:
    keys = [column for group in groups for column in columns_of(_stored(rows, group))]
    took = _took(rows)
    if took is None:
        return rows.select(*keys, func.count(), literal_column("NULL")).group_by(*keys)
    ranks, place = ranked(took, keys)
    labels = [key.label(f"key{at}") for at, key in enumerate(keys)]
    inner = rows.select(*labels, *ranks).subquery()
    outer = [inner.c[label.name] for label in labels]
    return select(*outer, func.count(), place.median(inner)).group_by(*outer)


def _stored(rows: Rows, group: Group) -> Stored:
    stored = as_one(rows.stored(group.path), rows.catalog)
    if group.bucket is None:
        return stored
    return Stored(stored.form, bucket_of(stored.column, group.bucket), nullable=stored.nullable)


def _took(rows: Rows) -> ColumnElement[int] | None:
    span = _SPANS.get(rows.columns.resource.name)
    if span is None:
        return None
    begin, end = (type_coerce(rows.columns.fields[name].column, BigInteger) for name in span)
    return end - begin


def _of_definitions(tx: Connection, world: World, asked: Asked) -> list[tuple[Any, ...]]:
    counted: dict[tuple[Any, ...], int] = {}
    for facts in definitions_that_hold(tx, world, asked.where):
        key = tuple(facts[group.path.field.name] for group in asked.query.group)
        counted[key] = counted.get(key, 0) + 1
    return [(*key, count, None) for key, count in counted.items()]


# -- their order -----------------------------------------------------------------------------------


def _order(asked: Asked) -> list[tuple[int, bool]]:
    """The columns that groups are ordered by, each with whether it descends.

    Where the query does not say, times come in their order, and of other groups those with most rows first.
    """
    groups = asked.query.group
    columns = [group.path.name for group in groups] + [*FIGURES]
    if asked.query.sort:
        return [(columns.index(key.path.name), key.descending) for key in asked.query.sort]
    keys = [(place, False) for place in range(len(groups))]
    return keys if any(group.bucket for group in groups) else [(len(groups), True), *keys]


def _comparable(value: Any) -> tuple[Any, ...]:
    """What a value is ordered by; where there is none it comes last, or first where the order descends."""
    match value:
        case None:
            return (1,)
        case str():
            return 0, "text", value.casefold(), value
        case bool() | datetime():
            return 0, type(value).__name__, value
        case int() | float():
            return 0, "number", value
        case _:
            return 0, "other", str(value)
