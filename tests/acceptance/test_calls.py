"""Calls in processes against a server that does everything wrong: each ends on its path or in an incident."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from placet import Engine, ManualClock, ProcessStatus
from placet.directory.caller import Caller
from placet.jobs.calls import CallRunner
from tests.acceptance.conftest import SETTINGS
from tests.fault_server import FaultServer, refused_url
from tests.programs import Node, Placet, until

OUTBOUND = replace(SETTINGS, outbound_allow="127.0.0.0/8", outbound_bytes=100_000)

DEFINITION = """
name: {name}
data: {{found: {{type: json}}, who: {{type: string}}}}
start: call
activities:
  call:
    kind: connector
    name: Call it
    connector: Faulty
    inputs: {{who: "has(data.who) ? data.who : null"}}
    outputs: {{found: response.message.ok}}
    paths: {{success: done{ways}}}
{steps}
  done: {{kind: finish}}
"""
UNDRAWN = DEFINITION.format(name="Undrawn", ways="", steps="")
DRAWN = DEFINITION.format(
    name="Drawn",
    ways=", fault: fault, timedout: timedout",
    steps="""
  fault: {kind: mapping, set: {who: "'fault'"}, next: done}
  timedout: {kind: mapping, set: {who: "'timedout'"}, next: done}
""",
)
CONNECTOR = """
services: {{Faults: {{limits: {{breaker_failures: {failures}}}}}}}
connectors:
  Faulty:
    service: Faults
    method: POST
    url: {url}
    parameters: {{who: {{in: body}}}}
    timeout: 1s
    retry: {{attempts: {attempts}, first: 1s, longest: 60s}}
"""


@dataclass
class Calling:
    """An engine, what it calls, and its clock."""

    engine: Engine
    faults: FaultServer
    clock: ManualClock

    async def connect(self, url: str, *, attempts: int = 3, failures: int = 100) -> None:
        """Have the connector call a URL."""
        text = CONNECTOR.format(url=url, attempts=attempts, failures=failures)
        caller = Caller(None, self.engine.directory, self.clock.now())
        await self.engine.connectors.import_text(caller, text, "connectors.yaml")

    async def start(self, definition: str, **data: Any) -> str:
        return (await self.engine.as_system().start(definition, initiator="anna", data=data)).process.id

    async def run_out(self) -> None:
        """Let every try be made, however long it waits for the next."""
        for _ in range(8):
            await self.engine.settled()
            self.clock.move(minutes=2)

    async def incident(self, process_id: str) -> Any:
        (found,) = await self.engine.as_system().incidents(process_id=process_id)
        return found.incident


@pytest.fixture
async def engine(database_url, clock):
    async with Engine(database_url, settings=OUTBOUND, clock=clock) as engine:
        await engine.as_system().deploy(UNDRAWN)
        await engine.as_system().deploy(DRAWN)
        yield engine


@pytest.fixture
async def calling(engine, clock):
    async with FaultServer() as faults:
        yield Calling(engine, faults, clock)


LEARNING = """
name: Learning
data: {code: {type: integer}, why: {type: string}}
start: call
activities:
  call:
    kind: connector
    connector: Faulty
    fault_outputs: {code: response.code, why: response.error}
    paths: {success: done, fault: gone}
  gone: {kind: condition, when: has(data.code) && data.code == 404, paths: {"true": done, "false": no}}
  no: {kind: status, set: denied, next: done}
  done: {kind: finish}
