"""The columns of a table, and how wide each is on a terminal: which are left out, and which are cut short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; one without `least` is never cut short, so that an id can be copied whole."""

    title: str
    least: int = 0  # may be cut down to so many characters
    rank: int = 0  # 0 is always there; 1 goes where cutting is not enough, 2 before anything is cut
    wraps: bool = False
    right: bool = False


def fit(columns: Sequence[Column], natural: Sequence[int], room: int) -> dict[int, int]:
    """The columns that there is room for, each with its width; of one rank the last goes first."""
    least = [min(width, column.least or width) for column, width in zip(columns, natural, strict=True)]
    kept = list(range(len(columns)))
    for rank, widths in ((2, natural), (1, least)):
        for index in reversed(range(len(columns))):
            if columns[index].rank == rank and _total(widths, kept) > room:
                kept.remove(index)
    return _cut({index: natural[index] for index in kept}, least, room)


def _cut(widths: dict[int, int], least: Sequence[int], room: int) -> dict[int, int]:
    """Take what is too much from those that may be cut, from the last one first."""
    over = sum(widths.values()) + GAP * (len(widths) - 1) - room
    for index in reversed(widths):
        taken = max(0, min(over, widths[index] - least[index]))
        widths[index] -= taken
        over -= taken
    return widths


def _total(widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(widths[index] for index in kept) + GAP * (len(kept) - 1)
