"""The charts of the overview: what was started and completed by the hour and by the day, and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from placet.overview import Bucket, Overview
from placet_api.console.charts import Bar, Chart, Series, Slot, axis_text, share_of, top_of
from placet_api.console.page import Page
from placet_api.console.times import bucket_text

_STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class _Measured:
    """One series: its value in a bucket, how that reads, and the condition by whose time its rows are found."""

    series: Series
    value: Callable[[Bucket], float | None]
    text: Callable[[float], str]
    time: str
    besides: str = ""


def _count(value: float) -> str:
    return f"{value:,}"


def _hours(value: float) -> str:
    return f"{axis_text(value)} h"


def _in_hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 2)


_STARTED = _Measured(Series("Started", "first"), lambda each: each.started, _count, "CreationTime")
_ENDED = _Measured(Series("Completed", "second"), lambda each: each.ended, _count, "CompletionTime")
_FAILED = _Measured(
    Series("In error", "bad"), lambda each: each.failed, _count, "CompletionTime", "ApprovalStatus = Error and "
)
_HALF = _Measured(
    Series("Half within", "first", "Half of what was completed took no longer from start to end"),
    lambda each: _in_hours(each.median), _hours, "CompletionTime",
)  # fmt: skip
_MOST = _Measured(
    Series("Nine in ten within", "second", "Nine in ten of what was completed took no longer from start to end"),
    lambda each: _in_hours(each.slow), _hours, "CompletionTime",
)  # fmt: skip


def charts_of(page: Page, overview: Overview) -> list[Chart]:
    """All charts, in their order; buckets are those of UTC."""
    hours, days = overview.hours, overview.days
    return [
        _chart(page, f"Last {len(hours)} hours", "processes an hour", "hour", hours, (_STARTED, _ENDED)),
        _chart(page, f"Last {len(days)} days", "processes a day", "day", days, (_STARTED, _ENDED, _FAILED)),
        _chart(page, "Time to decision", "hours from start to end, by day of completion", "day", days, (_HALF, _MOST)),
    ]


def _chart(
    page: Page, title: str, unit: str, bucket: str, buckets: Sequence[Bucket], measured: Sequence[_Measured]
) -> Chart:
    top = top_of(each.value(one) for one in buckets for each in measured)
    slots = [
        Slot(bucket_text(one.begin, bucket), [_bar(page, each, one, bucket, top) for each in measured])
        for one in buckets
    ]
    whole = f"{measured[0].time} >= {buckets[0].begin:%Y-%m-%dT%H:%MZ} group by {bucket}({measured[0].time})"
    series = [each.series for each in measured]
    half = axis_text(top / 2) if top < 1 or not top % 2 else ""
    return Chart(title, unit, series, slots, axis_text(top), half, page.url("/query", q=whole))


def _bar(page: Page, measured: _Measured, one: Bucket, bucket: str, top: float) -> Bar:
    value = measured.value(one)
    query = f"{measured.besides}{_during(measured.time, one.begin, _STEPS[bucket])}"
    return Bar("" if value is None else measured.text(value), share_of(value, top), page.url("/query", q=query))


def _during(field: str, begin: datetime, length: timedelta) -> str:
    """The condition that a time lies in a bucket."""
    return f"{field} >= {begin:%Y-%m-%dT%H:%MZ} and {field} < {begin + length:%Y-%m-%dT%H:%MZ}"
