"""The nemesis: breaks what the plan says when it says so, and mends it again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from tests.crash.kit.cluster import Cluster
from tests.crash.kit.databases import PostgresServer, SqliteFile
from tests.crash.kit.plan import Fault

DELAY_SECONDS = 0.05  # of each piece that goes over a wire


class Nemesis:
    """What breaks the nodes and the database of one run; `tell` is told of each fault as it begins."""

    def __init__(self, cluster: Cluster, database: SqliteFile | PostgresServer, tell: Callable[[str], object]) -> None:
        self._cluster, self._database, self._tell = cluster, database, tell

    async def run(self, faults: list[Fault]) -> None:
        """Break one thing after the other, some of them at the same time, and return once all is whole again."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(began + fault.at - loop.time())
                self._tell(str(fault))
                group.create_task(self._break(fault), name=fault.kind)

    async def _break(self, fault: Fault) -> None:
        match fault.kind:
            case "kill":
                self._signal(fault.node, signal.SIGKILL)
            case "edge":
                self._signal(fault.node, signal.SIGUSR1)
            case "stop":
                await self._stop(fault)
            case "full":
                await self._fill(fault)
            case "restart" | "cut" | "delay" | "hole":
                await self._break_wire(fault)

    def _signal(self, node: int, number: int) -> None:
        child = self._cluster.child(node)
        if child is not None and (number == signal.SIGKILL or self._cluster.address(node)):
            child.signal(number)

    async def _stop(self, fault: Fault) -> None:
        child = self._cluster.child(fault.node)
        if child is None:
            return
        child.signal(signal.SIGSTOP)
        await asyncio.sleep(fault.seconds)
        child.signal(signal.SIGCONT)

    async def _fill(self, fault: Fault) -> None:
        """Let the database grow no more; a node that is started meanwhile is another that may write."""
        pids = [child.pid for node in range(self._cluster.count) if (child := self._cluster.child(node))]
        await self._database.fill(pids)
        await asyncio.sleep(fault.seconds)
        await self._database.empty(pids)

    async def _break_wire(self, fault: Fault) -> None:
        assert isinstance(self._database, PostgresServer)
        wire = self._database.wire(fault.node)
        match fault.kind:
            case "restart":
                await self._database.restart()
            case "cut":
                wire.hang_up()
            case "delay":
                wire.delay = DELAY_SECONDS
                await asyncio.sleep(fault.seconds)
                wire.delay = 0.0
            case "hole":
                wire.fall_silent(for_good=True)
                await asyncio.sleep(fault.seconds)
                wire.is_silent = False
