"""`/v1/connectors/configurations`: how calls prove who makes them."""

from __future__ import annotations

from placet_api.admin.connectors.members import configuration_in
from placet_api.admin.connectors.rendering import CONFIGURATIONS, configuration, link
from placet_api.admin.connectors.revisions import answer, expected
from placet_api.answers import Answer
from placet_api.body import text_of
from placet_api.ris.request import NO_CONTENT, Request


async def every(request: Request) -> Answer:
    """All by name; takes PM_SETUP_ADVANCE, as everything here does."""
    request.query()
    found = await request.engine.connectors.configurations.every(request.caller)
    return request.answer([configuration(request, each) for each in found])


async def one(request: Request) -> Answer:
    request.query()
    found = await request.engine.connectors.configurations.one(request.caller, request.id("configuration"))
    return answer(request, configuration(request, found), found)


async def add(request: Request) -> Answer:
    request.query()
    body = await request.body()
    made = await request.engine.connectors.configurations.add(
        request.caller, text_of(body, "Name") or "", configuration_in(body)
    )
    location = (b"location", link(request, CONFIGURATIONS, made).encode())
    return request.answer(configuration(request, made), status=201, headers=(location,))


async def change(request: Request) -> Answer:
    """Put another in its place; secrets that the body leaves out stay, and those that it has as "" go."""
    request.query()
    noun, id_ = request.engine.connectors.configurations, request.id("configuration")
    body = await request.body()
    revision = expected(request, await noun.one(request.caller, id_))
    made = await noun.change(
        request.caller, id_, text_of(body, "Name") or "", configuration_in(body), revision=revision
    )
    return answer(request, configuration(request, made), made)


async def remove(request: Request) -> Answer:
    request.query()
    noun, id_ = request.engine.connectors.configurations, request.id("configuration")
    await noun.remove(request.caller, id_, revision=expected(request, await noun.one(request.caller, id_)))
    return NO_CONTENT
