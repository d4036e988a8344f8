"""Calls of connectors beside httpx2 alone, and what they leave to starts: while many run, and while many hang.

`python connectors.py PORT SECONDS [CORE]` prints how many calls a second httpx2 alone makes.
"""

from __future__ import annotations

import asyncio
import http.client
import shutil
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import httpx2
import uvloop
from bars import Result
from load import WARM_UP, Load, request, run_load
from machine import CORES, pin
from population import DEFINITIONS, prepare, sign_in, start_body, user_name
from servers import READY_SECONDS, Server, bare, placet
from workspace import Workspace, python

from placet import Engine
from placet.directory.caller import Caller

CLIENTS = 64
AT_ONCE = 20  # calls, of Placet and of httpx2 alone
HUNG = 500
#: More calls than are made in a second, so that there are some left whenever anything is measured.
PER_SECOND = 3_000
_AT_A_TIME = 64

CONNECTORS = """
services:
  Quick: {{limits: {{concurrency: {at_once}}}}}
  Hanging: {{limits: {{concurrency: {hung}}}}}
connectors:
  Quick: {{service: Quick, url: "{address}/rows"}}
  Hanging: {{service: Hanging, url: "{address}/held", timeout: 10m}}
"""
DEFINITION = """
name: {name}
start: call
activities:
  call: {{kind: connector, connector: {name}, paths: {{success: done}}}}
  done: {{kind: finish}}
"""
Figures: TypeAlias = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Three databases with the same people and definitions: no calls wait in one, quick ones or hanging in another."""

    folder: Path
    start: bytes

    @contextmanager
    def served(self, name: str) -> Iterator[Server]:
        """A node on a copy of one of them."""
        for old in self.folder.glob("placet.db*"):
            old.unlink()
        shutil.copy(self.folder / f"{name}.db", self.folder / "placet.db")
        with placet(self.folder / "placet.db", self.folder, PLACET_OUTBOUND_ALLOW="127.0.0.1") as server:
            yield server


def run(space: Workspace) -> None:
    with space.scratch() as folder, bare(folder, beside=True) as other:
        prepared = _prepare(folder, f"http://127.0.0.1:{other.port}", int(PER_SECOND * (space.seconds + 2)))
        figures: Figures = defaultdict(list)
        for repeat in range(space.repeats):
            turns = [_alone, _calls, _quiet_starts, _starts_beside_calls, _starts_beside_hanging]
            for turn in turns if repeat % 2 == 0 else reversed(turns):
                figures["disk"].append(space.probe())
                turn(space, prepared, other, figures)
        _report(space, figures)


def _prepare(folder: Path, address: str, calls: int) -> Prepared:
    guid = prepare(f"sqlite:///{folder}/none.db", folder)
    asyncio.run(_connect(f"sqlite:///{folder}/none.db", address))
    for name, definition, count in (("quick", "Quick", calls), ("hanging", "Hanging", HUNG)):
        shutil.copy(folder / "none.db", folder / f"{name}.db")
        uvloop.run(_start_many(f"sqlite:///{folder}/{name}.db", definition, count))
    headers = sign_in() | {"Accept": "application/json"}
    return Prepared(folder, request("POST", f"/v1/wf/definitions/{guid}", headers, start_body()))


async def _connect(url: str, address: str) -> None:
    async with Engine(url, definitions=DEFINITIONS, run_jobs=False) as engine:
        caller = Caller(None, engine.directory, engine.clock.now())
        text = CONNECTORS.format(address=address, at_once=AT_ONCE, hung=HUNG)
        await engine.connectors.import_text(caller, text, "connectors.yaml")
        for name in ("Quick", "Hanging"):
            await engine.as_system().deploy(DEFINITION.format(name=name))


async def _start_many(url: str, definition: str, count: int) -> None:
    """Processes that wait for their calls, which nobody makes yet."""
    async with Engine(url, run_jobs=False) as engine:

        async def some() -> None:
            for _ in range(count // _AT_A_TIME + 1):
                await engine.as_system().start(definition, initiator=user_name(0))

        await asyncio.gather(*(some() for _ in range(_AT_A_TIME)))


# -- turns ---------------------------------------------------------------------------------------


def _alone(space: Workspace, prepared: Prepared, other: Server, figures: Figures) -> None:
    core = () if CORES.server is None else (CORES.server,)
    figures["alone"].append(float(python("connectors.py", other.port, space.seconds, *core)))


def _calls(space: Workspace, prepared: Prepared, other: Server, figures: Figures) -> None:
    with prepared.served("quick") as server:
        time.sleep(WARM_UP)
        (before, batches), begin = server.commits(), time.perf_counter()
        time.sleep(space.seconds)
        after, later = server.commits()
        figures["calls"].append((after - before) / (time.perf_counter() - begin))
    figures["calls by commit"].append((after - before) / (later - batches))


def _quiet_starts(space: Workspace, prepared: Prepared, other: Server, figures: Figures) -> None:
    with prepared.served("none") as server:
        _signed_in(server, prepared.start)
        _note("quiet", figures, run_load(server.port, prepared.start, CLIENTS, space.seconds))


def _starts_beside_calls(space: Workspace, prepared: Prepared, other: Server, figures: Figures) -> None:
    with prepared.served("quick") as server:
        _signed_in(server, prepared.start)
        before, _ = server.commits()
        load = run_load(server.port, prepared.start, CLIENTS, space.seconds)
        after, _ = server.commits()
    _note("beside calls", figures, load)
    figures["calls beside starts"].append((after - before) / (space.seconds + WARM_UP) - load.rate)


def _starts_beside_hanging(space: Workspace, prepared: Prepared, other: Server, figures: Figures) -> None:
    with prepared.served("hanging") as server:
        deadline = time.monotonic() + READY_SECONDS
        while _holding(other) < HUNG:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{_holding(other)} calls hang after {READY_SECONDS} s, and {HUNG} are to")
            time.sleep(0.05)
        _signed_in(server, prepared.start)
        _note("beside hanging", figures, run_load(server.port, prepared.start, CLIENTS, space.seconds))


def _signed_in(server: Server, sent: bytes) -> None:
    """Let the first sign-in be over, which makes way for everything else on its core and is measured by `sign_in`."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.recv(65_536)


