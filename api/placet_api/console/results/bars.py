"""Groups as bars: how many each has, and the query that finds its rows; those of a time side by side, with its gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from placet.query.ast import Comparison, Node, Operator, Related, all_of
from placet.query.fields import FieldType
from placet.query.query import Group, Table
from placet_api.console.charts import Bar, Chart, Series, Slot, axis_text, share_of, top_of
from placet_api.console.page import Page
from placet_api.console.results.asked import Asked, equal_to, query_url
from placet_api.console.times import bucket_text

_STEPS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_MOST_UPRIGHT = 200  # bars that stand side by side


def bars_of(page: Page, asked: Asked, table: Table) -> tuple[Chart, bool]:
    """The groups of a result in its order, and whether they stand side by side: those of a time, from left to right."""
    groups, rows, upright = asked.query.group, list[Sequence[Any]](table.rows), False
    if len(groups) == 1 and groups[0].bucket is not None:
        every = with_gaps(rows, groups[0].bucket)
        upright = len(every) <= _MOST_UPRIGHT
        rows = every if upright else rows
    most = max((row[-2] for row in rows), default=0) or 1
    top = top_of([most]) if upright else most
    slots = [
        Slot(_label(page, groups, row), [Bar(f"{row[-2]:,}", share_of(row[-2], top), address)])
        for row, address in zip(rows, group_addresses(page, asked, rows), strict=True)
    ]
    half = axis_text(top / 2) if not top % 2 else ""
    return Chart("", "", [Series("", "first")], slots, axis_text(top), half, ""), upright


def with_gaps(rows: Sequence[Sequence[Any]], bucket: str) -> list[Sequence[Any]]:
    """Groups of a time bucket in its order, with those that have no rows between the first and the last."""
    nothing, timed = [row for row in rows if row[0] is None], {row[0]: row for row in rows if row[0] is not None}
    if not timed:
        return nothing
    every = [timed.get(begin, (begin, 0, None)) for begin in _chain(min(timed), max(timed), bucket)]
    if sum(row[0] in timed for row in every) < len(timed):  # hours that a change of the clock has moved
        every = [timed[begin] for begin in sorted(timed)]
    return [*nothing, *every]


def _chain(first: datetime, last: datetime, bucket: str) -> Iterator[datetime]:
    """The beginnings of buckets from one to another, and not many more than can be drawn."""
    for _ in range(_MOST_UPRIGHT + 1):
        yield first
        if first >= last:
            return
        first = _end(first, bucket)


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
