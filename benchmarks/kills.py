"""Nodes and primaries that are killed: how long until the others have gone on with what the dead one was at.

`build/kills.svg` shows each kill; the documents have a copy of it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from bars import Result
from dots import Series, dots
from fill_postgres import postgresql
from machine import BUILD, ROOT
from workspace import Workspace

from placet import Engine

sys.path.insert(0, str(ROOT))
from tests.crash import clusters, pairs
from tests.crash.definitions import people, write_definitions
from tests.crash.invariants import stored
from tests.crash.truth import check

KILLS, FEW = 20, 2
PROMISED, PROMISED_BY_STANDBY = 3.0, 10.0  # seconds
IDS = ["one", "two", "three"]


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: how late the calls under way, the timers and the calls that waited in the queue were at most."""

    under_way: float
    timer: float
    queued: float

    @property
    def slowest(self) -> float:
        return max(self.under_way, self.timer, self.queued)


def run(space: Workspace) -> None:
    with space.scratch() as folder:
        os.chmod(folder, 0o777)  # the server runs as somebody else
        asyncio.run(_prepare(folder))
        with postgresql(folder) as address:
            kills = asyncio.run(_kills(f"{address}/postgres", folder, FEW if space.quick else KILLS))
        back = [asyncio.run(_standby(_copy(folder, number))) for number in range(space.repeats)]
    (BUILD.parent / "kills.svg").write_text(_chart(kills))
    space.report.add(
        Result("calls under way at a killed node, made again", [each.under_way for each in kills], "s"),
        Result("timers that came due then, late at most", [each.timer for each in kills], "s"),
        Result("calls that were queued then, late at most", [each.queued for each in kills], "s"),
        Result(
            f"the slowest of {len(kills)} kills of one of 3 nodes", [max(each.slowest for each in kills)], "s", PROMISED
        ),
        Result(
            "a primary is killed, its standby promoted: each node takes commands", [max(back)], "s", PROMISED_BY_STANDBY
        ),
    )


async def _prepare(folder: Path) -> None:
    write_definitions(folder / "definitions")
    (folder / "people.json").write_text(await people())


async def _fill(url: str, folder: Path) -> None:
    async with Engine(url, definitions=folder / "definitions", run_jobs=False) as engine:
        await engine.as_system().load_people(folder / "people.json")


async def _kills(url: str, folder: Path, count: int) -> list[Kill]:
    """Kill one of three nodes after the other; raises where a caller of another notices, or something is lost."""
    await _fill(url, folder)
    calls, moments = [], []
    async with clusters.cluster(url, folder, IDS) as nodes:
        for number in range(count):
            moments.append(datetime.now(UTC))
            victim = IDS[number % len(IDS)]
            calls.append(await nodes.lose(victim))
            await nodes.start(victim)
        await nodes.finish()
    found = await stored(url)
    check(found, nodes.ledger, nothing_open=True)
    if set(nodes.ledger.lost) != nodes.killed or nodes.ledger.unavailable:
        raise RuntimeError("a node that lived left somebody without an answer")
    late = [clusters.late(found, since, until) for since, until in pairwise([*moments, clusters.NEVER])]
    return [Kill(call, each["nap"], each["ring"]) for call, each in zip(calls, late, strict=True)]


def _copy(folder: Path, number: int) -> Path:
    """A folder of its own for the nodes of one pair, and for its servers."""
    made = folder / f"pair-{number}"
    made.mkdir()
    made.chmod(0o777)
    for name in ("definitions", "people.json"):
        (made / name).symlink_to(folder / name)
    return made


async def _standby(folder: Path) -> float:
    """Kill a primary under load and promote its standby; raises where something is lost."""
    loop = asyncio.get_running_loop()
    async with pairs.pair(folder) as servers:
        await _fill(servers.url, folder)
        async with clusters.cluster(servers.url, folder, IDS) as nodes:
            await nodes.stir(5)
            await servers.kill_primary()
            began = loop.time()
            await servers.promote()
            await asyncio.gather(*(nodes.answers(id_) for id_ in IDS))
            seconds = loop.time() - began
            await nodes.finish()
        check(await stored(servers.url), nodes.ledger, nothing_open=True)
    return seconds


def _chart(kills: list[Kill]) -> str:
    return dots(
        f"One of three nodes is killed, {len(kills)} times: seconds until the others have gone on",
        [
            Series("calls under way", [each.under_way for each in kills]),
            Series("timers", [each.timer for each in kills]),
            Series("queued calls", [each.queued for each in kills]),
        ],
        PROMISED,
    )
