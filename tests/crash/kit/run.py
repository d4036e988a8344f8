"""One run of the kit from an empty database to its verdict."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from placet import Engine
from placet.settings import Settings
from tests.crash.definitions import people
from tests.crash.invariants import Stored, stored
from tests.crash.kit import checker
from tests.crash.kit.clients import Client
from tests.crash.kit.cluster import Cluster, cluster
from tests.crash.kit.databases import PostgresServer, SqliteFile, database
from tests.crash.kit.flows import write_flows
from tests.crash.kit.history import History
from tests.crash.kit.nemesis import Nemesis
from tests.crash.kit.plan import Plan, schedule
from tests.crash.kit.rest import Rest
from tests.crash.node import SECRET_KEY
from tests.fault_server import Asked, FaultServer

#: How long the nodes may take to serve at the beginning.
START_SECONDS = 120.0
#: The path of the service, which answers after a fifth of a second.
SERVICE = "/slow"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run has shown: `faults` are all promises that were broken, by what was told, stored and asked."""

    faults: list[str]
    history: History = field(repr=False)
    found: Stored = field(repr=False)
    asked: list[Asked] = field(repr=False)  # of the service
    deaths: int
    rest_seconds: float  # that it took until all had come to its end

    def __str__(self) -> str:
        return (
            f"{self.history.acknowledged} commands acknowledged, {self.history.unanswered} unanswered, "
            f"{len(self.found.processes)} processes, {len(self.asked)} calls, {self.deaths} deaths of nodes, "
            f"at rest after {self.rest_seconds:.0f} s: {len(self.faults) or 'no'} faults"
        )


async def run(plan: Plan, tell: Callable[[str], object] = print) -> Verdict:
    """Run a plan; `tell` is given the command that runs it again, and a line about each fault as it begins."""
    tell(str(plan))
    with tempfile.TemporaryDirectory(prefix="placet-kit-") as name:
        folder = Path(name)
        async with FaultServer() as service, database(plan.database, plan.nodes) as place:
            write_flows(folder / "definitions", service.url(SERVICE))
            await _prepare(folder, place)
            history = History()
            async with cluster(plan, place, folder) as nodes:
                await nodes.come_up(START_SECONDS)
                await _break(plan, history, nodes, place, tell)
                broken_until = asyncio.get_running_loop().time()
                left = await Rest(plan, history, nodes, place.url).come()
                rested = asyncio.get_running_loop().time() - broken_until
            found = await stored(place.url)
            wrong = [fault for node in nodes.nodes for fault in node.wrong]
            faults = [*wrong, *left, *checker.faults(found, history, service.requests)]
            deaths = sum(node.deaths for node in nodes.nodes) - plan.nodes
            return Verdict(faults, history, found, service.requests, deaths, rested)


async def _prepare(folder: Path, place: SqliteFile | PostgresServer) -> None:
    """Make the tables, the clerks and the definitions."""
    (folder / "people.json").write_text(await people())
    settings = Settings(database_url=place.url, secret_key=SECRET_KEY, outbound_allow="127.0.0.0/8")
    async with Engine(settings=settings, definitions=folder / "definitions", run_jobs=False) as engine:
        await engine.as_system().load_people(folder / "people.json")
    await place.prepare()


async def _break(
    plan: Plan, history: History, nodes: Cluster, place: SqliteFile | PostgresServer, tell: Callable[[str], object]
) -> None:
    """Let the clients work and the nemesis break, for as long as the plan says."""
    enough = asyncio.Event()
    clients = [Client(number, history, nodes) for number in range(plan.clients)]
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.run(plan, enough), name=f"client-{client.number}")
        loop = asyncio.get_running_loop()
        ends = loop.time() + plan.seconds
        await Nemesis(nodes, place, tell).run(schedule(plan))
        await asyncio.sleep(ends - loop.time())
        enough.set()
    for client in clients:
        await client.close()
