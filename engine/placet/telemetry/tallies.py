"""What is counted while it happens: a few additions each, because that is paid with every command and request.

The client library keeps a lock for each of its values; here one thread counts, so that none is needed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

#: How many combinations of labels one figure has at most; what comes later is counted under `OTHER`.
MOST_SERIES = 500
OTHER = "other"

Labels = tuple[str, ...]


class Tally:
    """How often something has happened, by labels."""

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self.name, self.about, self.labels = name, about, labels
        self.values: dict[Labels, float] = {} if labels else {(): 0}

    def add(self, labels: Labels = (), by: float = 1) -> None:
        values = self.values
        if labels not in values:
            labels = _bounded(labels, len(values))
            values.setdefault(labels, 0)
        values[labels] += by


class Series:
    """The values of one combination of labels: how many fell into each bucket, and their sum."""

    __slots__ = ("counts", "total")

    def __init__(self, buckets: int) -> None:
        self.counts, self.total = [0] * buckets, 0.0


class Spread:
    """How values are spread, by labels; `bounds` are the upper ends of the buckets but for the last one."""

    def __init__(self, name: str, about: str, bounds: Sequence[float], *labels: str) -> None:
        self.name, self.about, self.bounds, self.labels = name, about, bounds, labels
        self.series: dict[Labels, Series] = {} if labels else {(): Series(len(bounds) + 1)}

    def add(self, value: float, labels: Labels = ()) -> None:
        series = self.series.get(labels)
        if series is None:
            labels = _bounded(labels, len(self.series))
            series = self.series.setdefault(labels, Series(len(self.bounds) + 1))
        series.counts[bisect_left(self.bounds, value)] += 1
        series.total += value


def _bounded(labels: Labels, known: int) -> Labels:
    return labels if known < MOST_SERIES else (OTHER,) * len(labels)
