"""`/v1/incidents`: what could not be done and waits for somebody, and what he does about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from placet import FoundIncident, cursor_of
from placet.core.ids import is_id
from placet.errors import InvalidInput
from placet.query.ast import Comparison, IsNull, Node, Operator, fields_of
from placet.query.fields import INCIDENTS, Field
from placet.query.times import format_time, parse_time
from placet_api.admin.paging import PAGING, ROWS, limit_of, part
from placet_api.answers import Answer, to_json
from placet_api.body import name_of
from placet_api.params import decode_cursor, encode_cursor
from placet_api.ris.data_items import read_data_items
from placet_api.ris.render import activity_name
from placet_api.ris.request import NO_CONTENT, Request
from placet_api.ris.searches import Search

_STATES = {"open": False, "all": True}


async def every_incident(request: Request) -> Answer:
    """The open ones, or all, of the processes that who asks may see, the oldest first; takes PM_SUPERVISOR."""
    query = request.query(PAGING | {"process", "state", "q", "zone", "sort"})
    state, cursor, limit = query.one("state") or "open", query.one("cursor"), limit_of(query)
    if state not in _STATES:
        raise InvalidInput(f"state: {state[:40]!r} is none; ask for state=open, or state=all.")
    if any(query.one(name) is not None for name in ("q", "zone", "sort")):
        process_id = _id("process", query.one("process"))
        beside = None if process_id is None else Comparison(_PROCESS, Operator.EQ, process_id.lower())
        search = _SEARCH if _STATES[state] else replace(_SEARCH, always=_open_ones)
        return await search.answer(request, query, beside, rows=ROWS)
    found = await request.engine.incidents(
        actor=request.actor.dn,
        process_id=_id("process", query.one("process")),
        resolved=_STATES[state],
        limit=limit + 1,
        after=None if cursor is None else decode_cursor(cursor, of_items=True),
    )
    rows, headers = part(request, found, limit, lambda row: encode_cursor(cursor_of(row)))
    return request.answer([_described(request, row) for row in rows], headers=headers)


async def _fetch(request: Request, ids: Sequence[str]) -> Mapping[str, str]:
    found = [await request.engine.incident(id_, actor=request.actor.dn) for id_ in ids]
    return {each.incident.id: to_json(_described(request, each)).decode() for each in found}


def _open_ones(wanted: Node | None) -> Node | None:
    """The open ones, unless a query asks how or when one was resolved."""
    asked = frozenset[Field]() if wanted is None else fields_of(wanted)
    return None if asked & {_RESOLVED, INCIDENTS.field("Resolution")} else IsNull(_RESOLVED)


_PROCESS, _RESOLVED = INCIDENTS.field("ProcessId"), INCIDENTS.field("ResolutionTime")
_SEARCH = Search("incidents", "incidents", "IncidentId", _fetch, "OpenTime")


async def one_incident(request: Request) -> Answer:
    request.query()
    return request.answer(_described(request, await _found(request)))


async def retry(request: Request) -> Answer:
    """Try again what failed, with changed data items or inputs where the body has some."""
    request.query()
    body = await request.body_if_any()
    inputs = _object(body, "Inputs")
    await request.engine.retry_incident(
        request.id("incident"), actor=request.actor.dn, data=read_data_items(body), inputs=inputs
    )
    return NO_CONTENT


async def skip(request: Request) -> Answer:
    """Go on without what failed, with the `Result` of the body in place of the answer where it has one."""
    request.query()
    body = await request.body_if_any()
    await request.engine.skip_incident(request.id("incident"), actor=request.actor.dn, result=body.get("Result"))
    return NO_CONTENT


async def _found(request: Request) -> FoundIncident:
    return await request.engine.incident(request.id("incident"), actor=request.actor.dn)


def _id(name: str, given: str | None) -> str | None:
    if given is None or is_id(given.lower()):
        return given
    raise InvalidInput(f"{name}: {given[:40]!r} is no id of a process; give its 32 hex digits.")


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if value is None or isinstance(value, dict):
        return value or {}
    raise InvalidInput(f"{name} is {name_of(value)}; give an object of names and values.")


def _described(request: Request, found: FoundIncident) -> dict[str, Any]:
    incident, process, render = found.incident, found.process, request.render
    payload = incident.payload
    return {
        "GUID": incident.id,
        "Link": f"{render.links.prefix}/incidents/{incident.id}",
        "Process": {"GUID": process.id, "Link": render.links.process + process.id},
        "Definition": render.definition_of(found.definition, request.accept_language),
        "Activity": incident.activity or "",
        "ActivityName": activity_name(found.definition, incident.activity) if incident.activity else "",
        "Kind": incident.kind,
        "Opened": format_time(incident.opened_at),
        "Reason": incident.reason,
        "Connector": payload.get("connector", ""),
        "Inputs": payload.get("inputs", {}),
        "IdempotencyKey": payload.get("key", ""),
        "Tries": [_try(each) for each in payload.get("tries", ())],
        "Response": payload.get("response"),
        "Resolved": format_time(incident.resolved_at) if incident.resolved_at else "",
        "Resolution": incident.resolution or "",
        "ResolvedBy": render.person(incident.actor),
    }


def _try(tried: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "At": format_time(parse_time(tried["at"])),
        "Code": "" if tried["code"] is None else str(tried["code"]),
        "Error": tried["error"] or "",
        "Milliseconds": tried["ms"],
    }
