"""A whole query: which rows, in which order, what of them, how many, or grouped by what; and what comes of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from placet.query.ast import Node
from placet.query.fields import Field, Relation

#: The buckets that a time is grouped by.
BUCKETS = ("minute", "hour", "day", "week", "month", "year")


@dataclass(frozen=True, slots=True)
class Path:
    """A field of the row itself, or of the one process that the row belongs to (`through`)."""

    field: Field
    through: Relation | None = None

    @property
    def name(self) -> str:
        return self.field.name if self.through is None else f"{self.through.name}.{self.field.name}"


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of an order. Of groups also `count` and `median` are keys, as fields of those names."""

    path: Path
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What rows are grouped by: a field, or a time by one of `BUCKETS` (in UTC)."""

    path: Path
    bucket: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it was read; what it does not say is None or empty, and every face has its own defaults."""

    where: Node | None = None
    group: tuple[Group, ...] = ()
    sort: tuple[Sort, ...] = ()
    fields: tuple[Path, ...] = ()
    limit: int | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """What came of a query: named columns and rows of plain values, the same length each.

    People are DNs, statuses and kinds their labels, times aware UTC, ids 32 hex digits, data items what they are;
    `cursor` begins the next page, None after the last. Of groups the last two columns are `count` and `median`
    (seconds from creation to completion of those that have ended, None where none has).
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a query has; where counting them all would take too long, about how many."""

    value: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """How often each value of a field occurs in the result, most often first; `exact` as in `Count`."""

    field: str
    values: Sequence[tuple[Any, int]]
    exact: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a query is run: its canonical text, its SQL, the indexes that serve it, and a warning where none does."""

    text: str
    sql: str
    indexes: tuple[str, ...]
    warning: str | None
    plan: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on at a place of a query: what is put instead of `start` to the cursor, and what it is."""

    start: int
    text: str
    kind: str  # field, relation, operator, keyword, value, person, definition
    hint: str = ""
