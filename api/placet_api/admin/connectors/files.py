"""`/v1/connectors/export`, `import` and `openapi`: connectors as a file, and from the document of a service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.errors import InvalidInput
from placet_api.admin.connectors.rendering import imported, offers
from placet_api.answers import Answer, to_json
from placet_api.body import list_of, text_of
from placet_api.ris.request import Request


async def export(request: Request) -> Answer:
    """All as one connector file in JSON, without secrets; `name` picks connectors and what they need."""
    names = request.query(("name",)).all("name")
    return request.answer(await request.engine.connectors.export(request.caller, names))


async def import_(request: Request) -> Answer:
    """Add or change what a connector file in JSON asks for, all of it or nothing."""
    request.query()
    body = await request.body()
    return request.answer(imported(await request.engine.connectors.import_sections(request.caller, body)))


async def openapi(request: Request) -> Answer:
    """Make connectors of the operations that are picked of an OpenAPI document; without any, list what there is."""
    request.query()
    body = await request.body()
    service = text_of(body, "Service")
    picked = [_picked(each) for each in list_of(body, "Operations")]
    document = body.get("Document")
    if not isinstance(document, dict | str) or not document:
        raise InvalidInput("The body has no Document; give an OpenAPI document as an object, or as a text in YAML.")
    text = document if isinstance(document, str) else to_json(document).decode()
    found = await request.engine.connectors.import_openapi(
        request.caller, text, service=service or "", operations=picked, url=text_of(body, "URL")
    )
    return request.answer(offers(found))


def _picked(operation: Mapping[str, Any]) -> str:
    name = text_of(operation, "Name")
    if not name:
        raise InvalidInput('An operation of Operations has no Name; give one such as {"Name": "GET /users"}.')
    return name
