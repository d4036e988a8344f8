"""`/v1/absences`: to whom somebody's work goes for a time."""

from __future__ import annotations

from typing import Any

from placet.directory import absences
from placet.directory.absences import AbsenceRow, NewAbsence
from placet.errors import InvalidInput
from placet.query.times import format_time
from placet_api.admin.paging import PAGING, cursor_of, limit_of, part
from placet_api.admin.times import time_of
from placet_api.answers import Answer
from placet_api.body import person_of, text_of
from placet_api.ris.request import NO_CONTENT, Request

_ID = "[0-9a-f]{32}"


async def every_absence(request: Request) -> Answer:
    """Those that concern who asks, or with PM_SUPERVISOR all, in the order in which they were made."""
    query = request.query(PAGING)
    limit, after = limit_of(query), cursor_of(query, _ID)
    found = await absences.page(request.engine.store, request.caller, after=after, limit=limit + 1)
    rows, headers = part(request, found, limit, lambda row: row.id)
    return request.answer([_described(request, row) for row in rows], headers=headers)


async def one_absence(request: Request) -> Answer:
    request.query()
    row = await absences.find(request.engine.store, request.caller, request.id("absence"))
    return request.answer_tagged(_described(request, row), f"{row.id}.{request.engine.directory.version}")


async def add(request: Request) -> Answer:
    """Let the work of who asks, or with PM_SUPERVISOR of anybody, go to a delegate."""
    request.query()
    body = await request.body()
    delegate = person_of(body, "Delegate")
    if delegate is None:
        raise InvalidInput("The body has no Delegate; name who gets the work, by user name or DN.")
    wanted = NewAbsence(
        delegate=delegate,
        person=person_of(body, "Person"),
        category=text_of(body, "Category"),
        definition=text_of(body, "Definition"),
        from_at=time_of(body, "From"),
        to_at=time_of(body, "To"),
    )
    definitions = await request.engine.definitions(actor=request.actor.dn)
    row = await absences.add(request.engine.store, request.caller, wanted, definitions)
    await request.engine.refresh()
    location = (b"location", _link(request, row).encode())
    return request.answer(_described(request, row), status=201, headers=(location,))


async def remove(request: Request) -> Answer:
    request.query()
    await absences.remove(request.engine.store, request.caller, request.id("absence"))
    await request.engine.refresh()
    return NO_CONTENT


def _described(request: Request, row: AbsenceRow) -> dict[str, Any]:
    return {
        "GUID": row.id,
        "Link": _link(request, row),
        "Person": request.render.person(row.person),
        "Delegate": request.render.person(row.delegate),
        "Category": row.category or "",
        "Definition": row.definition or "",
        "From": format_time(row.from_at),
        "To": format_time(row.to_at) if row.to_at else "",
        "Created": format_time(row.created_at),
    }


def _link(request: Request, row: AbsenceRow) -> str:
    return f"{request.render.links.prefix}/absences/{row.id}"
