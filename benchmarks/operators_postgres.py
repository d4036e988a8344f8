"""What operators ask of a million processes on PostgreSQL: the queries and figures of `operators`, and all of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time

from bars import Result
from fill import Kind, filled
from fill_postgres import copy_to, postgresql, shell
from machine import CORES, pin
from million import stream
from operators import REPEATS, depths, examples, figures, pages, served
from servers import Server
from workspace import Workspace

#: What a row of the answer shows, with names looked up.
NAMED = """SELECT encode(p.id, 'hex') AS id, d.dn AS definition, d.version, i.dn AS initiator, r.dn AS recipient,
    p.process_status, p.approval_status, p.created_at, p.completed_at, p.correlation_id, p.proxy, e.dn AS engine_id
    FROM process p JOIN definition d ON d.id = p.definition JOIN name i ON i.id = p.initiator
    JOIN name r ON r.id = p.recipient JOIN name e ON e.id = p.engine_id ORDER BY p.id DESC"""


def run(space: Workspace) -> None:
    database = filled(Kind(100_000 if space.quick else 1_000_000, detailed=True))
    repeats = min(space.repeats, REPEATS)
    with space.scratch() as folder:
        os.chmod(folder, 0o777)  # the server runs as somebody else
        with postgresql(folder) as address:
            url = f"{address}/postgres"
            copy_to(database, url)
            with served(url, folder) as server:
                pages(space, server, repeats)
                examples(space, server, repeats)
                depths(space, server, database, repeats)
                _whole(space, server, url, repeats)
            asyncio.run(figures(space, url, repeats))


def _whole(space: Workspace, server: Server, url: str, repeats: int) -> None:
    seconds, beside, grown = [], [], []
    for _ in range(repeats):
        streamed, memory = stream(server)
        seconds.append(streamed)
        grown.append(memory)
        beside.append(_by_psql(url))
    ratios = [one / other for one, other in zip(seconds, beside, strict=True)]
    space.report.add(
        Result("the whole collection over HTTP", seconds, "s"),
        Result("psql with a cursor, same columns", beside, "s"),
        Result("whole collection / psql", ratios, "×", limit=2),
        Result("memory that streaming takes", grown, "MiB", limit=60),
    )


def _by_psql(url: str) -> float:
    """Seconds that PostgreSQL's own shell takes to write the same rows, by a cursor, into a pipe."""
    begin = time.perf_counter()
    command = [shell(), "--csv", "--no-psqlrc", "--set", "FETCH_COUNT=1000", "--command", NAMED]
    child = subprocess.Popen([*command, url], stdout=subprocess.PIPE, preexec_fn=lambda: pin(CORES.server))
    assert child.stdout is not None
    while child.stdout.read1(1 << 20):
        pass
    assert child.wait() == 0
    return time.perf_counter() - begin
