"""Starts over REST: 64 clients and one, beside the two bare handlers on the same disk and by the same generator."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from bars import Result
from load import WARM_UP, request, run_load
from machine import cpu_seconds
from population import prepare, sign_in, start_body
from servers import Server, bare, placet
from workspace import Workspace

CLIENTS = 64
Figures: TypeAlias = dict[str, list[float]]


def run(space: Workspace) -> None:
    with space.scratch() as folder:
        guid = prepare(f"sqlite:///{folder}/prepared.db", folder)
        start = request("POST", f"/v1/wf/definitions/{guid}", sign_in() | {"Accept": "application/json"}, start_body())
        figures: Figures = defaultdict(list)
        for repeat in range(space.repeats):
            turns = [
                lambda: _measure(space, figures, "gathering", bare(folder), _post("/gathering")),
                lambda: _measure(space, figures, "Placet", _fresh_placet(folder), start),
                lambda: _measure(space, figures, "SQLAlchemy", bare(folder), _post("/sqlalchemy")),
            ]
            for turn in turns if repeat % 2 == 0 else reversed(turns):
                turn()
        _report(space, figures)


def _post(path: str) -> bytes:
    return request("POST", path, {"Accept": "application/json"}, start_body())


def _fresh_placet(folder: Path) -> AbstractContextManager[Server]:
    for old in folder.glob("placet.db*"):
        old.unlink()
    shutil.copy(folder / "prepared.db", folder / "placet.db")
    return placet(folder / "placet.db", folder)


def _measure(
    space: Workspace, figures: Figures, name: str, started: AbstractContextManager[Server], sent: bytes
) -> None:
    figures["disk"].append(space.probe())
    with started as server:
        if name == "gathering":
            empty = run_load(server.port, request("GET", "/empty"), CLIENTS, space.seconds / 3)
            figures["generator, empty handler"].append(empty.rate)
            figures["generator busy"].append(empty.busy)
        before = server.commits() if server.counts else (0, 0)
        worked = cpu_seconds(server.pid)
        many = run_load(server.port, sent, CLIENTS, space.seconds)
        starts = many.rate * (space.seconds + WARM_UP)
        figures[f"{name} processor"].append((cpu_seconds(server.pid) - worked) / starts * 1e6)
        if server.counts:
            commands, batches = (late - early for late, early in zip(server.commits(), before, strict=True))
            figures["commits per command"].append(batches / commands)
        one = run_load(server.port, sent, 1, space.seconds / 2)
    figures[f"{name} rate"].append(many.rate)
    figures[f"{name} p99"].append(many.p99)
    figures[f"{name} one"].append(one.p50)


def _report(space: Workspace, figures: Figures) -> None:
    def ratios(name: str, of: str) -> list[float]:
        return [a / b for a, b in zip(figures[name], figures[of], strict=True)]

    space.report_disk(figures["disk"])
    add: Callable[..., None] = space.report.add
    add(
        Result("empty handler, what the generator can drive", figures["generator, empty handler"], "req/s"),
        Result("  the generator's own core", [100 * share for share in figures["generator busy"]], "% busy"),
    )
    for name in ("gathering", "SQLAlchemy", "Placet"):
        add(
            Result(f"{name}, {CLIENTS} clients", figures[f"{name} rate"], "starts/s"),
            Result("  99th percentile", figures[f"{name} p99"], "ms"),
            Result("  processor time of the server", figures[f"{name} processor"], "µs/start"),
            Result("  one client, median", figures[f"{name} one"], "ms"),
        )
    add(
        Result("start, 64 clients / gathering", ratios("Placet rate", "gathering rate"), "×", 0.5, at_least=True),
        Result("start, 64 clients / SQLAlchemy", ratios("Placet rate", "SQLAlchemy rate"), "×", 5, at_least=True),
        Result("one client's start / gathering", ratios("Placet one", "gathering one"), "×", 2.5),
        Result("commits per command, 64 clients", figures["commits per command"], limit=0.1),
    )
