"""The application as a whole: below other applications, started by its settings, and no link that leads nowhere."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from placet import Engine, Settings
from placet.directory.sign_in import Verified
from placet_api import create_app, serve_app
from tests.acceptance.conftest import DEFINITIONS, LEAVE, RunningServer, rest_authorization, serving

DAYS = {"DataItems": [{"Name": "days", "Value": 3}]}

pytestmark = pytest.mark.usefixtures("without_jobs")


def links_in(value: Any) -> Iterator[str]:
    """Every link in a JSON value that is not empty."""
    if isinstance(value, list):
        for each in value:
            yield from links_in(each)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name == "Link" and member:
                yield member
            elif name != "Link":
                yield from links_in(member)


async def crawl(client: httpx2.AsyncClient, start: str) -> dict[str, int]:
    """The status of everything that can be reached from a path by links, those of pages included."""
    seen: dict[str, int] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        answer = await client.get(path)
        seen[path] = answer.status_code
        waiting += [*links_in(answer.json()), *(each["url"] for each in answer.links.values())]
    return seen


@pytest.mark.parametrize("prefix", ["/v1", "/RIS/v1"])
async def test_no_link_leads_nowhere(server: RunningServer, prefix: str):
    for _ in range(3):
        process_id = await server.start("anna")
    await server.act("ben", await server.item(process_id), "Approve")
    await server.engine.as_system().retire("Role Approval")

    for user in ("anna", "ben", "clara", "dora", "admin"):
        for start in (prefix, f"{prefix}/wf/processes?limit=1", f"{prefix}/wf/workitems?limit=1&filter=Status%3D2"):
            seen = await crawl(server(user), start)
            assert set(seen.values()) == {200}, (user, seen)
            assert all(path.startswith(prefix) for path in seen), user


async def test_mounted_in_another_application(engine: Engine):
    """The host serves its own routes, and links below the mount point lead back to it."""

    async def own(request: Request) -> Response:
        return PlainTextResponse("host")

    inner = Starlette(routes=[Mount("/flow", app=create_app(engine))])
    host = Starlette(routes=[Route("/own", own), Mount("/my host", app=inner)])
    headers = {"RESTAuthorization": rest_authorization("anna")}
    async with serving(host) as url, httpx2.AsyncClient(base_url=url, headers=headers) as client:
        assert (await client.get("/own")).text == "host"
        start = f"/my host/flow/RIS/v1/wf/definitions/{LEAVE};debug"
        started = await client.post(start, json={"DataItems": [{"Name": "days", "Value": 1}]})
        assert started.headers["location"].startswith("/my%20host/flow/RIS/v1/wf/processes/")
        seen = await crawl(client, "/my%20host/flow/RIS/v1")

    assert started.headers["location"] in seen
    assert set(seen.values()) == {200}


async def test_below_the_root_path_of_a_proxy(engine: Engine):
    transport = httpx2.ASGITransport(create_app(engine), root_path="/behind")
    headers = {"RESTAuthorization": rest_authorization("anna")}
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        answer = await client.get("/behind/v1")

    assert answer.json()[0]["Link"] == "/behind/v1/wf/definitions"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_told_to_everybody(engine: Engine, path: str):
    async with serving(create_app(engine)) as url, httpx2.AsyncClient(base_url=url) as client:
        answers = {method: await client.request(method, path) for method in ("GET", "HEAD", "OPTIONS", "POST")}

    assert [each.status_code for each in answers.values()] == [200, 200, 204, 405]
    for method in ("OPTIONS", "POST"):
        assert set(answers[method].headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answers["POST"].json()["Fault"]["Code"]["Subcode"]["Value"] == "MethodNotAllowed"


def fill_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database refuse every commit."""

    async def commit(last: object = None) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    for lane in engine.store._lanes:
        monkeypatch.setattr(lane._connection, "commit", commit)


