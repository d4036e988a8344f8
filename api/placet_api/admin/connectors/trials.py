"""Tests of configurations and connectors, stored or not: what was sent, what came back, and how it went in words."""

from __future__ import annotations

from placet_api.admin.connectors.members import configuration_in, connector_in, inputs_in
from placet_api.admin.connectors.rendering import trial
from placet_api.answers import Answer, json_answer
from placet_api.ris.request import Request

_NEVER_KEPT = (b"cache-control", b"no-store")  # what another service has answered


async def configuration(request: Request) -> Answer:
    """Try a configuration as it is stored, or with a body that has `Kind` one that is changed but not stored."""
    request.query()
    body, id_ = await request.body(), request.id("configuration")
    changed = configuration_in(body) if "Kind" in body else None
    found = await request.engine.connectors.test_configuration(request.caller, id_, changed)
    return _answer(request, trial(found))


async def new_configuration(request: Request) -> Answer:
    """Try a configuration that is not stored."""
    request.query()
    body = await request.body()
    found = await request.engine.connectors.test_configuration(request.caller, content=configuration_in(body))
    return _answer(request, trial(found))


async def connector(request: Request) -> Answer:
    """Call a connector as it is stored, or with a body that has `URL` one that is changed but not stored."""
    request.query()
    body, id_ = await request.body(), request.id("connector")
    changed = connector_in(body) if "URL" in body else None
    found = await request.engine.connectors.test(request.caller, inputs_in(body), id_, changed)
    return _answer(request, trial(found))


async def new_connector(request: Request) -> Answer:
    """Call a connector that is not stored."""
    request.query()
    body = await request.body()
    found = await request.engine.connectors.test(request.caller, inputs_in(body), content=connector_in(body))
    return _answer(request, trial(found))


def _answer(request: Request, value: object) -> Answer:
    return json_answer(value, headers=(_NEVER_KEPT,), indented=request.target.debug)
