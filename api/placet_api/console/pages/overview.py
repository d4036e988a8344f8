"""The overview: how things stand, each figure with the query behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from placet.core.access import Act
from placet.errors import QueryTooSlow
from placet.overview import AGES, Bucket, Overview
from placet.query.query import Count
from placet_api.answers import Answer
from placet_api.console.overview_charts import charts_of
from placet_api.console.page import Page
from placet_api.console.results.examples import STUCK
from placet_api.console.routes import get

_DAY = timedelta(days=1)


async def show(page: Page) -> Answer:
    """The figures for who may see all processes; for everybody else the ways into his own work."""
    if not page.may(Act.READ):
        return page.render("overview/welcome.html", waiting=len(await page.engine.inbox(page.person.dn, limit=100)))
    overview = await page.engine.overview(actor=page.person.dn)
    template = "overview/figures.html" if page.is_partial else "overview/overview.html"
    answer = page.fragment if page.is_partial else page.render
    return answer(template, **_values(page, overview), **await _begun(page, overview), stuck=await _stuck(page))


def _values(page: Page, overview: Overview) -> dict[str, Any]:
    today, queues = overview.days[-1], overview.queues
    return {
        "overview": overview,
        "today": today,
        "yesterday": overview.days[-2],
        "open_count": sum(each.count for each in overview.open),
        "most_open": max((each.count for each in overview.open), default=0) or 1,
        "week": _summed(overview.days[-7:]),
        "waiting": sum(lane.waiting for lane in queues.lanes.values()),
        "stuck_query": STUCK,
        "charts": charts_of(page, overview),
        "ages": _age_conditions(),
        "quoted": _quoted,
        "may_operate": page.may(Act.OPERATE),
        "may_change": page.may(Act.CHANGE_DEFINITIONS),
    }


async def _stuck(page: Page) -> Count | None:
    """Of how many open processes nobody can answer an approval; None where counting takes too long."""
    try:
        return await page.engine.count(STUCK, "processes", actor=page.person.dn)
    except QueryTooSlow:
        return None


async def _begun(page: Page, overview: Overview) -> dict[str, Any]:
    """Whether anything can be asked for yet, and whether anything ever was: an empty page teaches what comes first."""
    actor = page.person.dn
    return {
        "is_defined": any(not each.retired for each in await page.engine.definitions(actor=actor)),
        "is_begun": bool(overview.open) or bool(await page.engine.processes(actor=actor, limit=1)),
    }


def _summed(days: Sequence[Bucket]) -> Bucket:
    return Bucket(
        days[0].begin, sum(day.started for day in days), sum(day.ended for day in days), sum(day.failed for day in days)
    )


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
