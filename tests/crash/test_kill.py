"""A server is killed under load, again and again; nothing that it has acknowledged is missing, doubled or half done."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from placet import Engine
from tests.crash import node
from tests.crash.callers import Ledger
from tests.crash.child import run, running
from tests.crash.definitions import DEFINITIONS, REQUEST_ID
from tests.crash.invariants import stored
from tests.crash.truth import check

CALLERS = 12


@pytest.mark.parametrize("edge", node.EDGES)
async def test_killed_at_an_edge(durable_database_url: str, folder: Path, edge: str, rounds: int):
    chance = random.Random(f"{edge} {rounds}")
    ledger = Ledger(REQUEST_ID, seed=1)
    for _ in range(max(2, rounds // 3)):
        async with running(node.serve, durable_database_url, folder, edge, chance.randint(1, 40)) as child:
            address = await child.address()
            await ledger.repeat_unanswered(address)
            child.arm()
            await asyncio.wait_for(ledger.load(address, CALLERS), 60)
            await child.killed()

    await _check_after_restart(durable_database_url, folder, ledger)


async def test_killed_at_random(durable_database_url: str, folder: Path, rounds: int):
    seed = random.SystemRandom().getrandbits(32) if rounds > 3 else rounds
    chance = random.Random(seed)
    ledger = Ledger(REQUEST_ID, seed)
    for _ in range(rounds):
        async with running(node.serve, durable_database_url, folder) as child:
            address = await child.address()
            check(await stored(durable_database_url), ledger)
            await ledger.repeat_unanswered(address)
            asyncio.get_running_loop().call_later(chance.uniform(0.05, 0.5), child.kill)
            await asyncio.wait_for(ledger.load(address, CALLERS), 60)
            await child.killed()

    await _check_after_restart(durable_database_url, folder, ledger)


@pytest.mark.parametrize("edge", ["before COMMIT", "after COMMIT"])
async def test_killed_in_its_first_start(durable_database_url: str, empty_folder: Path, people_file: Path, edge: str):
    passes = 1
    while await run(node.set_up, durable_database_url, empty_folder, edge, passes) != 0:
        passes += 1
        assert passes < 20

    assert passes > 3  # tables, definitions, administrator
    async with Engine(durable_database_url, run_jobs=False) as engine:
        assert {each.name for each in await engine.as_system().definitions()} == {
            name.capitalize() for name in DEFINITIONS
        }
        assert engine.directory.person("admin") is not None
        await engine.as_system().load_people(people_file)
        await engine.as_system().start("Request", initiator="carla", data={"number": 1})


async def test_a_node_that_cannot_read_any_more_never_says_that_it_serves(durable_database_url: str, folder: Path):
    async with running(node.serve_unseen, durable_database_url, folder) as child:
        assert await child.ended() == os.EX_UNAVAILABLE
        assert not any('"serving"' in line for line in child.output)


async def _check_after_restart(url: str, folder: Path, ledger: Ledger) -> None:
    assert ledger.acknowledged
    assert any(start.process_id is None for start in ledger.starts) or any(
        approval.status is None for approval in ledger.approvals
    ), "nobody waited for an answer when the server was killed"
    async with running(node.serve, url, folder) as child:
        address = await child.address()
        check(await stored(url), ledger)
        await ledger.repeat_unanswered(address)
        check(await stored(url), ledger, nothing_open=True)
        await child.stop()
