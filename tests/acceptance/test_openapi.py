"""`/openapi.json`: it is valid, says of every route what it takes and answers, and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from placet import Engine
from placet_api import create_app
from placet_api.admin.resources import RESOURCES as ADMINISTRATION
from placet_api.errors import STATUSES, MethodNotAllowed
from placet_api.openapi.document import document
from placet_api.openapi.services import SERVICES
from placet_api.processmaker.operations import BASE
from placet_api.processmaker.resources import RESOURCES as PEOPLE
from placet_api.ris.resource import Resource
from placet_api.ris.resources import RESOURCES
from tests.acceptance.conftest import RunningServer, serving

DOCUMENT = document(SERVICES)
ID = "0" * 32

Operation = tuple[str, str, dict[str, Any]]


def operations() -> Iterator[Operation]:
    """Path, method and object of every documented operation."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


OPERATIONS = list(operations())
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]


def filled(path: str, operation: dict[str, Any]) -> str:
    """A path with the values of its examples."""
    for each in operation.get("parameters", []):
        if each["in"] == "path":
            value = f";{each['name']}=false" if each.get("style") == "matrix" else each["example"]
            path = path.replace(f"{{{each['name']}}}", value)
    return path


def routed(app: Starlette) -> set[tuple[str, str]]:
    """The methods and paths of the services whose routes are told by a table, as they are documented."""
    found = {(method, route.path) for route in app.routes if isinstance(route, Route) for method in route.methods or ()}
    for prefix in ("/v1", "/RIS/v1"):
        found |= set(methods(prefix, RESOURCES))
    found |= set(methods("/v1", ADMINISTRATION))
    found |= {(method, f"{BASE}/{path}") for path, resource in PEOPLE.items() for method in resource.methods}
    return {(method, path) for method, path in found if method not in ("HEAD", "OPTIONS")}


def methods(prefix: str, resources: Any) -> Iterator[tuple[str, str]]:
    resource: Resource
    for shape, resource in resources.items():
        path = f"{prefix}/{shape}".rstrip("/").replace("*", "{id}")
        yield from ((method, path) for method in resource.methods)
        if resource.schema is not None:
            yield "GET", f"{path}{{schema}}{{debug}}"


def test_the_document_is_valid():
    validate(DOCUMENT)
    assert len(set(NAMES)) == len(NAMES)


def test_each_route_is_documented_and_nothing_else(engine: Engine):
    documented = {(method, path) for path, method, _ in OPERATIONS if "/oauth2/" not in path}

    assert documented == routed(create_app(engine))


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_its_examples_are_what_its_schemas_say(path: str, method: str, operation: dict[str, Any]):
    replies = [*operation["responses"].values(), *([operation["requestBody"]] if "requestBody" in operation else [])]
    for reply in replies:
        if "$ref" in reply:
            reply = DOCUMENT["components"]["responses"][reply["$ref"].rpartition("/")[2]]
        for media in reply.get("content", {}).values():
            schema = media["schema"] | {"components": DOCUMENT["components"]}
            if "example" in media:
                Draft202012Validator(schema).validate(media["example"])
    for each in operation.get("parameters", []):
        if "example" in each:
            Draft202012Validator(each["schema"]).validate(each["example"])


def test_every_status_of_the_code_is_there():
    described = {int(status) for _, _, operation in OPERATIONS for status in operation["responses"]}

    assert described >= {*STATUSES.values(), 500} - {STATUSES[MethodNotAllowed]}


async def test_only_what_says_so_is_open_to_everybody(server: RunningServer):
    for path, method, operation in OPERATIONS:
        answer = await server("").request(method, filled(path, operation))

        assert str(answer.status_code) in operation["responses"], (method, path, answer.text)
        assert (answer.status_code == 401) == bool(operation["security"]), (method, path, answer.text)


async def test_servers_and_links_honour_the_mount_point(engine: Engine):
    host = Starlette(routes=[Mount("/my host", app=create_app(engine))])
    async with serving(host) as url, httpx2.AsyncClient(base_url=url) as client:
        told = (await client.get("/my%20host/openapi.json")).json()
        page = (await client.get("/my%20host/docs")).text

    assert told["servers"] == [{"url": "/my%20host"}]
    assert told["paths"] == DOCUMENT["paths"]
    assert DOCUMENT["servers"] == [{"url": "/"}]
    assert 'href="/my%20host/openapi.json"' in page
    assert "PLACET=http://127.0.0.1:8080/my%20host" in page


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
async def test_a_client_that_has_it_is_not_sent_it_again(server: RunningServer, path: str):
    first = await server("").get(path)
    again = await server("").get(path, headers={"If-None-Match": first.headers["etag"]})
    other = await server("").get(path, headers={"If-None-Match": '"other"'})

    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert (again.content, again.headers["etag"]) == (b"", first.headers["etag"])
    assert first.headers["cache-control"] == "no-cache"


def test_references_lead_somewhere():
    text = str(DOCUMENT)
    for kind, name in re.findall(r"#/components/(\w+)/([\w-]+)", text):
        assert name in DOCUMENT["components"][kind]
    for linked in re.findall(r"'operationId': '(\w+)', 'parameters': \{'", text):
        assert linked in NAMES
