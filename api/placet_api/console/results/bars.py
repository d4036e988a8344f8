"""Groups as bars: how many each has, in proportion to the largest, and the query that finds its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from placet.query.ast import Comparison, Node, Operator, Related, all_of
from placet.query.fields import FieldType
from placet.query.query import Group, Table
from placet_api.console.page import Page
from placet_api.console.results.asked import Asked, equal_to, query_url
from placet_api.console.times import bucket_text

_STEPS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_MOST_UPRIGHT = 90  # bars that stand side by side


@dataclass(frozen=True, slots=True)
class Bar:
    """One group: its name, how many rows it has, that in hundredths of the largest, and where its rows are."""

    label: str
    count: int
    share: float
    address: str


@dataclass(frozen=True, slots=True)
class Bars:
    """All groups; `upright` ones are of one time bucket, in its order."""

    bars: list[Bar]
    upright: bool
    most: int


def bars_of(page: Page, asked: Asked, table: Table) -> Bars:
    """The groups of a result, in its order; those of a time from left to right."""
    groups, rows = asked.query.group, list(table.rows)
    most = max((row[-2] for row in rows), default=0) or 1
    upright = len(groups) == 1 and groups[0].bucket is not None and len(rows) <= _MOST_UPRIGHT
    if upright:
        rows.sort(key=lambda row: (row[0] is not None, row[0]))
    addresses = group_addresses(page, asked, rows)
    bars = [
        Bar(_label(page, groups, row), row[-2], round(100 * row[-2] / most, 2), address)
        for row, address in zip(rows, addresses, strict=True)
    ]
    return Bars(bars, upright, most)


def group_addresses(page: Page, asked: Asked, rows: Iterable[Sequence[Any]]) -> list[str]:
    """For each group where its rows are."""
    return [query_url(page, asked.of, asked.where(rows_of(asked.query.group, row))) for row in rows]


def _label(page: Page, groups: Sequence[Group], row: Sequence[Any]) -> str:
    return ", ".join(_name(page, group, value) for group, value in zip(groups, row, strict=False))


def _name(page: Page, group: Group, value: Any) -> str:
    if value is None:
        return "none"
    if group.bucket is not None:
        return bucket_text(value, group.bucket)
    return page.name(value) if group.path.field.type is FieldType.DN else str(value)


def rows_of(groups: Sequence[Group], row: Sequence[Any]) -> Node:
    """The condition that holds for the rows of one group, by its values."""
    return all_of(_of_group(group, value) for group, value in zip(groups, row, strict=False))


def _of_group(group: Group, value: Any) -> Node:
    node, through = _equal(group, value), group.path.through
    return node if through is None else Related(through, node)


def _equal(group: Group, value: Any) -> Node:
    field = group.path.field
    if group.bucket is None or value is None:
        return equal_to(field, field.codes.get(value, value))
    begins = Comparison(field, Operator.GE, value)
    try:
        end = _end(value, group.bucket)
    except (OverflowError, ValueError):  # the last one that there is a time for
        return begins
    return all_of([begins, Comparison(field, Operator.LT, end)])


def _end(begin: datetime, bucket: str) -> datetime:
    if bucket in _STEPS:
        return begin + _STEPS[bucket]
    years, month = divmod(begin.month, 12) if bucket == "month" else (1, begin.month - 1)
    return begin.replace(year=begin.year + years, month=month + 1)
