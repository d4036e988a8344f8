"""`/v1/connectors/services`: whose connectors there are, each service maybe with an image."""

from __future__ import annotations

from placet.connectors.images import MAX_BYTES
from placet_api.admin.connectors.members import service_in
from placet_api.admin.connectors.rendering import SERVICES, link, service
from placet_api.admin.connectors.revisions import answer, expected
from placet_api.answers import Answer
from placet_api.body import read_bytes, text_of
from placet_api.ris.request import NO_CONTENT, Request

#: What an image may be; the last is for the faults.
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/json")

# Whatever it holds: it is an image and nothing else, and a page that opens it may do nothing.
_ONLY_AN_IMAGE = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cache-control", b"private, no-cache"),
)


async def every(request: Request) -> Answer:
    request.query()
    connectors = request.engine.connectors
    found, catalog = await connectors.services.every(request.caller), await connectors.catalog.now()
    return request.answer([service(request, catalog, each) for each in found])


async def one(request: Request) -> Answer:
    request.query()
    connectors = request.engine.connectors
    found = await connectors.services.one(request.caller, request.id("service"))
    return answer(request, service(request, await connectors.catalog.now(), found), found)


async def add(request: Request) -> Answer:
    request.query()
    body, connectors = await request.body(), request.engine.connectors
    made = await connectors.services.add(request.caller, text_of(body, "Name") or "", service_in(body))
    location = (b"location", link(request, SERVICES, made).encode())
    value = service(request, await connectors.catalog.now(), made)
    return request.answer(value, status=201, headers=(location,))


async def change(request: Request) -> Answer:
    """Put another in its place; its image stays."""
    request.query()
    connectors, id_ = request.engine.connectors, request.id("service")
    body = await request.body()
    revision = expected(request, await connectors.services.one(request.caller, id_))
    made = await connectors.services.change(
        request.caller, id_, text_of(body, "Name") or "", service_in(body), revision=revision
    )
    return answer(request, service(request, await connectors.catalog.now(), made), made)


async def remove(request: Request) -> Answer:
    request.query()
    noun, id_ = request.engine.connectors.services, request.id("service")
    await noun.remove(request.caller, id_, revision=expected(request, await noun.one(request.caller, id_)))
    return NO_CONTENT


async def image(request: Request) -> Answer:
    request.query()
    content, media_type = await request.engine.connectors.services.image(request.caller, request.id("service"))
    return Answer(200, content, ((b"content-type", media_type.encode()), *_ONLY_AN_IMAGE))


async def set_image(request: Request) -> Answer:
    """Keep an image, known by what it begins with; the content type of the request is not looked at."""
    request.query()
    noun, id_ = request.engine.connectors.services, request.id("service")
    await noun.one(request.caller, id_)
    await noun.set_image(request.caller, id_, await read_bytes(request.receive, request.headers, MAX_BYTES))
    return NO_CONTENT


async def remove_image(request: Request) -> Answer:
    request.query()
    await request.engine.connectors.services.set_image(request.caller, request.id("service"), None)
    return NO_CONTENT
