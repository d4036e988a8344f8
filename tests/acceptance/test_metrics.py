"""`/metrics`: who may read it, in which format, and what it says of requests; and their ids and log lines."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as text_format
from starlette.applications import Starlette
from starlette.routing import Mount

from placet import Engine, ManualClock
from placet.errors import Unavailable
from placet.log import get_logger
from placet_api import create_app
from tests.acceptance.conftest import LEAVE, SETTINGS, RunningServer, rest_authorization, serving
from tests.programs import Placet, until

TOKEN = "of the scraper+/=".replace(" ", "-")
OPEN_METRICS = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1"


def values(text: str, name: str) -> dict[tuple[str, ...], float]:
    """The samples of one name, by the values of their labels, whose names are in order."""
    found = (sample for family in text_format(text) for sample in family.samples if sample.name == name)
    return {tuple(sample.labels.values()): sample.value for sample in found}


async def figures(server: RunningServer) -> str:
    return (await server("").get("/metrics")).text


# -- who may read it -------------------------------------------------------------------------------


@pytest.fixture
async def behind(engine: Engine) -> AsyncIterator[Any]:
    """Asks `/metrics` as a client at some address would."""

    async def ask(client: tuple[str, int] | None, **headers: str) -> httpx2.Response:
        transport = httpx2.ASGITransport(create_app(engine), client=client)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as asking:
            return await asking.get(
                "/metrics", headers={name.replace("_", "-"): each for name, each in headers.items()}
            )

    return ask


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
async def test_this_machine_may(behind: Any, address: str):
    assert (await behind((address, 1))).status_code == 200


@pytest.mark.parametrize("host", ["LocalHost:8080", "127.0.0.1", "[::1]:8080", socket.gethostname()])
async def test_by_any_name_that_it_has_itself(behind: Any, host: str):
    assert (await behind(("127.0.0.1", 1), Host=host)).status_code == 200


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", {}),
        ("10.0.0.1", {}),
        ("not an address", {}),
        ("127.0.0.1", {"X_Forwarded_For": "192.0.2.7"}),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"Host": "placet.example.org"}),
        ("127.0.0.1", {"Host": "127.0.0.1.example.org:8080"}),
        ("127.0.0.1", {"X_Real_IP": "127.0.0.1"}),
        ("192.0.2.7", {"Authorization": "Bearer "}),
    ],
)
async def test_nobody_else_may_without_a_token(behind: Any, address: str, headers: dict[str, str]):
    answer = await behind((address, 1), **headers)

    assert answer.status_code == 403
    assert "set metrics_token" in answer.json()["Fault"]["Reason"]["Text"]


@pytest.fixture
async def with_token(database_url: str, clock: ManualClock) -> AsyncIterator[httpx2.AsyncClient]:
    settings = replace(SETTINGS, metrics_token=TOKEN)
    async with (
        Engine(database_url, settings=settings, clock=clock) as engine,
        serving(create_app(engine)) as url,
        httpx2.AsyncClient(base_url=url) as client,
    ):
        yield client


async def test_with_a_token_it_takes_the_token(with_token: httpx2.AsyncClient):
    for given in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Secret {TOKEN}"},
    ):
        answer = await with_token.get("/metrics", headers=given)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="Placet metrics"')
        assert TOKEN not in answer.text
    for given in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
        assert (await with_token.get("/metrics", headers={"Authorization": given})).status_code == 200


# -- formats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [None, "*/*", "text/plain;version=0.0.4", "application/json", "nonsense,;q=x"])
async def test_it_is_the_text_of_prometheus(server: RunningServer, accept: str | None):
    answer = await server("").get("/metrics", headers={} if accept is None else {"Accept": accept})

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert {family.name for family in text_format(answer.text)} > {"placet_starts", "process_resident_memory_bytes"}


@pytest.mark.parametrize(
    "accept", [OPEN_METRICS, "application/openmetrics-text", "application/openmetrics-text; version=x; escaping=y"]
)
async def test_it_is_open_metrics_for_who_likes_that(server: RunningServer, accept: str):
    await server.start()

    answer = await server("").get("/metrics", headers={"Accept": accept})

    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in open_metrics(answer.text)} > {"placet_starts", "placet_command_seconds"}


# -- what it says ----------------------------------------------------------------------------------


async def test_requests_are_told_by_the_route_and_never_by_the_path(server: RunningServer):
    process_id = await server.start()
    await server("anna").get(f"/v1/wf/processes/{process_id}")
    await server("anna").get(f"/RIS/v1/wf/processes/{process_id};debug")
    await server("admin").get("/api/1.0/workflow/role/0123456789abcdef0123456789abcdef")
    await server("").get("/console/sign-in")
    await server("").post("/workflow/oauth2/token", data={"grant_type": "none"})
    for odd in ("/v1/secret", "/secret", "/api/1.0/workflow/secret", "/console/secret", "/v1/wf/secret/x"):
        await server("anna").get(odd)
    await server("").request("PROPFIND", "/healthz")

    text = await figures(server)

    assert "secret" not in text
    assert process_id not in text
    found = values(text, "placet_http_request_seconds_count")
    assert found["POST", "/v1/wf/definitions/{id}", "204"] == 1
    assert found["GET", "/v1/wf/processes/{id}", "200"] == found["GET", "/RIS/v1/wf/processes/{id}", "200"] == 1
    assert found["GET", "/api/1.0/{workspace}/role/{rol_uid}", "400"] == 1
    assert {route for _, route, _ in found} >= {"/console/sign-in", "/{workspace}/oauth2/token"}
    assert sum(number for (_, route, _), number in found.items() if route == "unmatched") == 6
    assert ("OTHER", "unmatched", "405") in found
    assert values(text, "placet_http_requests_in_progress") == {(): 1}


async def test_what_a_person_starts_is_counted(server: RunningServer):
    for _ in range(3):
        await server.start()

    text = await figures(server)

    assert values(text, "placet_starts_total") == {("Leave request",): 3}
    assert values(text, "placet_decisions_total") == {("StartProcess", "done"): 3}
    assert values(text, "placet_commands_waiting") == {(): 0}
    assert values(text, "placet_engine_status") == {
        ("Starting",): 0, ("Running",): 1, ("Draining",): 0, ("Shutdown",): 0
    }  # fmt: skip
    assert values(text, "placet_directory_version")[()] == server.engine.directory.version > 0


async def test_who_follows_events_is_counted(server: RunningServer):
    async with server("anna").stream("GET", "/v1/events", headers={"Accept": "text/event-stream"}) as stream:
        assert stream.status_code == 200
        text = await figures(server)
        assert values(text, "placet_event_streams") == values(text, "placet_event_readers") == {(): 1}

    async with asyncio.timeout(20):
        while values(await figures(server), "placet_event_streams") != {(): 0}:
            await server.start()  # it finds out that its client has gone when it has something to send


async def test_an_engine_that_is_closed_still_tells_what_it_counted(server: RunningServer):
    await server.start()
    server.engine.is_open = False

    text = await figures(server)

    server.engine.is_open = True
    assert values(text, "placet_starts_total") == {("Leave request",): 1}
    assert values(text, "placet_engine_status")["Running",] == 0


async def test_below_a_mount_the_routes_are_the_same(engine: Engine):
    host = Starlette(routes=[Mount("/here", app=create_app(engine))])
    headers = {"RESTAuthorization": rest_authorization("anna")}
    async with serving(host) as url, httpx2.AsyncClient(base_url=f"{url}/here", headers=headers) as client:
        await client.get("/v1/wf/definitions")
        text = (await client.get("/metrics")).text

    assert ("GET", "/v1/wf/definitions", "200") in values(text, "placet_http_request_seconds_count")


# -- ids and log lines -----------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["4711", "A.b_c:d/e+f=g@h-i", "x" * 128])
async def test_a_request_keeps_the_id_that_it_comes_with(server: RunningServer, given: str):
    for path in ("/healthz", "/v1", "/nowhere", "/console/sign-in"):
        answer = await server("").get(path, headers={"X-Request-Id": given})
        assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "with space", "ä", "x" * 129, "-begins-with-a-dash", '"quoted"'])
async def test_another_one_gets_a_new_id(server: RunningServer, given: str):
    headers = [(b"x-request-id", given.encode("latin-1"))]

    ids = [(await server("").get("/healthz", headers=headers)).headers["x-request-id"] for _ in range(2)]

    assert given not in ids
    assert len(set(ids)) == 2


async def test_a_log_line_names_the_request_and_the_process(server: RunningServer, caplog: Any, monkeypatch: Any):
    process_id = await server.start()

    def broken(*args: Any, **options: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(server.engine, "process", broken)
    with caplog.at_level(logging.DEBUG, "placet.api.access"):
        await server("anna").get(f"/v1/wf/processes/{process_id}", headers={"X-Request-Id": "R1"})
    failed, line = caplog.records

    assert (failed.getMessage(), failed.request_id, failed.process_id) == ("a request failed", "R1", process_id)
    assert (line.getMessage(), line.levelname, line.request_id) == ("request", "DEBUG", "R1")
    assert (line.method, line.route, line.status) == ("GET", "/v1/wf/processes/{id}", "500")


async def test_a_line_about_a_command_names_its_process(server: RunningServer, caplog: Any, monkeypatch: Any):
    async def noting(command: Any) -> Any:
        get_logger("placet.engine").warning("of a command")
        raise Unavailable("It is away.")

    monkeypatch.setattr(server.engine, "_decided", noting)
    await server("anna").post(f"/v1/wf/definitions/{LEAVE}", json={"DataItems": []}, headers={"X-Request-Id": "R1"})

    (line,) = (each for each in caplog.records if each.getMessage() == "of a command")
    assert line.request_id == "R1"
    assert len(line.process_id) == 32


def test_at_level_debug_a_node_logs_each_request_as_json(tmp_path: Path):
    (tmp_path / "definitions").mkdir()
    with Placet(tmp_path, {"PLACET_LOG_LEVEL": "debug"}).serve() as node:
        httpx2.get(f"{node.url}/healthz", headers={"X-Request-Id": "R1"})
        until(lambda: '"R1"' in node.log())
        line = next(json.loads(each) for each in node.log().splitlines() if '"R1"' in each)

    assert line.pop("ms") >= 0
    assert {name: line[name] for name in ("event", "level", "method", "route", "status", "request_id")} == {
        "event": "request", "level": "debug", "method": "GET", "route": "/healthz", "status": "200", "request_id": "R1"
    }  # fmt: skip
