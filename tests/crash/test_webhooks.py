"""A node that is killed while it tells a receiver, or writes down what came of it: no event is lost."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from placet import Engine, ManualClock
from placet.directory.caller import Caller
from placet.settings import Settings
from placet.webhooks.records import Wanted
from tests.crash import node
from tests.crash.child import run, running
from tests.fault_server import FaultServer

SETTINGS = Settings(secret_key="of the tests, 32 characters long", outbound_allow="127.0.0.0/8")
EVENTS = ("process.started", "work_item.assigned")


async def on_their_way(url: str, to: str, how_many: int) -> list[str]:
    """Start processes that a webhook is to be told of; no engine does what follows."""
    async with Engine(settings=SETTINGS.with_values("test", database_url=url), run_jobs=False) as engine:
        system = Caller(None, engine.directory, engine.clock.now())
        await engine.webhooks.add(system, Wanted(name="Theirs", url=to, events=EVENTS))
        starts = (engine.as_system().start("Reminded", initiator="carl") for _ in range(how_many))
        return [found.process.id for found in await asyncio.gather(*starts)]


async def settled_later(url: str) -> None:
    """Let another node go on, once what the killed one had taken is nobody's any more."""
    clock = ManualClock(datetime.now(UTC))
    async with Engine(settings=SETTINGS.with_values("test", database_url=url), clock=clock) as engine:
        await engine.settled()
        clock.move_to(clock.now() + timedelta(days=1))
        await engine.settled()
        system = Caller(None, engine.directory, engine.clock.now())
        for dead in (True, False):
            assert await engine.webhooks.deliveries(system, "Theirs", dead=dead) == []


def come(receiver: FaultServer, process_id: str) -> list[str]:
    """The ids of the events of a process as they arrived."""
    ids = [request.headers["placet-event-id"] for request in receiver.requests]
    return [each for each in ids if each.startswith(process_id)]


def first_of_each(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


@pytest.mark.parametrize("nth", [1, 2, 3])  # events become deliveries, some are taken, what came of them is written
@pytest.mark.parametrize("edge", ["before COMMIT", "after COMMIT"])
async def test_a_node_killed_at_an_edge_loses_no_event(durable_database_url: str, folder: Path, edge: str, nth: int):
    async with FaultServer() as receiver:
        started = await on_their_way(durable_database_url, receiver.url("/ok"), 4)
        assert await run(node.deliver, durable_database_url, folder, edge, nth) == -signal.SIGKILL
        await settled_later(durable_database_url)

        for process_id in started:
            ids = come(receiver, process_id)
            assert first_of_each(ids) == [f"{process_id}-1", f"{process_id}-2"], ids


async def test_a_node_killed_while_it_waits_for_the_answer_sends_the_same_event_again(
    durable_database_url: str, folder: Path
):
    async with FaultServer() as receiver:
        (process_id,) = await on_their_way(durable_database_url, receiver.url("/held"), 1)
        async with running(node.deliver, durable_database_url, folder) as child:
            await receiver.wait_for(1)
            child.kill()
            await child.killed()
        receiver.release.set()
        await settled_later(durable_database_url)

        assert come(receiver, process_id) == [f"{process_id}-1", f"{process_id}-1", f"{process_id}-2"]