async def test_a_node_whose_database_takes_no_writes_is_not_ready(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def ready() -> httpx2.Response:
        return await server("").get("/readyz")

    with monkeypatch.context() as until_there_is_room:
        fill_up(server.engine, until_there_is_room)
        assert (await ready()).status_code == 200  # nobody has written, so nothing is known
        refused = await server("anna").post(f"/v1/wf/definitions/{LEAVE}", json=DAYS)
        full = [await ready(), *await asyncio.gather(ready(), ready())]
    again = await ready()

    assert refused.status_code == 503
    for each in full:
        assert (each.status_code, each.headers["retry-after"]) == (503, "1")
        assert "The database cannot take this now; try" in each.json()["Fault"]["Reason"]["Text"]
    assert len([line for line in caplog.records if "database or disk is full" in getattr(line, "error", "")]) >= 4
    assert again.status_code == 200  # nobody sends commands to a node that is not ready: it has tried by itself


async def test_a_command_that_is_stored_makes_a_node_ready(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as until_there_is_room:
        fill_up(server.engine, until_there_is_room)
        await server("anna").post(f"/v1/wf/definitions/{LEAVE}", json=DAYS)
    await server.start()

    async def untried(work: object) -> None:
        raise AssertionError("nothing is left to try")

    monkeypatch.setattr(server.engine._readiness, "_write", untried)
    assert (await server("").get("/readyz")).status_code == 200


async def test_an_application_that_opens_its_own_engine(empty_database_url: str):
    """It makes its tables, loads its definitions and tells the password of the administrator once."""
    settings = Settings(database_url=empty_database_url).with_values("test", definitions=str(DEFINITIONS))
    told: list[str] = []

    for _ in range(2):
        app = serve_app(settings, tell_password=told.append)
        async with serving(app, lifespan="on") as url, httpx2.AsyncClient(base_url=url) as client:
            assert (await client.get("/readyz")).status_code == 200
            headers = {"RESTAuthorization": rest_authorization("admin", told[0])}
            answer = await client.get("/v1/wf/definitions", headers=headers)
            assert len(answer.json()) == len(list(DEFINITIONS.glob("*.yaml")))
        assert not app.state.engine.is_open

    assert len(told) == 1


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def save(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value))


async def test_people_that_another_program_has_loaded_can_sign_in(
    server: RunningServer, database_url: str, people_file: Path, tmp_path: Path
):
    eve = load(people_file)["users"][0] | {"usr_username": "eve"}
    save(tmp_path / "more.json", {"users": [eve]})
    async with Engine(database_url, run_jobs=False) as other:
        await other.as_system().load_people(tmp_path / "more.json")

    assert (await server("eve").get("/v1")).status_code == 200


async def test_who_is_made_inactive_is_turned_away(server: RunningServer, people_file: Path, tmp_path: Path):
    assert (await server("dora").get("/v1")).status_code == 200
    dora = next(each for each in load(people_file)["users"] if each["usr_username"] == "dora")
    save(tmp_path / "changed.json", {"users": [dora | {"usr_status": "INACTIVE"}]})
    await server.engine.as_system().load_people(tmp_path / "changed.json")

    assert (await server("dora").get("/v1")).status_code == 401
    assert (await server("anna").get("/v1")).status_code == 200


async def test_a_sign_in_that_is_older_than_the_directory_does_not_count(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
):
    gone = server.engine.directory.person("gone")
    known = Verified(gone, "a stamp", "a hash", 0, server.clock.now(), server.clock.now())
    monkeypatch.setattr(server.engine.sign_in, "cached", lambda user, password: known)

    assert (await server("gone").get("/v1")).status_code == 401


async def test_a_changed_name_is_shown_and_changes_the_entity_tag(
    server: RunningServer, people_file: Path, tmp_path: Path
):
    path = f"/v1/wf/processes/{await server.start('anna')}"
    before = await server("ben").get(path)
    anna = next(each for each in load(people_file)["users"] if each["usr_username"] == "anna")
    save(tmp_path / "changed.json", {"users": [anna | {"usr_lastname": "Holm"}]})
    await server.engine.as_system().load_people(tmp_path / "changed.json")

    after = await server("ben").get(path, headers={"If-None-Match": before.headers["etag"]})

    assert before.json()["Initiator"]["Value"] == "Anna Berg"
    assert after.json()["Initiator"]["Value"] == "Anna Holm"
