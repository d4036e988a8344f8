"""The overview: how things stand, each figure with the query behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from placet.core.access import Act
from placet.overview import AGES, Bucket, Overview
from placet_api.answers import Answer
from placet_api.console.charts import Chart, Series
from placet_api.console.page import Page
from placet_api.console.routes import get

_DAY = timedelta(days=1)


async def show(page: Page) -> Answer:
    """The figures for who may see all processes; for everybody else the ways into his own work."""
    if not page.may(Act.READ):
        return page.render("overview/welcome.html", waiting=len(await page.engine.inbox(page.person.dn, limit=100)))
    overview = await page.engine.overview(actor=page.person.dn)
    return page.render("overview/overview.html", **_values(page, overview))


def _values(page: Page, overview: Overview) -> dict[str, Any]:
    today, queues = overview.days[-1], overview.queues
    return {
        "overview": overview,
        "today": today,
        "yesterday": overview.days[-2],
        "open_count": sum(each.count for each in overview.open),
        "most_open": max((each.count for each in overview.open), default=0),
        "week": _summed(overview.days[-7:]),
        "waiting": sum(lane.waiting for lane in queues.lanes.values()),
        "charts": (_hours(overview), _days(overview), _times(overview)),
        "ages": _age_conditions(),
        "quoted": _quoted,
        "may_operate": page.may(Act.OPERATE),
    }


def _summed(days: Sequence[Bucket]) -> Bucket:
    return Bucket(
        days[0].begin, sum(day.started for day in days), sum(day.ended for day in days), sum(day.failed for day in days)
    )


def _hours(overview: Overview) -> Chart:
    hours = overview.hours
    series = (Series("Started", [each.started for each in hours]), Series("Completed", [each.ended for each in hours]))
    return Chart(
        "Last two days",
        "processes an hour",
        [each.begin for each in hours],
        series,
        "CreationTime >= -2d group by hour(CreationTime)",
    )


def _days(overview: Overview) -> Chart:
    days = overview.days
    series = (
        Series("Started", [each.started for each in days]),
        Series("Completed", [each.ended for each in days]),
        Series("In error", [each.failed for each in days], "bad"),
    )
    return Chart(
        "Last thirty days",
        "processes a day",
        [each.begin for each in days],
        series,
        "CreationTime >= -30d group by day(CreationTime)",
    )


def _times(overview: Overview) -> Chart:
    days = overview.days
    series = (
        Series("Half are decided within", [_hours_of(each.median) for each in days]),
        Series("Nine in ten within", [_hours_of(each.slow) for each in days], "warn"),
    )
    return Chart(
        "Time to decision",
        "hours, by the day of completion",
        [each.begin for each in days],
        series,
        "CompletionTime >= -30d group by day(CompletionTime)",
    )


def _hours_of(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 2)


def _age_conditions() -> list[str]:
    """For each age of open processes the condition that asks for it."""
    conditions = []
    younger = None
    for _, age in AGES:
        newest = "" if younger is None else f" and CreationTime < -{younger // _DAY}d"
        conditions.append(f"CreationTime >= -{age // _DAY}d{newest}")
        younger = age
    return [*conditions, f"CreationTime < -{AGES[-1][1] // _DAY}d"]


def _quoted(text: str) -> str:
    """A text as a value of the query language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


ROUTES = (get("/", show),)
