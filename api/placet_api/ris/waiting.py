"""Why a process waits, and what whoever asks can do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from placet.core.names import is_dn
from placet.core.waiting import Asked, Help, Next, Try, Votes, Wait
from placet.core.waiting_words import to_texts
from placet.query.times import format_time
from placet_api.actions import Offer, offers, see
from placet_api.answers import Answer
from placet_api.ris.render import Renderer
from placet_api.ris.request import Request


async def of_process(request: Request) -> Answer:
    """Why it waits: an answer for each point where it stands, none for a process that has ended."""
    request.query()
    waits = await request.engine.waiting(request.id("process"), actor=request.actor.dn)
    now, name = request.engine.clock.now(), request.engine.directory.display_name
    return request.answer([_wait(request.render, each, to_texts(each, now, name)) for each in waits])


async def actions(request: Request) -> Answer:
    """What whoever asks can do now with a process, its open work items and its open incidents."""
    request.query()
    seen = await see(request.engine, request.id("process"), request.actor.dn)
    return request.answer([_offer(each) for each in offers(seen)])


def _wait(render: Renderer, wait: Wait, words: list[str]) -> dict[str, Any]:
    value = {
        "Kind": wait.kind.value,
        "Activity": wait.activity or "",
        "ActivityName": wait.name if wait.activity else "",
        "Since": format_time(wait.since),
        "Held": wait.held,
        "Words": [{"Value": each} for each in words],
        "Asked": [_asked(render, each) for each in wait.asked],
        "Coming": [_coming(render, each) for each in wait.coming],
        "Helpers": [_help(render, each) for each in wait.helps],
        "By": render.person(wait.by),
        "Of": wait.of,
        "Process": _linked(render.links.process, wait.process),
        "To": _people(render, wait.to),
        "Progress": wait.progress.value if wait.progress else "",
        "Incident": _linked(_incidents(render), wait.incident),
        "Reason": wait.reason,
        "Tries": [try_value(each) for each in wait.tries],
    }
    return value | ({} if wait.votes is None else {"Votes": _votes(wait.votes)})


def _linked(prefix: str, id_: str | None) -> dict[str, str]:
    return {"GUID": id_ or "", "Link": prefix + id_ if id_ else ""}


def _incidents(render: Renderer) -> str:
    """Where incidents are: below `/v1` alone."""
    return f"{render.links.prefix.removesuffix('/RIS/v1').removesuffix('/v1')}/v1/incidents/"


def _people(render: Renderer, found: Iterable[str]) -> list[dict[str, str]]:
    """People and groups by DN; whom a mail goes to may be known by an address alone."""
    return [render.person(each) if is_dn(each) else render.person(None) | {"Value": each} for each in found]


def _asked(render: Renderer, asked: Asked) -> dict[str, Any]:
    item, absence = asked.item, asked.absence
    return {
        "WorkItem": _linked(render.links.work_item, item.id),
        "Addressee": render.person(item.addressee),
        "InPlaceOf": render.person(item.proxy_for),
        "Owner": render.person(item.owner),
        "StandIn": render.person(absence.stand_in if absence else None),
        "AbsentUntil": format_time(absence.to_at) if absence and absence.to_at else "",
        "CanAnswer": _people(render, asked.can_answer),
        "AndOthers": asked.and_others,
        "Reason": asked.stuck,
    }


def _votes(votes: Votes) -> dict[str, int]:
    return {
        "Wanted": votes.wanted or 1,
        "Total": votes.total,
        "Approved": votes.yes,
        "Denied": votes.no,
        "Refused": votes.refused,
    }


def _coming(render: Renderer, coming: Next) -> dict[str, Any]:
    return {
        "What": coming.what.value,
        "At": format_time(coming.at),
        "LeadsTo": coming.leads_to,
        "People": _people(render, coming.people),
    }


def _help(render: Renderer, found: Help) -> dict[str, Any]:
    people = _people(render, found.people)
    return {
        "What": found.act.value,
        "Permission": str(found.permission),
        "People": people,
        "AndOthers": found.and_others,
    }


def try_value(tried: Try) -> dict[str, Any]:
    return {"At": format_time(tried.at), "Code": tried.code, "Error": tried.error, "Milliseconds": tried.ms}


def _offer(offer: Offer) -> dict[str, Any]:
    action = offer.action
    asks = [
        {"Name": each.name, "Title": each.title, "Kind": each.kind.value, "Required": each.required}
        for each in action.asks
    ]
    return {"Of": action.of.value, "GUID": offer.id, "Name": action.name, "Title": action.title, "Asks": asks}
