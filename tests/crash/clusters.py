"""Nodes on one PostgreSQL, each a program of its own with callers of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text

from placet import Engine
from placet.directory.caller import Caller as Whoever
from placet.errors import Unavailable
from placet.settings import Settings
from placet.store.database.interface import READERS
from placet.store.queueing import SCHEMA
from placet.store.tables import connector
from tests.crash import node
from tests.crash.callers import CLERKS, Caller, Ledger, Start
from tests.crash.child import Node
from tests.crash.definitions import REQUEST_ID
from tests.crash.invariants import Stored
from tests.fault_server import FaultServer

CALLERS = 3  # of each node
INITIATOR = "cn=carl,ou=users,o=placet"
#: How long a nap takes.
NAP = timedelta(seconds=1)
ALWAYS, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
DEFINITIONS = """
name: Nap
data: {tag: {type: string, indexed: true}}
start: rest
activities:
  rest: {kind: wait, for: 1s, next: done}
  done: {kind: finish}
---
name: Ring
data: {tag: {type: string, indexed: true}}
start: call
activities:
  call: {kind: connector, connector: Bell, paths: {success: done}}
  done: {kind: finish}
---
name: Hold
data: {tag: {type: string, indexed: true}}
start: call
activities:
  call: {kind: connector, connector: Line, paths: {success: done}}
  done: {kind: finish}
"""
#: A bell answers at once, a line when it is released.
CONNECTORS = """
services: {{Bells: {{limits: {{concurrency: 100}}}}, Lines: {{limits: {{concurrency: 500}}}}}}
connectors:
  Bell: {{service: Bells, method: POST, url: {bell}}}
  Line: {{service: Lines, method: POST, url: {line}, timeout: 10m}}
