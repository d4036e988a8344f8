"""Definitions: the list, one, and starting a process by posting to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from placet import FoundProcess
from placet.commands import StartProcess
from placet.errors import InvalidInput
from placet.query.ast import Comparison, Node, Operator, fields_of
from placet.query.fields import DEFINITIONS as DEFINITION_FIELDS
from placet_api.answers import Answer, json_answer, to_json
from placet_api.body import person_of, text_of
from placet_api.links import DEFINITIONS
from placet_api.params import preference
from placet_api.ris.data_items import read_data_items
from placet_api.ris.request import Request
from placet_api.ris.searches import PARAMETERS, Search


async def every_definition(request: Request) -> Answer:
    """The newest version of each definition that starts processes, or what a query finds."""
    query = request.query(PARAMETERS)
    if query.pairs:
        return await _search.answer(request, query)
    definitions = await request.engine.definitions(actor=request.actor.dn)
    accepted = request.accept_language
    return request.answer([request.render.definition(each, accepted) for each in definitions if not each.retired])


async def _fetch(request: Request, ids: Sequence[str]) -> Mapping[str, str]:
    definitions = await request.engine.definitions(actor=request.actor.dn)
    accepted, asked = request.accept_language, set(ids)
    values = {each.guid: request.render.definition(each, accepted) for each in definitions if each.guid in asked}
    return {guid: to_json(value).decode() for guid, value in values.items()}


def _not_retired(wanted: Node | None) -> Node | None:
    """Those that start processes, unless a query asks for the others."""
    return None if wanted is not None and _RETIRED in fields_of(wanted) else Comparison(_RETIRED, Operator.EQ, False)


_RETIRED = DEFINITION_FIELDS.field("Retired")
_search = Search(DEFINITIONS, "definitions", "DefinitionId", _fetch, "Definition", _not_retired)


async def one_definition(request: Request) -> Answer:
    request.query()
    definition = await request.engine.definition(request.id("definition"), actor=request.actor.dn)
    return request.answer(request.render.definition(definition, request.accept_language))


async def start(request: Request) -> Answer:
    """Start a process; 204 with its path in `Location`, or what `Prefer` and the settings ask for."""
    request.query()
    definition = request.id("definition")
    body = await request.body()
    key = _idempotency_key(request)
    command = StartProcess(
        process_id=request.engine.new_id(),
        actor=request.actor.dn,
        definition=definition,
        recipient=person_of(body, "Recipient"),
        data=read_data_items(body),
        correlation_id=text_of(body, "CorrelationId"),
        proxy=person_of(body, "Proxy"),
        idempotency_key=key,
        fingerprint=_fingerprint(definition, body) if key is not None else None,
    )
    outcome = await request.engine.handle(command)
    location = (b"location", f"{request.render.links.process}{outcome.process_id}".encode())
    wish = preference(request.header(b"prefer")) if b"prefer" in request.headers else None
    if wish == "representation":
        if outcome.process is not None and outcome.definition is not None:
            found = FoundProcess(outcome.process, outcome.definition)
        else:  # the key had been used before
            found = await request.engine.process(outcome.process_id, actor=request.actor.dn)
        return _representation(request, found, location)
    if wish != "minimal" and request.engine.settings.start_response == "requestID":
        return json_answer({"requestID": outcome.process_id}, headers=(location,), indented=request.target.debug)
    return Answer(204, headers=(location,))


def _representation(request: Request, found: FoundProcess, location: tuple[bytes, bytes]) -> Answer:
    value = request.render.process(found, request.accept_language) | {"requestID": found.process.id}
    tag = request.tag(found.process.revision, found.definition)
    headers = (location, (b"etag", f'"{tag}"'.encode()), (b"preference-applied", b"return=representation"))
    return request.answer(value, headers=headers)


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get(b"idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= 255:
        raise InvalidInput(f"The Idempotency-Key has {len(key)} characters; give 1 to 255.")
    return key.decode("latin-1")


def _fingerprint(definition: str, body: dict[str, Any]) -> str:
    """What tells one request from another under the same key: the definition and the body in canonical form."""
    return sha256(definition.encode() + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
