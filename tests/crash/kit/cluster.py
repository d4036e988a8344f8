"""The nodes of a run: each is a process that is started again, under its id, however it ended."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.crash.child import Child, Node
from tests.crash.kit.databases import PostgresServer, SqliteFile
from tests.crash.kit.plan import Plan, edges
from tests.crash.kit.program import serve

AGAIN_SECONDS = 0.2
#: Within which a node that was told to has to stop.
STOP_SECONDS = 30.0


class Supervised(Node):
    """A node that is started again, however its life has ended, until it is dismissed."""

    def __init__(self, engine_id: str, plan: Plan, url: str, folder: Path, lives: Iterator[tuple[str, int]]) -> None:
        super().__init__(engine_id, partial(serve, plants=plan.plants), url, folder)
        self._lives = lives
        self.serving = asyncio.Event()
        self.deaths = 0
        self.wrong: list[str] = []
        self.said = ""  # by the last that did not start
        self._is_dismissed = False

    async def live(self) -> None:
        """Run until it is dismissed; whoever kills it has it start again."""
        while not self._is_dismissed:
            try:
                await self.start(*next(self._lives))
            except AssertionError as failure:  # the database is away; it tries again as whatever supervises it would
                self.said = str(failure)
            else:
                self.serving.set()
                await self._serve()
                self.serving.clear()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _serve(self) -> None:
        assert self.child is not None
        status, output = await self.child.ended(), self.child.output
        await self.end()
        self.deaths += 1
        self.wrong += [f"{self.engine_id} wrote: {line.rstrip()}" for line in output if _is_a_bug(line)]
        if status != -signal.SIGKILL and not (self._is_dismissed and status == 0):  # a fuse may still have been laid
            self.wrong.append(f"{self.engine_id} ended by itself with {status}:\n{''.join(output[-20:])}")

    def dismiss(self, number: int = signal.SIGTERM) -> None:
        """Tell it to stop for good."""
        self._is_dismissed = True
        if self.child is not None:
            self.child.signal(number)


def _is_a_bug(line: str) -> bool:
    """Whether a line of the log tells of an exception that nobody foresaw."""
    return "Traceback (most recent call last)" in line


class Cluster:
    """The nodes of a run, by number."""

    def __init__(self, nodes: list[Supervised]) -> None:
        self.nodes = nodes
        self.count = len(nodes)

    def address(self, node: int) -> str | None:
        """The address of a node, None while it has none."""
        return self.nodes[node].address

    def child(self, node: int) -> Child | None:
        """The process that a node is at the moment."""
        return self.nodes[node].child

    async def come_up(self, seconds: float) -> None:
        """Return once all nodes have an address; raises `TimeoutError` with what those said that have none."""
        try:
            async with asyncio.timeout(seconds):
                for node in self.nodes:
                    await node.serving.wait()
        except TimeoutError:
            silent = [f"{node.engine_id} said: {node.said or 'nothing'}" for node in self.nodes if not node.address]
            raise TimeoutError(f"Not all nodes serve after {seconds:.0f} seconds.\n{''.join(silent)}") from None


@asynccontextmanager
async def cluster(plan: Plan, database: SqliteFile | PostgresServer, folder: Path) -> AsyncIterator[Cluster]:
    """The nodes of a plan for the length of a block; at its end they have to stop by themselves."""
    nodes = [
        Supervised(f"node-{number}", plan, database.url_of(number), folder, edges(plan, number))
        for number in range(plan.nodes)
    ]
    lives = [asyncio.create_task(node.live(), name=node.engine_id) for node in nodes]
    try:
        yield Cluster(nodes)
        for node in nodes:
            node.dismiss()
        _, pending = await asyncio.wait(lives, timeout=STOP_SECONDS)
        for node, life in zip(nodes, lives, strict=True):
            if life in pending:
                node.wrong.append(f"{node.engine_id} did not stop within {STOP_SECONDS:.0f} seconds")
    finally:
        for node in nodes:
            node.dismiss(signal.SIGKILL)
        await asyncio.gather(*lives)
