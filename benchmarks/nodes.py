"""What a second node adds on one PostgreSQL server, and who uses the processor meanwhile."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bars import Result
from fill_postgres import postgresql
from load import request, run_load
from machine import CORES, cpu_seconds
from on_postgres import CLIENTS, new_database
from population import prepare, sign_in, start_body
from servers import Server, placet
from workspace import Workspace

_WHO = ("nodes", "PostgreSQL")


def run(space: Workspace) -> None:
    figures: dict[str, list[float]] = defaultdict(list)
    with space.scratch() as folder, unpinned():
        os.chmod(folder, 0o777)  # the server runs as somebody else
        with postgresql(folder) as address:
            for repeat in range(space.repeats):
                for count in (1, 2) if repeat % 2 == 0 else (2, 1):
                    _measure(space, figures, address, folder, count)
    added = [two / one for one, two in zip(figures["1 rate"], figures["2 rate"], strict=True)]
    space.report.remark("for one node and for two, everything may run on all cores")
    for count in (1, 2):
        name = "one node" if count == 1 else "two nodes"
        space.report.add(
            Result(f"{name}, {CLIENTS} clients in all", figures[f"{count} rate"], "starts/s"),
            *(Result(f"  processor time of {who}", figures[f"{count} {who}"], "ms/start") for who in _WHO),
            Result("  of all cores, used by both", figures[f"{count} share"], "%"),
        )
    space.report.add(Result("two nodes / one node", added, "×"))


@contextmanager
def unpinned() -> Iterator[None]:
    """Leave nodes and clients to the system: two nodes on one core would be no more than one."""
    kept = CORES.server, CORES.client
    CORES.server = CORES.client = None
    try:
        yield
    finally:
        CORES.server, CORES.client = kept


def _measure(space: Workspace, figures: dict[str, list[float]], address: str, folder: Path, count: int) -> None:
    url = new_database(address)
    guid = prepare(url, folder)
    sent = request("POST", f"/v1/wf/definitions/{guid}", sign_in() | {"Accept": "application/json"}, start_body())
    with ExitStack() as stack:
        nodes = [_node(stack, url, folder / f"node-{number}") for number in range(count)]
        before, begin = _used(nodes, folder), time.perf_counter()
        with ThreadPoolExecutor(count) as pool:
            each = CLIENTS // count
            loads = list(pool.map(lambda node: run_load(node.port, sent, each, space.seconds), nodes))
        passed = time.perf_counter() - begin
        used = {who: after - before[who] for who, after in _used(nodes, folder).items()}
    starts = used.pop("starts")
    figures[f"{count} rate"].append(sum(load.rate for load in loads))
    figures[f"{count} share"].append(100 * sum(used.values()) / passed / (os.cpu_count() or 1))
    for who, seconds in used.items():
        figures[f"{count} {who}"].append(1000 * seconds / starts)


def _node(stack: ExitStack, url: str, folder: Path) -> Server:
    folder.mkdir(exist_ok=True)
    return stack.enter_context(placet(url, folder, PLACET_ENGINE_ID=folder.name))


def _used(nodes: Sequence[Server], folder: Path) -> dict[str, float]:
    """Starts so far, and the seconds of processor time that the nodes and all of PostgreSQL have taken."""
    (known,) = folder.glob("placet-pg-*/data/postmaster.pid")
    server = int(known.read_text().split()[0])
    own = [int(pid) for path in Path(f"/proc/{server}/task").glob("*/children") for pid in path.read_text().split()]
    return {
        "starts": sum(node.commits()[0] for node in nodes),
        "nodes": sum(cpu_seconds(node.pid) for node in nodes),
        "PostgreSQL": sum(cpu_seconds(pid) for pid in (server, *own)),
    }