"""
_HOLDERS = text(
    "SELECT queue_manager_id::text AS node, count(*) AS calls"
    f" FROM {SCHEMA}.pgqueuer WHERE status = 'picked' AND entrypoint = :line GROUP BY queue_manager_id"
)


@dataclass
class Member:
    """One node, and those who ask it."""

    node: Node
    address: str
    asking: asyncio.Task[None]


class Cluster:
    """Nodes by their ids, a ledger of what their callers were told, and what is to happen by itself meanwhile."""

    def __init__(self, url: str, folder: Path, engine: Engine, service: FaultServer) -> None:
        self._url, self._folder, self._engine, self.service = url, folder, engine, service
        self.ledger = Ledger(REQUEST_ID, seed=3)
        self.members: dict[str, Member] = {}
        self.killed: set[str] = set()  # addresses
        self.ids: list[str] = []  # of what happens by itself
        self._held = self._numbers = 0
        self._line = ""  # what the queue calls those

    async def start(self, id_: str) -> None:
        """Have a node begin, and people ask it."""
        begun = Node(id_, node.serve_as, self._url, self._folder)
        address = await begun.start()
        asking = asyncio.create_task(self.ledger.load(address, CALLERS), name=f"callers of {id_}")
        self.members[id_] = Member(begun, address, asking)

    async def kill(self, id_: str) -> None:
        """Kill a node; those who asked it are left without an answer."""
        member = self.members.pop(id_)
        self.killed.add(member.address)
        await member.node.kill()
        await member.asking

    async def finish(self) -> None:
        """Have enough, repeat what nobody was told of, and let everything come to its end."""
        self.ledger.enough.set()
        self.service.release.set()
        await asyncio.wait_for(asyncio.gather(*(each.asking for each in self.members.values())), 60)
        await self.ledger.repeat_unanswered(next(iter(self.members.values())).address)
        async with asyncio.timeout(60):
            for id_ in self.ids:
                while not (await self._engine.as_system().process(id_)).process.life.is_over:
                    pass

    async def close(self) -> None:
        """Stop all nodes; each has to end by itself."""
        await asyncio.gather(*(member.node.stop() for member in self.members.values()))

    async def abandon(self) -> None:
        """End whatever still runs."""
        for member in self.members.values():
            member.asking.cancel()
            await asyncio.gather(member.asking, return_exceptions=True)
            await member.node.end()

    # -- what is asked of each node ----------------------------------------------------------------

    async def answers(self, id_: str) -> float:
        """How many seconds it takes until a node has taken a command; it is asked until it does."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        start = Start(CLERKS[0], f"key-{len(self.ledger.starts)}", len(self.ledger.starts))
        self.ledger.starts.append(start)
        caller = await Caller.connect(self.members[id_].address, start.clerk)
        try:
            async with asyncio.timeout(90):
                await self.ledger._patiently(lambda: self.ledger.send_start(caller, start))
        finally:
            await caller.close()
        return loop.time() - began

    async def knows(self, id_: str, start: Start) -> bool:
        """Whether a node finds a process over each of its connections to the database."""

        async def finds() -> bool:
            caller = await Caller.connect(self.members[id_].address, start.clerk)
            try:
                return (await caller.ask("GET", f"/v1/wf/processes/{start.process_id}")).status == 200
            finally:
                await caller.close()

        return all(await asyncio.gather(*(finds() for _ in range(2 * READERS))))

    # -- what happens by itself --------------------------------------------------------------------

    async def connect(self) -> None:
        """Make known what is called, and the definitions that call it."""
        system = Whoever(None, self._engine.directory, self._engine.clock.now())
        file = CONNECTORS.format(bell=self.service.url("/ok"), line=self.service.url("/held"))
        await self._engine.connectors.import_text(system, file, "connectors.yaml")
        whose = select(connector.c.service_id).where(connector.c.folded == "line")
        self._line = f"service/{await self._engine.store.read(lambda tx: tx.scalar(whose))}"
        for definition in DEFINITIONS.split("---"):
            await self._engine.as_system().deploy(definition)

    async def _begin(self, definition: str) -> None:
        self._numbers += 1
        tag = f"{definition.lower()}-{self._numbers}"
        while True:
            try:
                found = await self._engine.as_system().start(
                    definition, initiator=INITIATOR, data={"tag": tag}, idempotency_key=tag
                )
            except Unavailable:
                await self.ledger.more(1)  # as soon as others are answered again
            else:
                return self.ids.append(found.process.id)

    async def stir(self, how_often: int) -> None:
        """Start what comes due a second later and what is called at once, among the commands of the callers."""
        for _ in range(how_often):
            await self.ledger.more(4)
            await self._begin("Nap")
            await self._begin("Ring")

    async def holders(self) -> Counter[str]:
        """How many lines each node holds, by the name that the queue knows it by."""
        rows = await self._engine.store.read(lambda tx: tx.execute(_HOLDERS, {"line": self._line}).all())
        return Counter({row.node: row.calls for row in rows})

    async def hold(self) -> Counter[str]:
        """Have every node hold a line, and return how many each holds."""
        async with asyncio.timeout(60):
            while len(holders := await self.holders()) < len(self.members):
                await self._begin("Hold")
                self._held += 1
                await self.service.wait_for(self._held, "/held", seconds=60)
        return holders

    async def lose(self, id_: str) -> float:
        """Kill a node in the middle of its work; gives after how many seconds the others have made its calls again."""
        await self.stir(5)
        held = await self.hold()
        stirring = asyncio.create_task(self.stir(5))
        began = asyncio.get_running_loop().time()
        await self.kill(id_)
        await self._taken_over(held)
        seconds = asyncio.get_running_loop().time() - began
        await stirring
        return seconds

    async def _taken_over(self, before: Counter[str]) -> None:
        async with asyncio.timeout(60):
            while not (gone := before.keys() - (await self.holders()).keys()):
                pass
        self._held += sum(before[each] for each in gone)
        await self.service.wait_for(self._held, "/held", seconds=60)


def late(found: Stored, since: datetime = ALWAYS, until: datetime = NEVER) -> dict[str, float]:
    """How many seconds after its time the latest nap ended, and the latest ring was answered, of a stretch of time."""
    seconds = {"nap": 0.0, "ring": 0.0}
    for row in found.processes.values():
        name = row.data["tag"].partition("-")[0]
        if name in seconds:
            on_time = row.created_at + (NAP if name == "nap" else timedelta())
            if since <= on_time < until:
                seconds[name] = max(seconds[name], (row.completed_at - on_time).total_seconds())
    return seconds


@asynccontextmanager
async def cluster(url: str, folder: Path, ids: list[str]) -> AsyncIterator[Cluster]:
    """Nodes with these ids for the length of a block; the folder has the definitions, the database the people."""
    settings = Settings(secret_key=node.SECRET_KEY).with_values("test", database_url=url)
    async with FaultServer() as service, Engine(settings=settings, run_jobs=False) as engine:
        made = Cluster(url, folder, engine, service)
        await made.connect()
        try:
            for id_ in ids:
                await made.start(id_)
            yield made
            await made.close()
        finally:
            await made.abandon()
