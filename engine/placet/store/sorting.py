"""Orders of rows, and the place in one where a page begins.

What has no value comes last in an ascending order and first in a descending one, on both databases. Whether the first
key has a value decides in which of two parts of the result a row is: each part is read by a statement of its own, which
an index of the rows that have a value can serve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, false, literal, or_, tuple_


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """What rows are ordered by; `beside` is a table that it stands in, and which row of it belongs to which of ours."""

    column: ColumnElement[Any]
    descending: bool
    nullable: bool = False
    beside: tuple[FromClause, ColumnElement[bool]] | None = None

    @property
    def order(self) -> ColumnElement[Any]:
        """As it stands in ORDER BY; where there always is a value an index is found without more words."""
        column = self.column.desc() if self.descending else self.column.asc()
        if not self.nullable:
            return column
        return column.nulls_first() if self.descending else column.nulls_last()

    def at(self, value: Any) -> ColumnElement[bool]:
        """That a row has a value."""
        return self.column.is_(None) if value is None else self.column == self.bound(value)

    def behind(self, value: Any) -> ColumnElement[bool]:
        """That a row comes later than a value."""
        if value is None:
            return self.column.is_not(None) if self.descending else false()
        if self.descending:
            return self.column < self.bound(value)
        later = self.column > self.bound(value)
        return or_(later, self.column.is_(None)) if self.nullable else later

    def bound(self, value: Any) -> ColumnElement[Any]:
        return literal(value, self.column.type)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a result: what makes a row one of it, and by what it is ordered within it."""

    condition: ColumnElement[bool] | None
    keys: Sequence[Key]

    def behind(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """That a row comes later than the one with these values of all keys of the order."""
        keys, values = self.keys, values[len(values) - len(self.keys) :]
        if not any(key.nullable for key in keys) and len({key.descending for key in keys}) == 1:
            row = tuple_(*(key.column for key in keys))
            here = tuple_(*(key.bound(value) for key, value in zip(keys, values, strict=True)))
            return row < here if keys[0].descending else row > here
        return or_(*_steps(keys, values))


def _steps(keys: Sequence[Key], values: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
    """For each key what says that a row is level by all before it, and behind by this one."""
    level: list[ColumnElement[bool]] = []
    for key, value in zip(keys, values, strict=True):
        yield and_(*level, key.behind(value))
        level.append(key.at(value))


def joined(query: Select[Any], keys: Sequence[Key], part: Part) -> Select[Any]:
    """A query with the tables beside its own that its keys need, in the order of a part.

    Where a key always has a value a database may begin with that table, whose index then gives the order.
    """
    firm = {key.beside for key in part.keys if not key.nullable}
    for key in keys:
        if key.beside is not None:
            query = query.join(*key.beside, isouter=key.beside not in firm)
    return query.order_by(*(key.order for key in part.keys))


def parts_behind(keys: Sequence[Key], values: Sequence[Any] | None) -> list[tuple[Part, ColumnElement[bool] | None]]:
    """The parts, in order, in which rows come later than these values, each with what says so where not all do."""
    first = keys[0]
    parts = [Part(None, keys)]
    if first.nullable:
        without = Part(first.column.is_(None), keys[1:])
        having = Part(first.column.is_not(None), [replace(first, nullable=False), *keys[1:]])
        parts = [without, having] if first.descending else [having, without]
        if values is not None and (values[0] is None) is not first.descending:
            parts = parts[1:]
    return [(part, part.behind(values) if at == 0 and values is not None else None) for at, part in enumerate(parts)]
