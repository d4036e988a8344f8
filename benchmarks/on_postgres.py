"""Placet on PostgreSQL: starts over REST beside bare handlers, and start and approval beside other engines.

All of a repeat runs on one server, whose files lie on the measured disk; every database of it is a new one.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import TypeAlias

import asyncpg
from bars import Result
from environment import environment
from fill_postgres import postgresql
from load import request, run_load
from population import DATA, prepare, sign_in, start_body
from servers import Server, bare_postgres, placet
from workspace import Workspace, python

CLIENTS = AT_A_TIME = 64
DBOS = ("dbos==3.4.0",)
PROCRASTINATE = ("procrastinate==3.10.0", "psycopg[binary,pool]")
Figures: TypeAlias = dict[str, list[float]]
_numbers = count(1)


def run(space: Workspace) -> None:
    peers = {
        "DBOS": ("unit_dbos.py", environment(space, "dbos", *DBOS)),
        "procrastinate": ("unit_procrastinate.py", environment(space, "procrastinate", *PROCRASTINATE)),
    }
    figures: Figures = defaultdict(list)
    with space.scratch() as folder:
        os.chmod(folder, 0o777)  # the server runs as somebody else
        with postgresql(folder) as address:
            for repeat in range(space.repeats):
                figures["disk"].append(space.probe())
                turns = [
                    lambda: _bare(space, figures, address, "gathering"),
                    lambda: _placet(space, figures, address, folder),
                    lambda: _bare(space, figures, address, "sqlalchemy"),
                    lambda: _units(space, figures, address, folder),
                    *(
                        lambda name=name, script=script, python=python: _peer(
                            space, figures, address, name, script, python
                        )
                        for name, (script, python) in peers.items()
                        if python is not None
                    ),
                ]
                for turn in turns if repeat % 2 == 0 else reversed(turns):
                    turn()
    _report(space, figures)


def new_database(address: str) -> str:
    """The URL of an empty database."""
    name = f"bench_{next(_numbers)}"

    async def create() -> None:
        connection = await asyncpg.connect(f"{address}/postgres")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    asyncio.run(create())
    return f"{address}/{name}"


def _bare(space: Workspace, figures: Figures, address: str, path: str) -> None:
    with bare_postgres(new_database(address)) as server:
        sent = request("POST", f"/{path}", {"Accept": "application/json"}, start_body())
        figures[path].append(run_load(server.port, sent, CLIENTS, space.seconds).rate)


def _placet(space: Workspace, figures: Figures, address: str, folder: Path) -> None:
    url = new_database(address)
    guid = prepare(url, folder)
    sent = request("POST", f"/v1/wf/definitions/{guid}", sign_in() | {"Accept": "application/json"}, start_body())
    served: AbstractContextManager[Server] = placet(url, folder)
    with served as server:
        load = run_load(server.port, sent, CLIENTS, space.seconds)
    figures["Placet"].append(load.rate)
    figures["Placet p99"].append(load.p99)


def _units(space: Workspace, figures: Figures, address: str, folder: Path) -> None:
    url = new_database(address)
    prepare(url, folder)
    figures["units"].append(json.loads(python("unit_placet.py", url, space.seconds, AT_A_TIME))["rate"])


def _peer(space: Workspace, figures: Figures, address: str, name: str, script: str, interpreter: Path) -> None:
    url, given = new_database(address), json.dumps(DATA)
    printed = python(script, url, space.seconds, AT_A_TIME, given=given, interpreter=interpreter)
    figures[name].append(json.loads(printed)["rate"])


def _report(space: Workspace, figures: Figures) -> None:
    def ratios(name: str, of: str) -> list[float]:
        return [a / b for a, b in zip(figures[name], figures[of], strict=True)]

    space.report_disk(figures["disk"])
    add: Callable[..., None] = space.report.add
    add(
        Result(f"gathering asyncpg writer, {CLIENTS} clients", figures["gathering"], "starts/s"),
        Result(f"SQLAlchemy and a pool, {CLIENTS} clients", figures["sqlalchemy"], "starts/s"),
        Result(f"Placet on PostgreSQL, {CLIENTS} clients", figures["Placet"], "starts/s"),
        Result("  99th percentile", figures["Placet p99"], "ms"),
        Result(f"start and approval in process, {AT_A_TIME} at a time", figures["units"], "units/s"),
        Result("start on PostgreSQL / gathering", ratios("Placet", "gathering"), "×", 0.3, at_least=True),
        Result("start on PostgreSQL / SQLAlchemy", ratios("Placet", "sqlalchemy"), "×", 1.5, at_least=True),
    )
    for name, asked, unit in (("DBOS", 20, "units/s"), ("procrastinate", 5, "empty jobs/s")):
        if figures[name]:
            add(
                Result(f"{name}, {AT_A_TIME} at a time", figures[name], unit),
                Result(f"start and approval / {name}", ratios("units", name), "×", asked, at_least=True),
            )
