"""What a node was doing when it died or was stopped goes on in another within three seconds, and once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from placet import Engine
from placet.directory.caller import Caller
from placet.settings import Settings
from placet.store import taking
from placet.webhooks.records import Wanted
from tests.crash import node
from tests.crash.child import running
from tests.crash.invariants import broken, stored
from tests.crash.test_connections import restart
from tests.fault_server import FaultServer
from tests.postgres import Server

pytestmark = pytest.mark.parametrize("durable_database_url", ["postgresql"], indirect=True)

SETTINGS = Settings(secret_key="of the tests, 32 characters long", outbound_allow="127.0.0.0/8")
PROMISED_SECONDS = 3
BOOK = """
name: Book
start: call
activities:
  call: {kind: connector, name: Call, connector: Booking, paths: {success: done}}
  done: {kind: finish}
"""
CONNECTOR = """
services: {{Bookings: {{}}}}
connectors:
  Booking: {{service: Bookings, method: POST, url: {url}, timeout: 60s}}
"""


@asynccontextmanager
async def a_node(url: str, *, run_jobs: bool = True) -> AsyncIterator[Engine]:
    settings = SETTINGS.with_values("test", database_url=url)
    async with Engine(settings=settings, run_jobs=run_jobs) as engine:
        yield engine


async def booked(url: str, service: FaultServer, how_many: int = 1) -> list[str]:
    """Start processes that call a service; no engine does that yet."""
    async with a_node(url, run_jobs=False) as engine:
        await connect(engine, service)
        system = engine.as_system()
        return [(await system.start("Book", initiator="carl")).process.id for _ in range(how_many)]


async def connect(engine: Engine, service: FaultServer) -> None:
    caller = Caller(None, engine.directory, engine.clock.now())
    await engine.connectors.import_text(caller, CONNECTOR.format(url=service.url("/held")), "connectors.yaml")
    await engine.as_system().deploy(BOOK)


async def seconds_until(service: FaultServer, count: int) -> float:
    """How long it takes until so many requests have come."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await service.wait_for(count)
    return loop.time() - began


async def test_a_call_of_a_killed_node_is_made_by_another(durable_database_url: str, folder: Path):
    async with FaultServer() as service:
        (process_id,) = await booked(durable_database_url, service)
        async with running(node.deliver, durable_database_url, folder) as child:
            await service.wait_for(1)
            async with a_node(durable_database_url) as engine:
                child.kill()
                assert await seconds_until(service, 2) <= PROMISED_SECONDS
                service.release.set()
                await engine.settled()

        first, second = service.requests
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    found = await stored(durable_database_url)
    assert broken(found) == []
    assert len(found.kinds(process_id, "call.succeeded")) == 1


@pytest.mark.parametrize("wakes_first", [True, False])
async def test_a_node_that_was_stopped_changes_nothing_when_it_wakes_up(
    durable_database_url: str, folder: Path, wakes_first: bool
):
    """Whether the call of the node that has taken over is still under way then, or is over."""
    async with FaultServer() as service:
        (process_id,) = await booked(durable_database_url, service)
        async with running(node.deliver, durable_database_url, folder) as child:
            await service.wait_for(1)
            async with a_node(durable_database_url) as engine:
                child.signal(signal.SIGSTOP)
                assert await seconds_until(service, 2) <= PROMISED_SECONDS
                if wakes_first:
                    child.signal(signal.SIGCONT)
                service.release.set()
                await engine.settled()
                child.signal(signal.SIGCONT)
                assert await child.ended() == 0, "".join(child.output)
                assert await engine.store.read(taking.under_way) == {}

        assert len(service.requests) == 2
    found = await stored(durable_database_url)
    assert broken(found) == []
    assert len(found.kinds(process_id, "call.succeeded")) == 1


async def test_an_event_of_a_killed_node_is_told_by_another(durable_database_url: str, folder: Path):
    async with FaultServer() as receiver:
        async with a_node(durable_database_url, run_jobs=False) as engine:
            system = Caller(None, engine.directory, engine.clock.now())
            await engine.webhooks.add(
                system, Wanted(name="Theirs", url=receiver.url("/held"), events=("process.started",))
            )
            await engine.as_system().start("Reminded", initiator="carl")
        async with running(node.deliver, durable_database_url, folder) as child:
            await receiver.wait_for(1)
            async with a_node(durable_database_url):
                child.kill()
                assert await seconds_until(receiver, 2) <= PROMISED_SECONDS

        first, second = receiver.requests
        assert first.headers["placet-event-id"] == second.headers["placet-event-id"]


async def test_calls_go_on_when_the_server_restarts(durable_database_url: str, people_file: Path):
    server = Server()
    try:
        url = f"{server.address}/postgres"
        async with FaultServer() as service:
            async with a_node(url) as engine:
                await engine.as_system().load_people(people_file)
                await connect(engine, service)
                hanging = (await engine.as_system().start("Book", initiator="carl")).process.id
                await service.wait_for(1)
                await restart(url)
                later = (await engine.as_system().start("Book", initiator="carl")).process.id
                await service.wait_for(2)
                service.release.set()
                await engine.settled()
            found = await stored(url)
    finally:
        server.stop()

    assert broken(found) == []
    assert [len(found.kinds(each, "call.succeeded")) for each in (hanging, later)] == [1, 1]
    assert len(service.requests) == 2  # what was under way here went on here
