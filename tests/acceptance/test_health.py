"""`/healthz` and `/readyz` while the database is away: the program runs, and is to be sent nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from placet import Engine, readiness
from placet.errors import Unavailable
from placet.store.database import postgres
from placet_api import create_app
from tests.acceptance.conftest import RunningServer, serving
from tests.crash.proxy import Proxy, proxied

Wired = tuple[httpx2.AsyncClient, Engine, Proxy]


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
