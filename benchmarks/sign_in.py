"""What signing in costs: a check that is cached, and other requests while fifty sign-ins are under way.

`python sign_in.py PORT CONNECTIONS [CORE]` keeps so many sign-ins under way until its input ends.
"""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bars import Result
from load import request, run_load
from machine import CORES, pin
from population import prepare, sign_in
from servers import placet
from workspace import Workspace

from placet import Engine
from placet.directory.applications import Registration
from placet.directory.caller import Caller
from placet.directory.grants import Asked, Client
from placet_api.auth import authenticate

AT_ONCE = 50
OTHERS = 8  # clients that have signed in before
CHECKS = 5000
_PATH = "/v1/wf/definitions"


def run(space: Workspace) -> None:
    with space.scratch() as folder:
        prepare(f"sqlite:///{folder}/placet.db", folder)
        for name, values in asyncio.run(_checks(f"sqlite:///{folder}/placet.db", space.repeats)).items():
            space.report.add(Result(f"a cached {name} check", values, "µs", 50))
        quiet, stormy = _beside_sign_ins(space, folder)
    ratios = [storm / calm for storm, calm in zip(stormy, quiet, strict=True)]
    space.report.add(
        Result("p99 of other requests", quiet, "ms"),
        Result(f"the same while {AT_ONCE} sign in", stormy, "ms"),
        Result(f"p99 with {AT_ONCE} sign-ins by p99 without", ratios, "×", 2),
    )


async def _checks(url: str, repeats: int) -> dict[str, list[float]]:
    """Microseconds of one check of credentials that were checked a moment ago, by scheme."""
    figures: dict[str, list[float]] = defaultdict(list)
    async with Engine(url, run_jobs=False) as engine:
        headers = {"Basic": sign_in()["Authorization"], "Bearer": f"Bearer {await _token(engine)}"}
        for _ in range(repeats):
            for name, value in headers.items():
                figures[name].append(await _check(engine, value.encode()))
    return figures


async def _check(engine: Engine, value: bytes) -> float:
    headers = {b"authorization": value}
    scope: dict[str, Any] = {
        "method": "GET", "path": _PATH, "query_string": b"", "headers": list(headers.items()),
        "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await authenticate(engine, scope, headers)
    begin = time.perf_counter()
    for _ in range(CHECKS):
        await authenticate(engine, scope, headers)
    return (time.perf_counter() - begin) / CHECKS * 1e6


async def _token(engine: Engine) -> str:
    caller = Caller(None, engine.directory, engine.clock.now())
    owner = engine.directory.person("user000")
    made = await engine.oauth.applications.register(caller, Registration("Benchmark"), owner)
    asked = Asked({"grant_type": "client_credentials"}, Client(made.client_id, made.secret))
    return (await engine.oauth.grants.answer(asked)).access_token


def _beside_sign_ins(space: Workspace, folder: Path) -> tuple[list[float], list[float]]:
    quiet, stormy = [], []
    with placet(folder / "placet.db", folder) as server:
        sent = request("GET", _PATH, sign_in() | {"Accept": "application/json"})
        for _ in range(space.repeats):
            quiet.append(run_load(server.port, sent, OTHERS, space.seconds).p99)
            with _storm(server.port):
                stormy.append(run_load(server.port, sent, OTHERS, space.seconds).p99)
    return quiet, stormy


@contextmanager
def _storm(port: int) -> Iterator[None]:
    core = "" if CORES.client is None else str(CORES.client)
    command = [sys.executable, str(Path(__file__)), str(port), str(AT_ONCE), core]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()  # the first has been answered
        yield
        child.stdin.close()


async def _keep_signing_in(port: int, connections: int) -> None:
    """Each with a name that nobody has: it costs what a right password costs, and is remembered by nobody."""
    numbers, first = itertools.count(time.time_ns()), asyncio.Event()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            writer.write(request("GET", _PATH, sign_in(f"nobody{next(numbers)}", "a password")))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r", 1)[0]))
            first.set()

    tasks = [asyncio.create_task(one()) for _ in range(connections)]
    await first.wait()
    print("signing in", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    pin(int(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else None)
    asyncio.run(_keep_signing_in(int(sys.argv[1]), int(sys.argv[2])))
