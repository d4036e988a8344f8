"""Medians and their like by window functions, which both databases have; SQLite has no aggregate for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Label, case, func, literal_column, nulls_last

from placet.store.database.either import unordered


@dataclass(frozen=True, slots=True)
class Ranked:
    """What stands for a value in an inner query, so that the outer one can take what lies in the middle of a group."""

    value: str
    nth: str
    many: str

    def within(self, rows: FromClause, share: float) -> ColumnElement[Any]:
        """The aggregate that gives the least value which that share of a group's values does not exceed."""
        c = rows.c
        return func.min(case((c[self.nth] >= c[self.many] * literal_column(str(share)), c[self.value])))

    def median(self, rows: FromClause) -> ColumnElement[Any]:
        """The aggregate that gives the middle value of a group, or what lies between the two in the middle."""
        c, two = rows.c, literal_column("2", Integer)
        twice = c[self.nth] * two
        middle = (twice >= c[self.many]) & (twice <= c[self.many] + two)
        return func.avg(case((middle, c[self.value])))


def ranked(value: ColumnElement[Any], groups: Sequence[ColumnElement[Any]]) -> tuple[list[Label[Any]], Ranked]:
    """The columns of the inner query; rows without a value are counted nowhere."""
    names, groups = Ranked("took", "nth", "many"), [unordered(group) for group in groups]
    nth = func.row_number().over(partition_by=groups, order_by=nulls_last(value))
    many = func.count(value).over(partition_by=groups)
    return [value.label(names.value), nth.label(names.nth), many.label(names.many)], names
