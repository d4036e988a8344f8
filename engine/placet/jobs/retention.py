"""Retention: removes processes that ended longer ago than their definition lets them be kept.

One node does it at a time, a few processes in a transaction, and rests between two of them for much longer than one
takes, so that whoever else writes hardly waits. Nothing remembers how far it has come: a node that begins anew finds
what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from placet.clock import Clock
from placet.errors import PlacetError
from placet.log import get_logger
from placet.store import retention, start_keys
from placet.store.trail import Position
from placet.store.world import World
from placet.store.writer import Writer

log = get_logger("placet.jobs")

#: How many processes go in one transaction.
_AT_ONCE = 20
#: What removing may take of the time of who else writes, and reading of all the time.
_SHARE = 0.1
#: How long to wait at least between two looks.
_LOOK_SECONDS = 60.0


class Retention:
    """Removes ended processes of one database while `is_turn` says that it is this node's work.

    `told` gives up to where webhooks have been told of events, None where nobody knows yet.
    """

    def __init__(
        self,
        store: Writer,
        world: World,
        clock: Clock,
        idempotency_hours: int,
        told: Callable[[], Awaitable[Position | None]],
        is_turn: Callable[[], bool],
    ) -> None:
        self._store, self._world, self._clock = store, world, clock
        self._least = timedelta(hours=idempotency_hours)
        self._told, self._is_turn = told, is_turn
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="placet-retention")

    async def close(self) -> None:
        """End after the transaction that is under way."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def look(self) -> int:
        """Remove everything that is not to be kept any longer; gives how many processes that were."""
        removed, now = 0, self._clock.now()
        retentions = await self._store.read(partial(retention.retentions, world=self._world))
        if retentions:
            await self._forget_keys(now - self._least)
        for versions, kept in retentions.items():
            ended_before = now - max(kept, self._least)
            for version in versions:
                removed += await self._of(version, ended_before)
        return removed

    async def _forget_keys(self, before: datetime) -> None:
        """Drop the keys of starts that are not kept any more: a key that is there has to find what it started."""
        while not self._closing.is_set():
            if not await self._store.write(partial(start_keys.forget, before=before), refresh=False):
                break

    async def _run(self) -> None:
        loop, rest = asyncio.get_running_loop(), _LOOK_SECONDS
        while not await self._rested(rest):
            began = loop.time()
            try:
                if self._is_turn() and (removed := await self.look()):
                    log.info("processes that ended long ago were removed", processes=removed)
            except PlacetError as failure:
                log.warning("processes could not be removed", error=str(failure))
            except Exception:
                log.exception("the removal of processes failed")
            rest = max(_LOOK_SECONDS, (loop.time() - began) / _SHARE)

    async def _of(self, version: int, ended_before: datetime) -> int:
        """Remove what ended before then of one version of a definition."""
        removed, after = 0, ""
        while not self._closing.is_set():
            page = await self._store.read(
                partial(retention.page, version=version, ended_before=ended_before, after=after)
            )
            for ids in _parts(page.ended):
                removed += await self._remove(ids)
            if page.last is None:
                break
            after = page.last
        return removed

    async def _remove(self, ids: Sequence[str]) -> int:
        told = await self._told()
        if told is None or self._closing.is_set():
            return 0
        loop = asyncio.get_running_loop()
        began = loop.time()
        removed = await self._store.write(partial(retention.remove, ids=ids, told=told), aside=True, refresh=False)
        await self._rested((loop.time() - began) / _SHARE)
        return removed

    async def _rested(self, seconds: float) -> bool:
        """Wait; gives whether it is to end meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return self._closing.is_set()


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
