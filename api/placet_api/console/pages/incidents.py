"""Incidents: what could not be done and waits for somebody, and what he can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from placet import FoundIncident, FoundProcess, cursor_of
from placet.core.access import Act
from placet.errors import InvalidInput
from placet.query.times import parse_time
from placet_api.actions import Offer, offers, see
from placet_api.answers import Answer
from placet_api.console.page import Page
from placet_api.console.routes import get
from placet_api.params import decode_cursor, encode_cursor

_STATES = {"open": "Open", "all": "All"}
_AT_ONCE = 50


async def every(page: Page) -> Answer:
    """The open ones, the oldest first; with `state=all` the resolved ones too."""
    state, after = page.asked("state", "open"), page.asked("after")
    if state not in _STATES:
        raise InvalidInput(f"state: {state[:40]!r} is none; ask for open, or all.")
    found = await page.engine.incidents(
        actor=page.person.dn,
        resolved=state == "all",
        limit=_AT_ONCE + 1,
        after=decode_cursor(after, of_items=True) if after else None,
    )
    more = encode_cursor(cursor_of(found[_AT_ONCE - 1])) if len(found) > _AT_ONCE else None
    return page.render(
        "incidents/every.html", states=_STATES, state=state, incidents=found[:_AT_ONCE], more=more, first=not after
    )


@dataclass(frozen=True, slots=True)
class View:
    """What the buttons of an incident need to know."""

    found: FoundProcess
    offered: Mapping[str, Sequence[Offer]]


async def one(page: Page) -> Answer:
    """What was tried, when and what came back, with the buttons for what can be done now."""
    found: FoundIncident = await page.engine.incident(page.parameters["id"], actor=page.person.dn)
    id_ = found.incident.id
    seen = await see(page.engine, found.process.id, page.person.dn)
    return page.render(
        "incidents/one.html",
        found=found,
        view=View(seen.found, {id_: [each for each in offers(seen) if each.id == id_]}),
        tries=[{**each, "at": parse_time(each["at"])} for each in found.incident.payload.get("tries", ())],
    )


ROUTES = (get("/incidents", every, act=Act.RETRY), get("/incidents/{id}", one, act=Act.RETRY))
