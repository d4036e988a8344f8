"""`/v1/connectors`: what may be asked of services."""

from __future__ import annotations

from placet_api.admin.connectors.members import connector_in
from placet_api.admin.connectors.rendering import CONNECTORS, connector, link
from placet_api.admin.connectors.revisions import answer, expected
from placet_api.answers import Answer
from placet_api.body import text_of
from placet_api.ris.request import NO_CONTENT, Request


async def every(request: Request) -> Answer:
    request.query()
    connectors = request.engine.connectors
    found, catalog = await connectors.every(request.caller), await connectors.catalog.now()
    return request.answer([connector(request, catalog, each) for each in found])


async def one(request: Request) -> Answer:
    request.query()
    connectors = request.engine.connectors
    found = await connectors.one(request.caller, request.id("connector"))
    return answer(request, connector(request, await connectors.catalog.now(), found), found)


async def add(request: Request) -> Answer:
    request.query()
    body, connectors = await request.body(), request.engine.connectors
    made = await connectors.add(request.caller, text_of(body, "Name") or "", connector_in(body))
    location = (b"location", link(request, CONNECTORS, made).encode())
    value = connector(request, await connectors.catalog.now(), made)
    return request.answer(value, status=201, headers=(location,))


async def change(request: Request) -> Answer:
    request.query()
    connectors, id_ = request.engine.connectors, request.id("connector")
    body = await request.body()
    revision = expected(request, await connectors.one(request.caller, id_))
    made = await connectors.change(
        request.caller, id_, text_of(body, "Name") or "", connector_in(body), revision=revision
    )
    return answer(request, connector(request, await connectors.catalog.now(), made), made)


async def remove(request: Request) -> Answer:
    request.query()
    noun, id_ = request.engine.connectors, request.id("connector")
    await noun.remove(request.caller, id_, revision=expected(request, await noun.one(request.caller, id_)))
    return NO_CONTENT
