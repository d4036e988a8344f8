"""Charts as values: bars side by side that a template draws, each with the query behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NICE = (1, 2, 3, 4, 6, 8, 10)  # times a power of ten


@dataclass(frozen=True, slots=True)
class Series:
    """What bars of one colour count; `tone` is that of a status where it means one, else of its place."""

    title: str
    tone: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its value in words, that in hundredths of the chart's height, and where the rows behind it are.

    The height is None where there is nothing to be measured.
    """

    text: str
    share: float | None
    address: str


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands side by side over one label of the axis; a bar for each series."""

    label: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over time: `top` and `half` are what the axis says at its end and in its middle."""

    title: str
    unit: str
    series: Sequence[Series]
    slots: Sequence[Slot]
    top: str
    half: str
    address: str

    @property
    def is_empty(self) -> bool:
        return not any(bar.share for slot in self.slots for bar in slot.bars)

    @property
    def middle(self) -> str:
        """The label in the middle of the axis; none where few stand beside it."""
        return self.slots[len(self.slots) // 2].label if len(self.slots) > 4 else ""


def top_of(values: Iterable[float | None]) -> float:
    """A round number that no value is above."""
    most = max((value for value in values if value), default=1.0)
    size = 1.0
    while size * 10 <= most:
        size *= 10
    while size > most:
        size /= 10
    return next(step * size for step in _NICE if step * size >= most)


def share_of(value: float | None, top: float) -> float | None:
    """How high a bar is, in hundredths."""
    return None if value is None else round(100 * value / top, 2)


def axis_text(value: float) -> str:
    """A number of the axis, without digits that say nothing."""
    return f"{value:,.10g}" if value < 1 else f"{value:,.1f}".removesuffix(".0")
