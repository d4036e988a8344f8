"""`/v1/views`: queries that people have saved, their own and those that others share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.errors import InvalidInput
from placet.query.times import format_time
from placet.saved_views import NewView, SavedView
from placet_api.answers import Answer
from placet_api.body import flag_of, text_of
from placet_api.ris.request import NO_CONTENT, Request


async def every(request: Request) -> Answer:
    """One's own by name, then those of others; with `resource` only those of one."""
    resource = request.query({"resource"}).one("resource")
    found = await request.engine.saved_views.every(request.caller)
    return request.answer([_described(request, each) for each in found if resource in (None, each.resource)])


async def one(request: Request) -> Answer:
    request.query()
    return _answer(request, await _found(request))


async def add(request: Request) -> Answer:
    request.query()
    made = await request.engine.saved_views.add(request.caller, _wanted(await request.body()))
    return request.answer(
        _described(request, made), status=201, headers=((b"location", _link(request, made).encode()),)
    )


async def change(request: Request) -> Answer:
    """Put another in its place, of one's own."""
    request.query()
    body, found = await request.body(), await _found(request)
    revision = request.matching_revision(found.revision, repr(found.name))
    return _answer(
        request, await request.engine.saved_views.change(request.caller, found.id, _wanted(body), revision=revision)
    )


async def remove(request: Request) -> Answer:
    request.query()
    found = await _found(request)
    revision = request.matching_revision(found.revision, repr(found.name))
    await request.engine.saved_views.remove(request.caller, found.id, revision=revision)
    return NO_CONTENT


async def _found(request: Request) -> SavedView:
    return await request.engine.saved_views.one(request.caller, request.id("view"))


def _wanted(body: Mapping[str, Any]) -> NewView:
    if body.get("Name") is None or body.get("Query") is None:
        raise InvalidInput("The body has to have a Name and a Query; an empty Query is all there is.")
    return NewView(
        name=text_of(body, "Name") or "",
        text=text_of(body, "Query") or "",
        resource=text_of(body, "Resource") or "processes",
        shared=flag_of(body, "Shared") is True,
    )


def _answer(request: Request, view: SavedView) -> Answer:
    return request.answer_tagged(_described(request, view), f"{view.revision}.{request.engine.directory.version}")


def _described(request: Request, view: SavedView) -> dict[str, Any]:
    return {
        "GUID": view.id,
        "Link": _link(request, view),
        "Name": view.name,
        "Owner": request.render.person(view.dn),
        "Resource": view.resource,
        "Query": view.text,
        "Shared": view.shared,
        "Revision": view.revision,
        "Created": format_time(view.created_at),
        "Updated": format_time(view.updated_at) if view.updated_at else "",
    }


def _link(request: Request, view: SavedView) -> str:
    return f"{request.render.links.prefix}/views/{view.id}"
