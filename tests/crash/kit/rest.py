"""The end of a run: nothing breaks any more, and all that was begun has to come to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from placet.core.statuses import WorkItemStatus
from placet.store import taking
from placet.store.database import opened
from tests.crash.callers import CLERKS
from tests.crash.invariants import stored
from tests.crash.kit.clients import Client
from tests.crash.kit.cluster import Cluster
from tests.crash.kit.history import Decision, History, Start
from tests.crash.kit.plan import Plan

AGAIN_SECONDS = 0.3
#: Within which every node has to be ready, and people have to have decided all that they are asked.
UP_SECONDS = 60.0
#: How often a command is sent now that nothing breaks: who had to wait for a lock may be told 503 once more.
TRIES = 20
#: Every so many starts that were acknowledged are sent once more.
ONE_OF = 5
#: How many connections each clerk has now.
HANDS = 4


class Rest:
    """Has clients ask again for what nobody was told of, and decide what is open, until nothing is left."""

    def __init__(self, plan: Plan, history: History, cluster: Cluster, url: str) -> None:
        self._plan, self._history, self._cluster, self._url = plan, history, cluster, url
        self._clients = [Client(number, history, cluster) for number in range(HANDS * len(CLERKS))]

    async def come(self) -> list[str]:
        """Return once everything has ended; gives what has not within the time that it may take."""
        try:
            faults = await _within(UP_SECONDS, self._silent)
            if not faults:
                await self._repeat()
                faults = await _within(UP_SECONDS, self._asked)
            return faults or await _within(self._plan.rest_seconds, self._left)
        finally:
            for client in self._clients:
                await client.close()

    async def _silent(self) -> list[str]:
        """The nodes that do not say that they are ready."""
        nodes = range(self._cluster.count)
        ready = await asyncio.gather(*(self._clients[0].is_ready(node) for node in nodes))
        return [f"node {node} is not ready" for node in nodes if not ready[node]]

    async def _repeat(self) -> None:
        """Send again what nobody was told of, and some of what somebody was told of."""
        starts = [each for n, each in enumerate(self._history.starts) if each.process_id is None or n % ONE_OF == 0]
        unheard = [each for each in self._history.decisions if each.status is None]
        await self._send(starts, unheard)

    async def _send(self, starts: Sequence[Start], decisions: Sequence[Decision]) -> None:
        """Send all of this, at any node, by the clerks whose it is."""
        commands: list[Start | Decision] = [*starts, *decisions]
        left = {clerk: [each for each in commands if each.clerk == clerk] for clerk in CLERKS}
        await asyncio.gather(*(self._work_off(client, left[client.clerk]) for client in self._clients))

    async def _work_off(self, client: Client, left: list[Start | Decision]) -> None:
        while left:
            each = left.pop()
            if isinstance(each, Start):
                await client.start(each, len(left), TRIES)
            else:
                await client.decide(each, len(left), TRIES)

    async def _asked(self) -> list[str]:
        """What people are asked; each is decided by whoever it is up to, and what has a timer is left to that."""
        found = await stored(self._url)
        decisions = []
        for item in (item for items in found.items.values() for item in items):
            if WorkItemStatus(item.status).is_open and item.timer_at is None:
                clerk = found.clerk(item.addressee)
                item_id = f"{item.process_id[:28]}{item.number:04x}"
                decisions.append(
                    self._history.new_decision(clerk if clerk in CLERKS else CLERKS[0], item_id, "Approve")
                )
        await self._send([], decisions)
        return [f"item {decision.item_id} is asked still" for decision in decisions]

    async def _left(self) -> list[str]:
        """What has not come to its end although nobody is asked any more."""
        found = await stored(self._url)
        left = [
            f"process {id_} still goes on, at {row.flow}"
            for id_, row in found.processes.items()
            if row.completed_at is None
        ]
        left += [f"job {each.number} of process {id_} is there still" for id_ in found.jobs for each in found.jobs[id_]]
        return left or await self._queued()

    async def _queued(self) -> list[str]:
        """What is in the queue of PostgreSQL although its job has gone."""
        if self._url.startswith("sqlite"):
            return []
        async with opened(self._url) as database:
            rows = await database.read(taking.under_way)
        return [f"the queue has {count} rows of {name}" for name, count in rows.items()]


async def _within(seconds: float, left: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """Look until nothing is left, and give what is left when the time is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        found = await left()
        if not found or loop.time() > until:
            return [f"{each}, {seconds:.0f} seconds after the last fault" for each in found]
        await asyncio.sleep(AGAIN_SECONDS)
