"""The service inside a host's own application, as the page on embedding promises: in Starlette and in FastAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx2
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from placet import Engine
from placet_api import create_app
from tests.acceptance.conftest import LEAVE, rest_authorization, serving
from tests.acceptance.test_ris_application import crawl

Host: TypeAlias = Starlette
Lifespan: TypeAlias = Callable[[Any], Any]

HOST_SAYS = {"from": "the host"}


def a_starlette(lifespan: Lifespan | None = None) -> Host:
    async def own(request: Request) -> Response:
        return JSONResponse(HOST_SAYS)

    async def faulty(request: Request, failure: Exception) -> Response:
        assert isinstance(failure, HTTPException)
        return JSONResponse(HOST_SAYS, failure.status_code)

    return Starlette(routes=[Route("/own", own)], exception_handlers={404: faulty, 405: faulty}, lifespan=lifespan)


def a_fastapi(lifespan: Lifespan | None = None) -> Host:
    host = FastAPI(lifespan=lifespan)

    @host.get("/own")
    async def own() -> dict[str, str]:
        return HOST_SAYS

    @host.exception_handler(404)
    @host.exception_handler(405)
    async def faulty(request: Request, failure: HTTPException) -> Response:
        return JSONResponse(HOST_SAYS, failure.status_code)

    return host


@pytest.fixture(params=[a_starlette, a_fastapi])
def make_host(request: pytest.FixtureRequest) -> Callable[..., Host]:
    made: Callable[..., Host] = request.param
    return made


@pytest.fixture
async def client(make_host: Callable[..., Host], engine: Engine) -> AsyncIterator[httpx2.AsyncClient]:
    """Anna's, to a host that has the service at `/workflow`."""
    host = make_host()
    host.mount("/workflow", create_app(engine))
    headers = {"RESTAuthorization": rest_authorization("anna")}
    async with serving(host) as url, httpx2.AsyncClient(base_url=url, headers=headers) as client:
        yield client


async def test_every_link_leads_back_below_the_mount_point(client: httpx2.AsyncClient):
    started = await client.post(
        f"/workflow/v1/wf/definitions/{LEAVE}", json={"DataItems": [{"Name": "days", "Value": 1}]}
    )
    seen = await crawl(client, "/workflow/v1") | await crawl(client, "/workflow/RIS/v1")

    assert started.headers["location"] in seen
    assert set(seen.values()) == {200}
    assert all(path.startswith(("/workflow/v1", "/workflow/RIS/v1")) for path in seen)
    assert (await client.get("/own")).json() == HOST_SAYS


async def test_matrix_parameters_work_below_it(client: httpx2.AsyncClient):
    for path in ("v1/wf/definitions;debug", "v1;debug/wf/definitions", "RIS/v1/wf;debug/definitions"):
        plain = await client.get(f"/workflow/{path.replace(';debug', '')}")
        indented = await client.get(f"/workflow/{path}")
        schema = await client.get(f"/workflow/{path.replace(';debug', ';schema')}")

        assert indented.json() == plain.json() != schema.json(), path
        assert "\n" in indented.text, path
        assert "\n" not in plain.text, path
        assert schema.json()["DefinitionInfo"]["description"].startswith("schema for"), path


async def test_below_it_refusals_are_faults_of_the_service(client: httpx2.AsyncClient):
    for method, path, status, text in (
        ("GET", "/workflow/", 404, "The services are at /workflow/v1, /workflow/RIS/v1 and /workflow/api/1.0;"),
        ("GET", "/workflow/own", 404, "/workflow/docs describes them."),
        ("GET", "/workflow/v1/wf/nothing", 404, "There is no resource '/workflow/v1/wf/nothing'"),
        ("DELETE", "/workflow/v1/wf/definitions", 405, "/workflow/v1/wf/definitions does not take DELETE"),
        ("POST", "/workflow/healthz", 405, "/workflow/healthz"),
    ):
        answer = await client.request(method, path)

        assert answer.status_code == status, path
        assert answer.json()["Fault"]["Code"]["Value"] == "Sender", path
        assert text in answer.json()["Fault"]["Reason"]["Text"]
        assert ("allow" in answer.headers) == (status == 405), path


async def test_outside_they_are_the_hosts(client: httpx2.AsyncClient):
    for method, path, status in (
        ("GET", "/v1", 404),
        ("GET", "/workflows", 404),
        ("GET", "/healthz", 404),
        ("DELETE", "/own", 405),
    ):
        answer = await client.request(method, path)

        assert (answer.status_code, answer.json()) == (status, HOST_SAYS), path


async def test_the_host_opens_and_closes_the_engine(make_host: Callable[..., Host], database_url: str):
    engine = Engine(database_url)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with engine:
            yield

    host = make_host(lifespan)
    host.mount("/workflow", create_app(engine))
    async with serving(host, lifespan="on") as url, httpx2.AsyncClient(base_url=url) as client:
        assert (await client.get("/workflow/readyz")).status_code == 200
        assert (await client.get("/workflow/v1")).status_code == 401

    assert not engine.is_open


async def test_a_host_that_forgets_to_is_told(make_host: Callable[..., Host], database_url: str):
    host = make_host()
    host.mount("/workflow", create_app(Engine(database_url)))
    async with serving(host) as url, httpx2.AsyncClient(base_url=url) as client:
        ready, asked = await client.get("/workflow/readyz"), await client.get("/workflow/v1")

    assert ready.status_code == asked.status_code == 503
    assert "The engine is not open" in asked.json()["Fault"]["Reason"]["Text"]
