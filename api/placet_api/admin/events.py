"""`/v1/events`: what happens to all processes, as a list or as server-sent events that a client can resume."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from placet.core.records import Event, work_item_id
from placet.errors import PlacetError, Unavailable
from placet.query.fields import EVENTS
from placet.query.query import Path
from placet.query.times import format_time
from placet.stream import EventPage
from placet_api.admin.paging import ROWS
from placet_api.answers import Answer, Headers, to_json
from placet_api.auth import has_credentials
from placet_api.errors import fault_of
from placet_api.known import STOPPING
from placet_api.negotiation import LONGEST_ACCEPT, content_type
from placet_api.ris.request import Request
from placet_api.ris.searches import PARAMETERS, asked_of, next_page
from placet_api.sessions import session_of

STREAM = "text/event-stream"
OFFERED = ("application/json", STREAM)

_HEADERS: Headers = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # proxies that would gather an answer before they pass it on
)
_BEGIN = b"retry: 1000\n\n"
#: How long a client hears nothing at most.
HEARTBEAT_SECONDS = 15.0
#: How long a stream goes on at most: a client that comes again says again who he is.
LONGEST_SECONDS = 900.0

Pages = AsyncGenerator[EventPage, None]


async def every_event(request: Request) -> Answer:
    """Events of processes that who asks may see: the newest first, or as a stream of what happens from now on."""
    accept = request.header(b"accept")[:LONGEST_ACCEPT]
    return await _stream(request) if content_type(accept, OFFERED) == STREAM else await _list(request)


async def _list(request: Request) -> Answer:
    given = request.query(PARAMETERS - {"filter"})
    query = asked_of("events", given, "-Time")
    query = replace(query, fields=tuple(map(Path, EVENTS.fields)), limit=query.limit or ROWS)
    zone = given.one("zone") or "UTC"
    table = await request.engine.query(query, "events", actor=request.actor.dn, zone=zone)
    rows = [_listed(request, dict(zip(table.columns, row, strict=True))) for row in table.rows]
    return request.answer(rows, headers=next_page(request, "events", table.cursor))


def _listed(request: Request, row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("Kind", "Time", "ProcessId", "ActivityId", "WorkId", "Actor")
    return _common(request, _Told(*(row[name] for name in names)))


# -- the stream ------------------------------------------------------------------------------------


async def _stream(request: Request) -> Answer:
    query = request.query({"q", "after"})
    pages = request.engine.event_pages(
        _after(request, query.one("after")), actor=request.actor.dn, query=query.one("q")
    )
    if request.method == "HEAD":
        await pages.aclose()
        return Answer(200, headers=_HEADERS)
    first = await anext(pages, None)  # so that what is wrong with the request is answered as for any other
    if first is None:
        raise Unavailable("The engine is stopping; try again in a moment.")
    return Answer(200, _BEGIN, _HEADERS, _parts(request, pages, first))


def _after(request: Request, given: str | None) -> str | None:
    """Where the client has come to; what it has seen since it first asked goes before what it asked then."""
    last = request.header(b"last-event-id").strip()
    return last or given


async def _parts(request: Request, pages: Pages, first: EventPage) -> AsyncGenerator[bytes, None]:
    """What is sent, page by page; an empty part where there was nothing, and now and then a sign of life."""
    now = asyncio.get_running_loop().time
    ends, beats = now() + LONGEST_SECONDS, now() + HEARTBEAT_SECONDS
    stopping, told = request.scope.get(STOPPING), first.position
    metrics = request.engine.telemetry.metrics
    async with aclosing(pages):
        metrics.event_streams += 1
        try:
            yield _page(request, first) or _heartbeat(first)
            async for page in pages:
                await _require_going_on(request)
                part = _page(request, page)
                if not part and (now() >= beats or page.position != told):
                    part = _heartbeat(page)
                if part:
                    beats, told = now() + HEARTBEAT_SECONDS, page.position
                yield part
                if now() >= ends or (stopping is not None and stopping.is_set()):
                    return
        except PlacetError as failure:  # it is too late for another status
            yield b"event: fault\ndata: " + fault_of(failure).body + b"\n\n"
        finally:
            metrics.event_streams -= 1


async def _require_going_on(request: Request) -> None:
    """Raise `NotAuthenticated` once the session that the stream was asked for in is over."""
    if not has_credentials(request.headers):
        await session_of(request.engine, request.headers)


def _page(request: Request, page: EventPage) -> bytes:
    kept = request.render.event_texts() if page.events else {}
    return b"".join(
        kept.get(position) or kept.setdefault(position, _message(request, position, event))
        for position, event in page.events
    )


def _message(request: Request, position: str, event: Event) -> bytes:
    return b"id: %b\ndata: %b\n\n" % (position.encode(), to_json(_described(request, event)))


def _heartbeat(page: EventPage) -> bytes:
    """No event, but where to resume: over what was not for this client it need not come again."""
    return b": nothing new\nid: %b\n\n" % page.position.encode()


class _Told(NamedTuple):
    """What an event tells in the stream and in the list; `item` is the id of a work item."""

    kind: str
    at: datetime
    process_id: str
    activity: str | None
    item: str | None
    actor: str | None


def _described(request: Request, event: Event) -> dict[str, Any]:
    item = None if event.item is None else work_item_id(event.process_id, event.item)
    told = _Told(event.kind, event.at, event.process_id, event.activity, item, event.actor)
    return _common(request, told) | {"Number": event.number, "Detail": event.detail or {}}


def _common(request: Request, told: _Told) -> dict[str, Any]:
    links = request.render.links
    return {
        "Kind": told.kind,
        "Time": format_time(told.at),
        "Process": {"GUID": told.process_id, "Link": links.process + told.process_id},
        "Activity": told.activity or "",
        "WorkItem": {"GUID": told.item or "", "Link": links.work_item + told.item if told.item else ""},
        "Actor": request.render.person(told.actor),
    }
