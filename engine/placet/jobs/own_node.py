"""The node that this program is among the others on its database: its id and the lock of that, its beats, draining."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from placet.clock import SystemClock
from placet.core.statuses import NodeStatus
from placet.errors import Conflict, InvalidInput, PlacetError, Unavailable
from placet.jobs.trouble import Trouble
from placet.log import get_logger
from placet.store import marks
from placet.store import nodes as rows
from placet.store.database import Liveness
from placet.store.directory_version import Transaction
from placet.store.nodes import Beat, Mark, Start
from placet.store.writer import Writer

log = get_logger("placet.nodes")

#: How often a node says that it lives.
BEAT_SECONDS = 1.0
#: How long the lock of a node that has just ended may take to come free.
_PATIENCE_SECONDS, _AGAIN_SECONDS = 1.0, 0.05
#: How long a beat waits for the lock's own connection: who waited for a dead wire would be taken for dead.
_LOCK_SECONDS = 1.0
#: How far the clocks of this machine and of the database may be apart.
APART = timedelta(seconds=2)
#: After so many beats those that ended long ago are looked for.
_BEATS_OF_AN_HOUR = 3600


class OwnNode:
    """This node among the others: it takes its id, beats, and drains when it is told to.

    `drain` ends what takes work of its own accord, and returns once nothing of it runs any more.
    """

    def __init__(self, start: Start, store: Writer, lock: Liveness, drain: Callable[[], Awaitable[None]]) -> None:
        self._start, self._store, self._lock, self._drain = start, store, lock, drain
        self._beating: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None
        self._takes_none: str | None = None
        self._marked: list[Mark] = []
        self._beats = 0
        self._silence = Trouble(log, "this engine could not tell that it lives")
        self._lacks_lock = Trouble(log, "the lock of this engine's id cannot be looked after")
        self._is_lost = self._is_drained = self._is_apart = False
        self._machine = SystemClock()  # whatever clock the engine goes by
        self.is_first = False  # of those that run: what one is to do at a time is its work

    def require_taking(self) -> None:
        """Raise `Unavailable`, with the reason, where this node takes no more work."""
        if self._takes_none is not None:
            raise Unavailable(self._takes_none)

    async def enter(self) -> None:
        """Take the id and be listed; raises `Conflict` where another node lives under it."""
        if not await self._locked():
            raise Conflict(await self._refusal())
        if not await self._store.read(self._lock.is_on):
            raise InvalidInput(
                "The settings database_url and database_direct_url lead to different databases, or one of them to a "
                "standby: give both the address of the same one, with the same name at its end."
            )
        await self._store.write(self._register, refresh=False)
        self._beating = asyncio.create_task(self._beat_on(), name="placet-node")

    async def begin(self) -> None:
        """Be known as one that runs."""
        await self._mark("running_since")

    async def leave(self) -> None:
        """Be known as one that has ended; that it cannot be told keeps nobody."""
        if self._beating is None:
            return
        ending = [each for each in (self._beating, self._draining) if each is not None]
        for task in ending:  # what a drain waits for has been ended by now
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        with suppress(PlacetError):
            await self._mark("ended_at")

    async def release(self) -> None:
        """Let another node have the id."""
        await self._lock.release()

    async def _locked(self) -> bool:
        """Take the lock; whoever has just ended may still be about to let go of it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_SECONDS
        while not await self._lock.take():
            if loop.time() > until:
                return False
            await asyncio.sleep(_AGAIN_SECONDS)
        return True

    async def _refusal(self) -> str:
        id_ = self._start.id
        other = await self._store.read(partial(rows.one, node_id=id_))
        who = "" if other is None else f": process {other.pid} on {other.host}, since {other.started_at:%F %H:%M} UTC"
        what = "Stop that one first"
        if other is not None and other.status is NodeStatus.TIMED_OUT:
            what = (
                f"It has not been heard of since {other.beat_at:%F %T} UTC: end it with kill -9, or wait for half a "
                "minute where its machine is gone"
            )
        return (
            f"The engine {id_!r} runs already{who}. {what}, or give this one a name of its own: --engine-id or the "
            "setting engine_id."
        )

    def _register(self, tx: Transaction) -> None:
        _forget(tx)
        rows.register(tx, self._start)

    async def _mark(self, what: Mark) -> None:
        await self._store.write(
            partial(rows.mark, node_id=self._start.id, run=self._start.run, what=what), refresh=False
        )
        self._marked.append(what)

    # -- beating ---------------------------------------------------------------------------------

    async def _beat_on(self) -> None:
        while not self._is_lost:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._beat()
                self._silence.over()
            except PlacetError as failure:
                self._silence.met(str(failure))
            except Exception:
                log.exception("a beat failed")

    async def _beat(self) -> None:
        await self._keep_lock()
        began = self._machine.now()
        beat = await self._store.write(self._say, refresh=False)
        if beat is None:
            await self._lose()
            return
        self.is_first = beat.is_first
        self._compare_clocks(began, beat.at)
        if self._is_drained and "drained_at" not in self._marked:
            await self._mark("drained_at")
        if beat.drains:
            self._stop_taking(f"The engine {self._start.id} is draining: it takes no more work and is to be stopped.")
        self._beats += 1
        if self.is_first and self._beats % _BEATS_OF_AN_HOUR == 0:
            await self._store.write(_forget, refresh=False)

    def _compare_clocks(self, began: datetime, at: datetime | None) -> None:
        """Say once that the clock of this machine is another one than the database's: what comes due does so by it."""
        is_apart = at is not None and (began > at + APART or self._machine.now() < at - APART)
        if is_apart and not self._is_apart:
            log.warning(
                "the clock of this machine is not in step with that of the database: timers fire too early or too late",
                seconds=round((began - at).total_seconds()) if at is not None else None,
            )
        self._is_apart = is_apart

    async def _keep_lock(self) -> None:
        """Have the lock anew where its session was lost; a node goes on without it, as the row says whose the id is."""
        try:
            async with asyncio.timeout(_LOCK_SECONDS):
                if not await self._lock.is_held():
                    await self._lock.take()  # where it is not free, a lost session of our own may have it still
        except (PlacetError, TimeoutError) as failure:
            self._lacks_lock.met(str(failure) or "no answer")
        else:
            self._lacks_lock.over()

    def _say(self, tx: Transaction) -> Beat | None:
        """Say that this node lives; None where its id is another's by now."""
        id_, run = self._start.id, self._start.run
        beat = rows.beat(tx, id_, run)
        if beat is not None or rows.one(tx, id_) is not None:
            return beat
        rows.register(tx, self._start)  # it was silent for so long that it was forgotten
        for what in self._marked:
            rows.mark(tx, id_, run, what)
        if self._takes_none is not None:
            rows.drain(tx, id_)
        return rows.beat(tx, id_, run)

    async def _lose(self) -> None:
        """Another node has the id: while this one was cut off, it was taken for dead.

        The lock is that one's: it may just have ended, and is to have its id back when it comes back.
        """
        self._is_lost = True
        self._stop_taking(f"The id {self._start.id} is another engine's by now; restart this one.")
        await self._lock.release()

    def _stop_taking(self, reason: str) -> None:
        if self._draining is None:
            self._takes_none, self.is_first = reason, False
            log.warning("this engine takes no more work", reason=reason)
            self._draining = asyncio.create_task(self._drained(), name="placet-drain")

    async def _drained(self) -> None:
        try:
            await self._drain()
        except Exception:
            log.exception("draining failed")
            return
        log.info("drained: nothing runs here any more but what is asked for")
        self._is_drained = True
        with suppress(PlacetError):  # the next beat tells
            await self._mark("drained_at")


def _forget(tx: Transaction) -> None:
    """Drop what is left of those that ended long ago."""
    rows.forget(tx)
    marks.forget(tx)