def _note(what: str, figures: Figures, load: Load) -> None:
    figures[f"{what} rate"].append(load.rate)
    figures[f"{what} p99"].append(load.p99)


def _holding(other: Server) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", other.port, timeout=5)
    connection.request("GET", "/holding")
    try:
        return int(connection.getresponse().read())
    finally:
        connection.close()


def _report(space: Workspace, figures: Figures) -> None:
    def ratios(name: str, of: str) -> list[float]:
        return [a / b for a, b in zip(figures[name], figures[of], strict=True)]

    space.report_disk(figures["disk"])
    space.report.add(
        Result(f"httpx2 alone, {AT_ONCE} at a time", figures["alone"], "calls/s"),
        Result(f"calls of a connector, {AT_ONCE} at a time", figures["calls"], "calls/s"),
        Result("  outcomes by commit", figures["calls by commit"]),
        Result(f"starts, {CLIENTS} clients", figures["quiet rate"], "starts/s"),
        Result("  while calls are made", figures["beside calls rate"], "starts/s"),
        Result("  and those calls", figures["calls beside starts"], "calls/s"),
        Result(f"p99 of starts, {CLIENTS} clients", figures["quiet p99"], "ms"),
        Result("  while calls are made", figures["beside calls p99"], "ms"),
        Result(f"  while {HUNG} calls hang", figures["beside hanging p99"], "ms"),
        Result("calls / httpx2 alone", ratios("calls", "alone"), "×", 0.5, at_least=True),
        Result("starts while calls are made / without", ratios("beside calls rate", "quiet rate"), "×", 0.7, True),
        Result(f"p99 of starts while {HUNG} calls hang / without", ratios("beside hanging p99", "quiet p99"), "×", 2),
    )


# -- httpx2 alone --------------------------------------------------------------------------------


async def _call_alone(port: int, seconds: float) -> float:
    """How many calls a second one program makes that does nothing else."""
    url, made, is_over = f"http://127.0.0.1:{port}/rows", 0, False
    async with httpx2.AsyncClient() as client:

        async def call() -> None:
            nonlocal made
            while not is_over:
                (await client.get(url)).raise_for_status().json()
                made += 1

        tasks = [asyncio.create_task(call()) for _ in range(AT_ONCE)]
        await asyncio.sleep(WARM_UP)
        before, begin = made, time.perf_counter()
        await asyncio.sleep(seconds)
        rate = (made - before) / (time.perf_counter() - begin)
        is_over = True
        await asyncio.gather(*tasks)
    return rate


if __name__ == "__main__":
    pin(int(sys.argv[3]) if len(sys.argv) > 3 else None)
    print(uvloop.run(_call_alone(int(sys.argv[1]), float(sys.argv[2]))))
