"""A server that is told to stop: who is inside is answered, who comes is told to try again, and then it ends with 0."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from placet import Engine
from tests.crash import node
from tests.crash.callers import CLERKS, Answer, Caller, Ledger
from tests.crash.child import Child, running
from tests.crash.definitions import REQUEST_ID, people, write_definitions
from tests.crash.invariants import broken, stored

BODY = b'{"DataItems": [{"Name": "number", "Value": 7}]}'


@pytest.fixture
async def folder(database_url: str, tmp_path: Path) -> Path:
    """The folder of a node; its database has the clerks and the definitions."""
    file, definitions = tmp_path / "people.json", tmp_path / "definitions"
    file.write_text(await people())  # nobody else runs on this loop
    write_definitions(definitions)
    async with Engine(database_url, definitions=definitions, run_jobs=False) as engine:
        await engine.as_system().load_people(file)
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_under_load_everything_accepted_is_answered(database_url: str, folder: Path, number: int):
    ledger = Ledger(REQUEST_ID, seed=4)
    async with running(node.serve, database_url, folder) as child:
        loading = asyncio.create_task(ledger.load(await child.address(), 16))
        await ledger.more(200)
        child.signal(number)
        await asyncio.wait_for(loading, 30)
        assert await child.ended() == 0, "".join(child.output)

    found = await stored(database_url)
    assert broken(found) == []
    answered = {start.process_id for start in ledger.starts if start.process_id}
    assert found.processes.keys() == answered, "something was done that nobody was told of"
    approved = {approval.item_id for approval in ledger.approvals if approval.status == 200}
    items = {f"{item.process_id[:28]}{item.number:04x}": item for rows in found.items.values() for item in rows}
    assert {item_id for item_id, item in items.items() if item.actor is not None} == approved


@asynccontextmanager
async def one_inside(child: Child) -> AsyncIterator[Caller]:
    """Somebody who has begun to ask for a start and has not sent his body yet, when the server was told to stop."""
    address = await child.address()
    inside, other = await Caller.connect(address, CLERKS[0]), await Caller.connect(address, CLERKS[1])
    try:
        await inside.begin("POST", f"/v1/wf/definitions/{REQUEST_ID}", len(BODY))
        assert (await other.ask("GET", "/readyz")).status == 200
        child.signal(signal.SIGTERM)
        while (answer := await _anew(address, "/readyz")).status != 503:
            assert answer.status == 200
        assert answer.headers["retry-after"] == "1"
        yield inside
    finally:
        await inside.close()
        await other.close()


async def _anew(address: str, path: str) -> Answer:
    """The answer to one request over a connection of its own."""
    caller = await Caller.connect(address, CLERKS[1])
    try:
        return await caller.ask("GET", path)
    finally:
        await caller.close()


async def test_who_is_inside_is_answered_and_who_comes_is_refused(database_url: str, folder: Path):
    async with running(node.serve, database_url, folder) as child, one_inside(child) as inside:
        address = await child.address()
        refused, alive = await _anew(address, "/v1/wf/processes"), await _anew(address, "/healthz")
        answer = await inside.finish(BODY)

        assert (refused.status, alive.status) == (503, 200)
        assert "stopping" in refused.reason
        assert answer.status == 204
        assert await child.ended() == 0, "".join(child.output)
    assert len((await stored(database_url)).processes) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_waits_for_nobody(database_url: str, folder: Path, number: int):
    async with running(node.serve, database_url, folder) as child, one_inside(child):
        child.signal(number)

        assert await asyncio.wait_for(child.ended(), 10) == 0, "".join(child.output)
    assert (await stored(database_url)).processes == {}


async def test_nobody_is_waited_for_longer_than_the_setting_says(database_url: str, folder: Path):
    (folder / "placet.toml").write_text("drain_seconds = 1\n")
    async with running(node.serve, database_url, folder) as child, one_inside(child):
        assert await asyncio.wait_for(child.ended(), 10) == 0, "".join(child.output)

    assert "not answered in time" in "".join(child.output)
