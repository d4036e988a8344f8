"""The writer: gathers the commands that arrive while a batch commits, and makes them the next batch.

One transaction a batch, no timer and no minimum. A caller is answered once its command is durable.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from placet.clock import Clock
from placet.commands import Command
from placet.core.ids import IdMaker
from placet.errors import Unavailable
from placet.store import trail
from placet.store.batch import Batch, Outcome
from placet.store.database import Database, WriteConnection, refusal_of, translate
from placet.store.world import World

log = structlog.get_logger("placet.store")
T = TypeVar("T")

LEAST_IN_BATCH, MOST_IN_BATCH = 16, 64
#: How long one batch should keep the loop's thread; how many commands it takes follows from what the last one took.
DECIDING_SECONDS = 0.004


@dataclass(slots=True, eq=False)
class Pending:
    """One command, or one administrative function, that waits for its answer."""

    work: Command | Callable[[Connection], Any]
    answer: asyncio.Future[Any]
    tries: int = 0

    def resolve(self, answer: object) -> None:
        if self.answer.done():  # its caller has gone; what it asked for is done all the same
            return
        if isinstance(answer, BaseException):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Writer:
    """Takes commands of any number of callers; `committed` is called after each batch with its earliest timer."""

    def __init__(
        self,
        database: Database,
        world: World,
        clock: Clock,
        engine_id: str,
        committed: Callable[[datetime | None], None] = lambda due_at: None,
    ) -> None:
        self._database, self._world, self._clock, self._engine_id = database, world, clock, engine_id
        self._committed = committed
        self._ids = IdMaker()
        self._lanes: list[_Lane] = []
        self.commands = self.batches = 0

    async def open(self) -> None:
        for _ in range(self._database.writers):
            self._lanes.append(_Lane(self, await self._database.connect_writer()))

    async def close(self) -> None:
        """Answer everything that was accepted, then stop."""
        for lane in self._lanes:
            await lane.close()
        self._lanes = []

    def new_id(self) -> str:
        return self._ids.make(self._clock.now())

    def submit(self, command: Command) -> asyncio.Future[Outcome]:
        """Queue a command; the answer comes once it is durable."""
        lane = self._lane(int(command.process_id[-8:-4], 16))
        return lane.add(command)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a store function in a read transaction of its own; sees everything that was answered before."""
        return await self._database.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a store function in a write transaction of its own, between the batches."""
        answer: T = await self._lane(0).add(work)
        return answer

    def _lane(self, hashed: int) -> _Lane:
        if not self._lanes:
            raise Unavailable("The engine is not open, or is stopping; it takes no more commands.")
        return self._lanes[hashed % len(self._lanes)]

    # -- what a lane does in one transaction ------------------------------------------------------

    def decide(self, tx: Connection, commands: list[Command]) -> tuple[Batch, list[Any]]:
        batch = Batch(tx, self._world, self._engine_id, self._ids.make)
        return batch, batch.run(commands, self._clock.now())

    def did_commit(self, batch: Batch, count: int) -> None:
        batch.names.committed()
        self.commands += count
        self.batches += 1
        self._committed(batch.changes.due_at)


class _Lane:
    """One writing connection and the queue before it."""

    def __init__(self, writer: Writer, connection: WriteConnection) -> None:
        self._writer, self._connection = writer, connection
        self._queue: deque[Pending] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._most = MOST_IN_BATCH
        self._task = asyncio.create_task(self._run(), name="placet-writer")

    def add(self, work: Any) -> asyncio.Future[Any]:
        if self._closing:
            raise Unavailable("The engine is stopping; it takes no more commands.")
        pending = Pending(work, asyncio.get_running_loop().create_future())
        self._queue.append(pending)
        self._wake.set()
        return pending.answer

    async def close(self) -> None:
        self._closing = True
        self._wake.set()
        await self._task
        await self._connection.close()

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                await asyncio.sleep(0)  # what is ready in this turn of the loop joins the batch
                continue
            try:
                await self._transact()
            except Exception as failure:
                log.exception("the writer failed")
                self._fail_all(failure)

    async def _transact(self) -> None:
        """Run the next batch, or the next administrative function."""
        try:
            await self._connection.begin()
        except Exception as failure:
            self._fail_all(translate(failure) or failure)
            return
        taken = [self._queue.popleft()] if callable(self._queue[0].work) else self._take()
        try:
            await (self._administer(taken[0]) if callable(taken[0].work) else self._batch(taken))
        except Exception as failure:  # nobody waits for ever, whatever went wrong
            for each in taken:
                each.resolve(failure)
            raise

    def _take(self) -> list[Pending]:
        taken: list[Pending] = []
        while self._queue and len(taken) < self._most and not callable(self._queue[0].work):
            taken.append(self._queue.popleft())
        return taken

    def _measure(self, seconds: float, commands: int) -> None:
        """Set the size of the next batch by how long a full one took."""
        if commands >= LEAST_IN_BATCH:
            fitting = int(DECIDING_SECONDS * commands / seconds)
            self._most = min(MOST_IN_BATCH, max(LEAST_IN_BATCH, fitting))

    async def _administer(self, pending: Pending) -> None:
        try:
            answer = await self._connection.run(pending.work)  # type: ignore[arg-type]  # is a function here
            await self._connection.commit()
        except Exception as failure:
            await self._connection.rollback()
            pending.resolve(translate(failure) or failure)
            return
        self._writer._committed(None)
        pending.resolve(answer)

    async def _batch(self, pending: list[Pending]) -> None:
        """One transaction that has begun: decide, save, commit, answer."""
        commands: list[Command] = [each.work for each in pending]  # type: ignore[misc]  # no functions among them
        try:
            began = time.perf_counter()
            batch, answers = await self._connection.run(lambda tx: self._writer.decide(tx, commands))
            self._measure(time.perf_counter() - began, len(commands))
        except Exception as failure:
            await self._connection.rollback()
            await self._refused(pending, failure)
            return
        try:
            await self._connection.commit()
        except Exception as failure:
            await self._connection.rollback()
            await self._unsure(pending, batch, answers, failure)
            return
        self._answer(pending, batch, answers)

    def _answer(self, pending: list[Pending], batch: Batch, answers: list[Any]) -> None:
        self._writer.did_commit(batch, len(answers))
        for each, answer in zip(pending, answers, strict=True):
            each.resolve(answer)

    async def _refused(self, pending: list[Pending], failure: Exception) -> None:
        """The database said no: to one command it is the answer, of several each gets a transaction of its own."""
        translated = translate(failure)
        if translated is None and len(pending) == 1:
            log.error("the database refused a command", error=str(failure))
            translated = refusal_of(failure)
        if translated is not None or len(pending) == 1:
            for each in pending:
                each.resolve(translated or failure)
            return
        for each in pending:
            try:
                await self._connection.begin()
            except Exception as unavailable:
                each.resolve(translate(unavailable) or unavailable)
                continue
            await self._batch([each])

    async def _unsure(self, pending: list[Pending], batch: Batch, answers: list[Any], failure: Exception) -> None:
        """COMMIT failed and may still have happened: find out, then answer everybody or run all of it again.

        Also who was refused is decided anew: it may have been for what another command of the batch would have done.
        """
        log.warning("a commit failed", error=str(failure))
        try:
            happened = await self._happened(batch)
        except Exception as unknown:
            log.error("what became of a commit is not known", error=str(unknown), commands=len(pending))
            for each in pending:
                each.resolve(translate(failure) or failure)
            return
        if happened:
            self._answer(pending, batch, answers)
            return
        for each in reversed(pending):
            if each.tries:
                each.resolve(translate(failure) or failure)
            else:
                each.tries += 1
                self._queue.appendleft(each)

    async def _happened(self, batch: Batch) -> bool:
        """Whether a batch was committed: all of its events are there then, and otherwise none."""
        marks = [(event.process_id, event.command_id) for event in batch.changes.events if event.command_id]
        await self._connection.begin()
        try:
            await self._connection.end_doubt()
            return await self._connection.run(
                lambda tx: bool(trail.commands_done(tx, {each for each, _ in marks}, {each for _, each in marks}))
            )
        finally:
            await self._connection.rollback()

    def _fail_all(self, failure: Exception) -> None:
        waiting, self._queue = list(self._queue), deque()
        for each in waiting:
            each.resolve(failure)
