"""Charts as values: what a script draws, what a table says, and which query is behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart; `tone` is a colour of the console by name."""

    title: str
    values: Sequence[float | None]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Values over time with a title, what is counted, and the text of the query that they come from."""

    title: str
    unit: str
    times: Sequence[datetime]
    series: Sequence[Series]
    query: str

    @property
    def data(self) -> dict[str, Any]:
        """As the script takes it: seconds since 1970, and a list of values for each series."""
        return {
            "times": [round(each.timestamp()) for each in self.times],
            "series": [{"title": each.title, "tone": each.tone, "values": list(each.values)} for each in self.series],
        }

    @property
    def is_empty(self) -> bool:
        return not any(value for each in self.series for value in each.values)
