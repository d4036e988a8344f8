"""`/healthz` and `/readyz` while the database is away, and what anybody is told of it: the operator knows more."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import httpx2
import pytest

from placet import Engine, ManualClock, readiness
from placet.errors import Unavailable
from placet.store.database import postgres
from placet.store.database.sqlite import sqlite_path
from placet.store.database.sqlite_connection import was_removed
from placet_api import create_app
from tests.acceptance.browsing import signed_in
from tests.acceptance.conftest import LEAVE, SETTINGS, RunningServer, rest_authorization, serving
from tests.conftest import Contents
from tests.crash.proxy import Proxy, proxied
from tests.postgres import Server

Wired = tuple[httpx2.AsyncClient, Engine, Proxy]
ROLE, DATABASE = "registrar", "registry"


@pytest.fixture
async def wired(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wired]:
    """A client, an engine on PostgreSQL, and the wire between it and its database."""
    for what in ("WRITE_SECONDS", "READ_SECONDS", "CONNECT_SECONDS"):
        monkeypatch.setattr(postgres, what, 1.0)
    monkeypatch.setattr(readiness, "PATIENCE_SECONDS", 0.5)
    async with (
        proxied(database_url) as (url, proxy),
        Engine(url, run_jobs=False) as engine,
        serving(create_app(engine)) as address,
        httpx2.AsyncClient(base_url=address) as client,
    ):
        yield client, engine, proxy


async def until_ready(client: httpx2.AsyncClient, status: int) -> str:
    """Ask until the answer has this status, and give it."""
    async with asyncio.timeout(30):
        while (answer := await client.get("/readyz")).status_code != status:
            assert (await client.get("/healthz")).status_code == 200
    return answer.text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_node_finds_out_by_itself_that_its_database_says_nothing(wired: Wired):
    client, _, proxy = wired
    assert (await client.get("/readyz")).status_code == 200

    proxy.fall_silent(for_good=True)
    told = await until_ready(client, 503)

    assert "has not answered within 0.5 s" in told
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_a_node_finds_out_by_itself_that_its_database_is_away(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
):
    async def away(work: object, **options: object) -> None:
        raise Unavailable("The database is away.")

    assert (await server("").get("/readyz")).status_code == 200
    with monkeypatch.context() as for_a_while:
        for_a_while.setattr(server.engine._database, "read", away)
        for_a_while.setattr(server.engine._readiness, "succeeded", lambda: None)  # what a beat shows once a second
        assert (await server("").get("/readyz")).status_code == 200  # as was seen just now
        server.clock.move(seconds=1)
        refused = await server("").get("/readyz")
    server.clock.move(seconds=1)

    assert refused.status_code == 503
    assert "The database is away." in refused.json()["Fault"]["Reason"]["Text"]
    assert (await server("").get("/healthz")).status_code == 200
    assert (await server("").get("/readyz")).status_code == 200


# -- what is told of it ------------------------------------------------------------------------------


@pytest.fixture
async def registry(people_and_definitions: Contents) -> AsyncIterator[Server]:
    """A server of its own, with a role whose database has people and definitions."""
    server = Server()
    administrator = await asyncpg.connect(f"{server.address}/postgres")
    await administrator.execute(f"CREATE ROLE {ROLE} LOGIN")
    await administrator.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    await administrator.close()
    await people_and_definitions(url_of(server))
    yield server
    server.stop()


def url_of(server: Server) -> str:
    return f"{server.address}/{DATABASE}".replace("postgres@", f"{ROLE}@")


async def shut_out(server: Server) -> None:
    """Let the role in no more, and end its sessions."""
    administrator = await asyncpg.connect(f"{server.address}/postgres")
    await administrator.execute(f"ALTER ROLE {ROLE} NOLOGIN")
    await administrator.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}'")
    await administrator.close()


async def stop(server: Server) -> None:
    server.stop()


@pytest.mark.parametrize(
    ("lose", "told", "logged"),
    [
        (stop, "The database cannot be reached; try again in a moment.", "Connect call failed ('127.0.0.1', {port})"),
        (shut_out, "The database does not let this engine in; the log", f'role "{ROLE}" is not permitted to log in'),
    ],
)
async def test_why_a_database_is_away_is_told_to_the_operator_alone(
    registry: Server,
    lose: Callable[[Server], Awaitable[None]],
    told: str,
    logged: str,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
):
    said = []
    async with (
        Engine(url_of(registry), settings=SETTINGS, clock=clock, run_jobs=False) as engine,
        serving(create_app(engine)) as address,
    ):
        server = RunningServer(address, engine, clock)
        nobody, browser = server(""), await signed_in(server, "anna")
        await lose(registry)
        clock.move(seconds=2)
        async with asyncio.timeout(30):
            while not said or told not in said[-1]:  # before that the connections that were open are found dead
                said.append(await until_ready(nobody, 503))
        caplog.clear()
        answers = [
            await nobody.get("/readyz"),
            await nobody.get("/api/1.0/workflow/users", headers={"Authorization": f"Bearer {'a' * 40}"}),
            await nobody.get("/v1/wf/processes", headers={"RESTAuthorization": rest_authorization("ben")}),
            await server("anna").post(f"/v1/wf/definitions/{LEAVE}", json={}),
            await browser.get("/console/inbox"),
        ]
        page = await browser.page("/inbox", expected=503)
        await server.close()

    assert [answer.status_code for answer in answers] == [503] * 5
    said += [answer.text for answer in answers[:-1]] + [page]
    assert all(told in text for text in said[-6:])
    for inside in (ROLE, DATABASE, str(registry.port), "127.0.0.1", "Errno", "connect", "permitted", "database_url"):
        assert not [text for text in said if inside in text]
    lines = {each.request_id: each.error for each in caplog.records if each.message == "a request could not be served"}
    for answer in answers:
        assert logged.format(port=registry.port) in lines[answer.headers["x-request-id"]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_where_a_file_was_that_is_gone_is_told_to_the_operator_alone(
    server: RunningServer, database_url: str, caplog: pytest.LogCaptureFixture
):
    file = sqlite_path(database_url)
    os.rename(file, f"{file}.away")
    answers = [
        await server("anna").post(f"/v1/wf/definitions/{LEAVE}", json={}),
        await server("anna").get("/v1/events?q=Kind+%3D+process.started"),  # on a connection that is not open yet
    ]
    os.rename(f"{file}.away", file)

    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert file not in answer.text
    lines = {each.request_id: each.error for each in caplog.records if each.message == "a request could not be served"}
    assert {answer.headers["x-request-id"] for answer in answers} <= lines.keys()
    assert file in str(was_removed(file))  # which is what the log has, unless SQLite itself was the first to see it
