"""Who is absent now or later, and who stands in, for who administers people."""

from __future__ import annotations

from dataclasses import dataclass

from placet.core.access import Act
from placet.core.people import StandIn
from placet_api.answers import Answer
from placet_api.console.page import Page
from placet_api.console.pages.people import start_of
from placet_api.console.routes import get

_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class _Row:
    """One absence as people read it; `what` is the work that goes to the delegate."""

    person: str
    delegate: str
    what: str
    absence: StandIn
    is_now: bool


async def every(page: Page) -> Answer:
    """Those that are not over: first who is absent now, then who will be; `q` is part of a name."""
    words, start = page.asked("q"), start_of(page)
    absences = [each for of_one in page.engine.directory.absences.values() for each in of_one]
    rows = [_row(page, each) for each in absences if each.to_at is None or each.to_at > page.now]
    found = [each for each in rows if _has(page, each, words.casefold())]
    found.sort(key=lambda each: (not each.is_now, each.absence.from_at, each.person))
    return page.render(
        "people/absences.html",
        tab="absences",
        rows=found[start : start + _AT_ONCE],
        words=words,
        start=start,
        more=start + _AT_ONCE if len(found) > start + _AT_ONCE else None,
        may_arrange=page.may(Act.ACT_FOR_OTHERS),
        trouble="",
    )


def _row(page: Page, absence: StandIn) -> _Row:
    people = page.engine.directory.people
    known = [people[dn].dn if dn in people else dn for dn in (absence.person, absence.stand_in)]
    what = page.name(absence.definition) if absence.definition else absence.category or "everything"
    return _Row(known[0], known[1], what, absence, absence.holds(page.now))


def _has(page: Page, row: _Row, words: str) -> bool:
    said = f"{page.name(row.person)} {row.person} {page.name(row.delegate)} {row.delegate}".casefold()
    return all(word in said for word in words.split())


ROUTES = (get("/people/absences", every, act=Act.MANAGE_PEOPLE),)
