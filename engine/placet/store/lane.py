"""A lane: one writing connection, through which what waits becomes one transaction after another."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from placet.commands import Command
from placet.log import get_logger
from placet.store import answered, marks, trail
from placet.store.backlog import LEAST_IN_BATCH, Backlog, Pending
from placet.store.batch import Batch
from placet.store.database import (
    HasMoved,
    WriteConnection,
    in_words,
    is_there_already,
    lost_a_lock,
    may_pass,
    refusal_of,
    refuses_values,
    translate,
)
from placet.store.world import MuchHasChanged
from placet.telemetry import Telemetry
from placet.telemetry.tracing import end

log = get_logger("placet.store")

MOST_IN_BATCH = 64
#: How long one batch should keep the loop's thread; how many commands it takes follows from what the last one took.
DECIDING_SECONDS = 0.004
#: How often the same work is run before its caller is told to try again himself.
TRIES = 3


class Lane:
    """One writing connection, and what it does with what waits in the backlog.

    `decide` runs the commands of a batch in its transaction; `did_commit` is told of every transaction (None: of an
    administrative function) and how many commands it held.
    """

    def __init__(
        self,
        number: int,
        backlog: Backlog,
        connection: WriteConnection,
        decide: Callable[[Connection, list[Command], bool], tuple[Batch, list[Any]]],
        did_commit: Callable[[Batch | None, int], None],
        telemetry: Telemetry,
    ) -> None:
        self._number, self._backlog = number, backlog
        self._connection, self._decide, self._did_commit = connection, decide, did_commit
        self._metrics, self._tracing = telemetry.metrics, telemetry.tracing
        self._most = MOST_IN_BATCH
        self._id, self._mark = secrets.token_hex(16), 0
        self._task = asyncio.create_task(self._run(), name="placet-writer")

    async def close(self) -> None:
        """Return once nothing is left; the backlog must be closed."""
        await asyncio.wait([self._task])  # whoever gives that up takes no answer away
        await self._connection.close()

    async def _run(self) -> None:
        goes_on = True
        while goes_on:
            try:
                goes_on = await self._transact() or await self._backlog.wait(self._number)
            except Exception:
                log.exception("the writer failed")

    async def _transact(self) -> bool:
        """Run the next batch, or the next administrative function; gives whether there was any."""
        if not self._backlog.has(self._number):
            return False
        try:
            await self._connection.begin()
        except Exception as failure:
            self._fail_all(translate(failure) or failure)
            return True
        taken = self._backlog.take(self._number, self._most)
        try:
            if taken:
                await self._attempt(taken, TRIES)
            else:  # while it began, another lane has taken all
                await self._connection.rollback()
        except Exception as failure:  # nobody waits for ever, whatever went wrong
            self._refuse(taken, failure)
            raise
        finally:
            self._backlog.done(taken)
        return True

    def _measure(self, seconds: float, commands: int) -> None:
        """Set the size of the next batch by how long a full one took."""
        if commands >= LEAST_IN_BATCH:
            fitting = int(DECIDING_SECONDS * commands / seconds)
            self._most = min(MOST_IN_BATCH, max(LEAST_IN_BATCH, fitting))

    async def _attempt(self, pending: list[Pending], tries: int) -> None:
        """Run commands, or one administrative function, in a transaction that has begun."""
        await (self._administer(pending[0], tries) if callable(pending[0].work) else self._batch(pending, tries))

    async def _administer(self, pending: Pending, tries: int) -> None:
        try:
            run = self._connection.run_aside if pending.aside else self._connection.run
            answer = await run(self._marked(pending.work))  # type: ignore[arg-type]  # is a function here
        except Exception as failure:
            await self._connection.rollback()
            if may_pass(failure):
                log.warning("a transaction failed", error=in_words(failure))
                await self._again([pending], failure, tries)
            else:
                pending.resolve(translate(failure) or failure)
            return
        try:
            await self._connection.commit()
        except Exception as failure:
            await self._connection.rollback()
            if not self._connection.loses_answers:
                pending.resolve(translate(failure) or failure)
                return
            happened = await self._settled([pending], self._was_marked, failure)
            if not happened:
                if happened is not None:
                    await self._again([pending], failure, tries)
                return
        self._did_commit(None, 0)
        pending.resolve(answer)

    def _marked(self, work: Callable[[Connection], Any]) -> Callable[[Connection], Any]:
        """An administrative function that leaves a mark where nothing else would tell that it was committed."""
        if not self._connection.loses_answers:
            return work
        self._mark += 1

        def marked(tx: Connection) -> Any:
            answer = work(tx)
            marks.leave(tx, self._id, self._mark)
            return answer

        return marked

    def _was_marked(self, tx: Connection) -> bool:
        return marks.is_last(tx, self._id, self._mark)

    async def _batch(self, pending: list[Pending], tries: int) -> None:
        """Decide, save, commit, answer."""
        commands: list[Command] = [each.work for each in pending]  # type: ignore[misc]  # no functions among them
        span = self._tracing.batch(commands)
        try:
            began = time.perf_counter()
            batch, answers = await self._decided(commands, tries == TRIES)
            passed = time.perf_counter() - began
            self._measure(passed if self._connection.keeps_the_loop else batch.seconds, len(commands))
        except Exception as failure:
            end(span, failure)
            await self._connection.rollback()
            await self._refused(pending, failure, tries)
            return
        try:
            began = time.perf_counter()
            await self._connection.commit(batch.last)
        except Exception as failure:
            end(span, failure)
            await self._connection.rollback()
            if self._connection.in_doubt:
                await self._unsure(pending, batch, answers, failure, tries)
            else:
                await self._refused(pending, failure, tries)
            return
        end(span)
        self._metrics.committed(len(commands), time.perf_counter() - began)
        self._answer(pending, batch, answers)

    async def _decided(self, commands: list[Command], first_try: bool) -> tuple[Batch, list[Any]]:
        """The decisions of a batch; the first try does without a trip to the server for what may have changed there."""
        optimistic = first_try and not self._connection.keeps_the_loop
        try:
            return await self._connection.run(lambda tx: self._decide(tx, commands, optimistic))
        except MuchHasChanged as change:
            await self._connection.run_aside(change.read)
            return await self._connection.run(lambda tx: self._decide(tx, commands, optimistic))

    def _answer(self, pending: list[Pending], batch: Batch, answers: list[Any]) -> None:
        self._did_commit(batch, len(answers))
        for each, answer in zip(pending, answers, strict=True):
            each.resolve(answer)
        commands = ((each.work, each.since, answer) for each, answer in zip(pending, answers, strict=True))
        answered.count(self._metrics, commands)  # type: ignore[arg-type]  # no functions among them

    def _refuse(self, pending: list[Pending], failure: BaseException) -> None:
        """Answer whoever still waits with a failure that is nobody's own."""
        waiting = [each for each in pending if not each.answer.done()]
        for each in waiting:
            each.resolve(failure)
        commands = ((each.work, each.since, failure) for each in waiting if not callable(each.work))
        answered.count(self._metrics, commands)

    async def _refused(self, pending: list[Pending], failure: Exception, tries: int) -> None:
        """Nothing was committed: what may pass is tried again, else it is the answer.

        Of several commands each gets a transaction of its own, so that one that cannot be stored, or whose process
        another transaction holds, keeps nobody else from being done. What another node made at the same moment is found
        by who looks again.
        """
        if isinstance(failure, HasMoved):
            await self._again(pending, failure, tries)
            return
        translated = None if refuses_values(failure) else translate(failure)
        log.warning("a batch failed", error=in_words(failure), commands=len(pending))
        if len(pending) > 1 and (translated is None or lost_a_lock(failure)):
            for each in pending:
                await self._again([each], failure, TRIES + 1)
        elif may_pass(failure) or (is_there_already(failure) and tries > 1):
            await self._again(pending, failure, tries)
        else:
            if translated is None:
                log.error("the database refused a command", error=in_words(failure))
                translated = refusal_of(failure)
            self._refuse(pending, translated or failure)

    async def _again(self, pending: list[Pending], failure: Exception, tries: int) -> None:
        """Run the same work once more if it has not been tried too often; `failure` is what became of it so far."""
        if tries > 1:
            try:
                await self._connection.begin()
            except Exception as unavailable:
                failure = unavailable
            else:
                await self._attempt(pending, tries - 1)
                return
        self._refuse(pending, translate(failure) or failure)

    async def _unsure(
        self, pending: list[Pending], batch: Batch, answers: list[Any], failure: Exception, tries: int
    ) -> None:
        """COMMIT failed and may still have happened: find out, then answer everybody or run all of it again.

        Also who was refused is decided anew: it may have been for what another command of the batch would have done.
        """
        told = [(event.process_id, event.command_id) for event in batch.changes.events if event.command_id]

        def is_told(tx: Connection) -> bool:  # all of its events are there where it was committed, and otherwise none
            return bool(trail.commands_done(tx, {each for each, _ in told}, {each for _, each in told}))

        happened = await self._settled(pending, is_told, failure)
        if happened:
            self._answer(pending, batch, answers)
        elif happened is not None:
            await self._again(pending, failure, tries)

    async def _settled(
        self, pending: list[Pending], happened: Callable[[Connection], bool], failure: Exception
    ) -> bool | None:
        """Whether a transaction was committed whose COMMIT failed; None, and everybody is told, where nobody knows."""
        log.warning("a commit failed", error=in_words(failure))
        try:
            await self._connection.begin()
            try:
                await self._connection.end_doubt()
                return await self._connection.run(happened)
            finally:
                await self._connection.rollback()
        except Exception as unknown:
            log.error("what became of a commit is not known", error=in_words(unknown), commands=len(pending))
            self._refuse(pending, translate(failure) or failure)
            return None

    def _fail_all(self, failure: Exception) -> None:
        """Refuse all that waits for this lane or for any."""
        while taken := self._backlog.take(self._number, sys.maxsize):
            self._backlog.done(taken)
            self._refuse(taken, failure)
