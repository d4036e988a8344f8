"""The writer: gathers the commands that arrive while a batch commits, and makes them the next batch.

One transaction a batch, no timer and no minimum. A caller is answered once its command is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from placet.clock import Clock
from placet.commands import Command
from placet.core.ids import IdMaker
from placet.errors import Unavailable
from placet.store.backlog import Backlog
from placet.store.batch import Batch, Outcome
from placet.store.database import Database
from placet.store.lane import Lane
from placet.store.world import World
from placet.telemetry import Telemetry

T = TypeVar("T")


class Writer:
    """Takes commands of any number of callers.

    `committed` is called after each batch with its earliest timer, and when the earliest of its jobs that leave does.
    """

    def __init__(
        self,
        database: Database,
        world: World,
        clock: Clock,
        engine_id: str,
        committed: Callable[[datetime | None, datetime | None], None] = lambda due_at, leaves_at: None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._database, self._world, self._clock, self._engine_id = database, world, clock, engine_id
        self._committed, self._telemetry = committed, telemetry or Telemetry()
        self._ids = IdMaker()
        self._backlog, self._lanes = Backlog(database.writers), list[Lane]()
        self._writing, self._all_written = 0, asyncio.Event()
        self.commands = self.batches = 0

    async def open(self) -> None:
        self._backlog = Backlog(self._database.writers)  # it may have been closed before
        for number in range(self._database.writers):
            connection = await self._database.connect_writer()
            self._lanes.append(Lane(number, self._backlog, connection, self._decide, self._did_commit, self._telemetry))

    async def close(self) -> None:
        """Answer everything that was accepted, then stop."""
        self._backlog.close()
        for lane in self._lanes:
            await lane.close()
        self._lanes = []
        while self._writing:
            self._all_written.clear()
            await self._all_written.wait()

    @property
    def waiting(self) -> int:
        """How many commands are in no batch yet."""
        return len(self._backlog)

    def new_id(self) -> str:
        return self._ids.make(self._clock.now())

    def submit(self, command: Command) -> asyncio.Future[Outcome]:
        """Queue a command; the answer comes once it is durable."""
        tracing = self._telemetry.tracing
        return self._add(command) if tracing.tracer is None else tracing.command(command, self._add)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a store function in a read transaction of its own; sees everything that was answered before."""
        return await self._database.read(work)

    async def write(self, work: Callable[[Connection], T], *, aside: bool = False, refresh: bool = True) -> T:
        """Run a store function in a write transaction of its own, between the batches.

        It runs again, in a new transaction, where a connection was lost or another transaction was in the way. One
        that takes long goes `aside`, so that nobody else on the loop waits for it. One that changes nothing about
        people or definitions needs no `refresh`.
        """
        self._writing += 1
        try:
            answer: T = await self._add(work, aside=aside)
            if refresh:
                with suppress(Unavailable):  # it is done all the same, and whoever looks next tries again
                    await self._database.read(self._world.refresh)  # what was changed about people holds from now on
        finally:
            self._writing -= 1
            if not self._writing:
                self._all_written.set()
        return answer

    def _add(self, work: Any, *, aside: bool = False) -> asyncio.Future[Any]:
        if not self._lanes:
            raise Unavailable("The engine is not open, or is stopping; it takes no more commands.")
        return self._backlog.add(work, aside=aside)

    # -- what a lane does in one transaction ------------------------------------------------------

    def _decide(self, tx: Connection, commands: list[Command], optimistic: bool) -> tuple[Batch, list[Any]]:
        batch = Batch(tx, self._world, self._engine_id, self._ids.make, optimistic=optimistic)
        return batch, batch.run(commands, self._clock.now())

    def _did_commit(self, batch: Batch | None, count: int) -> None:
        if batch is None:
            self._committed(None, None)
            return
        batch.names.committed()
        self.commands += count
        self.batches += 1
        self._committed(batch.changes.due_at, batch.changes.leaves_at)