"""


@pytest.mark.parametrize(
    ("url", "code", "why", "status"),
    [
        ("/error?code=404", 404, "The service answered with the status 404 Not Found.", "approved"),
        ("/error?code=500", 500, "The service answered with the status 500 Internal Server Error.", "denied"),
        ("", None, "127.0.0.1 cannot be connected to", "denied"),
    ],
)
async def test_a_process_tells_one_failure_from_another(calling, url, code, why, status):
    await calling.engine.as_system().deploy(LEARNING)
    await calling.connect(calling.faults.url(url) if url else refused_url(), attempts=2)
    process_id = await calling.start("Learning")
    await calling.run_out()

    found = (await calling.engine.as_system().process(process_id)).process
    assert (found.data.get("code"), found.approval_status.label.lower()) == (code, status)
    assert found.data["why"].startswith(why)


async def test_a_call_that_works(calling):
    await calling.connect(calling.faults.url("/ok"))
    process_id = await calling.start("Undrawn", who="Ann")
    await calling.engine.settled()

    found = (await calling.engine.as_system().process(process_id)).process
    assert (found.process_status, found.data) == (ProcessStatus.COMPLETED, {"who": "Ann", "found": True})
    (asked,) = calling.faults.requests
    assert (asked.method, asked.json, asked.key) == ("POST", {"who": "Ann"}, f"{process_id}-1")


@pytest.mark.parametrize(
    ("target", "outcome", "tries"),
    [
        ("refused", "fault", 3),
        ("/close", "fault", 3),
        ("/half", "fault", 3),
        ("/garbage", "fault", None),
        ("/error?code=500", "fault", 3),
        ("/error?code=503&after=20", "fault", 3),
        ("/error?code=429", "fault", 3),
        ("/error?code=400", "fault", 1),
        ("/error?code=404", "fault", 1),
        ("/invalid-json", "fault", None),
        ("/wrong-type", "fault", 1),
        ("/large", "fault", 1),
        ("/large?length=0", "fault", 1),
        ("/bomb", "fault", 1),
        ("/loop", "fault", 1),
        ("/redirect?to=http://169.254.169.254/latest/meta-data/", "fault", 1),
        ("/hang", "timedout", 3),
        ("/drip", "timedout", 3),
    ],
)
async def test_every_fault_ends_on_its_path_or_in_an_incident(calling, target, outcome, tries):
    await calling.connect(refused_url() if target == "refused" else calling.faults.url(target))
    undrawn, drawn = await calling.start("Undrawn"), await calling.start("Drawn")
    await calling.run_out()

    ended = (await calling.engine.as_system().process(drawn)).process
    assert (ended.process_status, ended.data) == (ProcessStatus.COMPLETED, {"who": outcome})
    found = await calling.incident(undrawn)
    assert (await calling.engine.as_system().process(undrawn)).process.process_status is ProcessStatus.RUNNING
    assert len(found.payload["tries"]) == (tries or len(found.payload["tries"]))
    assert target == "/wrong-type" or all(each["error"] for each in found.payload["tries"])
    keys = {asked.key for asked in calling.faults.requests if asked.key} - {f"{drawn}-1"}
    assert keys == (set() if target == "refused" else {f"{undrawn}-1"})


async def test_what_no_row_could_hold_is_stored_all_the_same(calling):
    await calling.connect(calling.faults.url("/unstorable"))
    process_id = await calling.start("Undrawn")
    await calling.engine.settled()

    found = await calling.incident(process_id)  # it has no `ok`
    assert found.payload["response"]["message"]["nul"] == "a\N{REPLACEMENT CHARACTER}b"


async def test_a_fault_that_passes_is_none(calling):
    await calling.connect(calling.faults.url("/error?code=503&times=2"))
    process_id = await calling.start("Undrawn")
    await calling.run_out()

    assert (await calling.engine.as_system().process(process_id)).process.data == {"found": True}
    assert [asked.key for asked in calling.faults.requests] == [f"{process_id}-1"] * 3
    kinds = [event.kind for event in await calling.engine.as_system().timeline(process_id)]
    assert kinds == ["process.started", "call.requested", "call.succeeded", "process.completed"]


async def test_a_service_is_asked_again_no_sooner_than_it_wants(calling):
    await calling.connect(calling.faults.url("/error?code=429&after=40&times=1"))
    process_id = await calling.start("Undrawn")
    await calling.engine.settled()

    calling.clock.move(seconds=39)
    await calling.engine.settled()
    assert len(calling.faults.requests) == 1
    calling.clock.move(seconds=1)
    await calling.engine.settled()
    assert (await calling.engine.as_system().process(process_id)).process.data == {"found": True}


async def test_a_service_that_wants_to_be_left_alone_for_ever_is_not(calling):
    await calling.connect(calling.faults.url("/error?code=503&after=86400&times=1"))
    process_id = await calling.start("Undrawn")
    await calling.engine.settled()
    calling.clock.move(seconds=60)  # the longest wait of the connector
    await calling.engine.settled()

    assert (await calling.engine.as_system().process(process_id)).process.data == {"found": True}


async def test_waits_grow_with_chance_up_to_a_bound():
    from placet.connectors.records import Retry
    from placet.jobs.calls import wait

    retry = Retry(first=timedelta(seconds=1), factor=2, longest=timedelta(seconds=10))
    assert [wait(retry, tried, None, lambda: 1).total_seconds() for tried in range(1, 7)] == [1, 2, 4, 8, 10, 10]
    assert [wait(retry, tried, None, lambda: 0.25).total_seconds() for tried in (1, 2, 9)] == [0.25, 0.5, 2.5]
    assert wait(replace(retry, jitter=False), 3, None, lambda: 0.25) == timedelta(seconds=4)
    assert wait(retry, 1, timedelta(seconds=7), lambda: 1) == timedelta(seconds=7)
    assert wait(retry, 1, timedelta(days=7), lambda: 1) == timedelta(seconds=10)


async def test_an_unknown_connector_and_missing_input_are_incidents_that_say_so(calling):
    missing = await calling.start("Undrawn")
    await calling.engine.settled()
    found = await calling.incident(missing)
    assert "'Faulty'" in found.reason
    assert calling.faults.requests == []

    await calling.connect(calling.faults.url("/ok"))
    await calling.engine.as_system().retry_incident(found.id)
    await calling.engine.settled()
    assert (await calling.engine.as_system().process(missing)).process.data == {"found": True}


async def test_no_more_calls_run_at_once_than_the_service_says(calling):
    text = CONNECTOR.format(url=calling.faults.url("/held"), attempts=3, failures=100)
    text = text.replace("breaker_failures", "concurrency: 2, breaker_failures").replace("timeout: 1s", "timeout: 60s")
    caller = Caller(None, calling.engine.directory, calling.clock.now())
    await calling.engine.connectors.import_text(caller, text, "connectors.yaml")
    for _ in range(8):
        await calling.start("Undrawn")
    await calling.faults.wait_for(2)
    calling.faults.release.set()
    await calling.engine.settled()

    assert (len(calling.faults.requests), calling.faults.most_open) == (8, 2)
    runner = CallRunner(calling.engine.connectors.catalog, calling.engine.connectors.calls)
    name, bounds = await runner.bounds("connector/faulty")
    assert (bounds.concurrency, await runner.bounds(name)) == (2, (name, bounds))  # as the nodes together ask


async def test_what_hangs_keeps_nobody_else_waiting(calling):
    await calling.connect(calling.faults.url("/held"))
    hanging = [await calling.start("Undrawn") for _ in range(25)]  # more than may run at once
    await calling.faults.wait_for(20)
    approved = await calling.engine.as_system().start("Undrawn", initiator="anna")
    assert approved.process.process_status is ProcessStatus.RUNNING
    assert len(calling.faults.requests) == 20

    await calling.engine.as_system().terminate(hanging[0])
    calling.faults.release.set()
    await calling.engine.settled()
    ended = [(await calling.engine.as_system().process(each)).process for each in hanging]
    assert [each.process_status for each in ended] == [ProcessStatus.TERMINATED] + [ProcessStatus.COMPLETED] * 24


# -- a node that is killed -------------------------------------------------------------------------


async def test_a_node_that_is_killed_during_a_call_makes_it_once_more_with_the_same_key(durable_database_url, tmp_path):
    async with FaultServer() as faults:
        (tmp_path / "definitions" / "connectors").mkdir(parents=True)
        (tmp_path / "definitions" / "undrawn.yaml").write_text(UNDRAWN.replace("message.ok", "message.effects"))
        connector = CONNECTOR.format(url=faults.url("/effect?held=1"), attempts=3, failures=9).replace("1s\n", "60s\n")
        (tmp_path / "definitions" / "connectors" / "faulty.yaml").write_text(connector)
        variables = {"PLACET_OUTBOUND_ALLOW": "127.0.0.1", "PLACET_ADMIN_PASSWORD": "open sesame 1"}
        placet = Placet(tmp_path, variables | {"PLACET_DATABASE_URL": durable_database_url})

        async with _serving(placet) as node:
            process_id = await _started(node.url)
            await faults.wait_for(1)
            os.kill(node.process.pid, signal.SIGKILL)
            await asyncio.to_thread(node.process.wait, 20)
        faults.release.set()

        async with _serving(placet) as node:
            await faults.wait_for(2)
            await asyncio.to_thread(until, lambda: _status(node.url, process_id) == "Completed")
            assert node.stop() == 0

        assert [asked.key for asked in faults.requests] == [f"{process_id}-1"] * 2
        assert faults.effects.total() == 1
    async with Engine(durable_database_url, run_jobs=False) as engine:
        events = await engine.as_system().timeline(process_id)
        assert [event.kind for event in events].count("call.succeeded") == 1
        assert (await engine.as_system().process(process_id)).process.data == {"found": 1}


ADMINISTRATOR = ("admin", "open sesame 1")


@asynccontextmanager
async def _serving(placet: Placet) -> AsyncIterator[Node]:
    """A node, while what it calls runs on the loop of this test."""
    node = placet.serve()
    try:
        await asyncio.to_thread(node.await_welcome)
        yield node
    finally:
        node.__exit__()


async def _started(url: str) -> str:
    async with httpx2.AsyncClient(base_url=url, auth=ADMINISTRATOR) as client:
        (definition,) = (await client.get("/v1/wf/definitions")).json()
        answer = await client.post(definition["Link"], json={})
        return str(answer.headers["location"].rpartition("/")[2])


def _status(url: str, process_id: str) -> str:
    with httpx2.Client(base_url=url, auth=ADMINISTRATOR) as client:
        return str(client.get(f"/v1/wf/processes/{process_id}").json()["ProcessStatus"])
