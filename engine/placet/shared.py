"""Work that many want at the same time: done once for all of them, and only so much of it at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

#: For so long what was done is given to whoever asks for the same: not all who are told of a commit ask at once.
KEPT_SECONDS = 0.1


class Shared:
    """Runs work by its key; `at_once` pieces of it at a time, the others wait for their turn."""

    def __init__(self, at_once: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._begun: dict[Hashable, asyncio.Task[Any]] = {}

    async def alone(self, work: Callable[[], Awaitable[T]]) -> T:
        """What the work gives, which is done for one caller; it waits for its turn all the same."""
        async with self._turns:
            return await work()

    async def once(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What the work of this key gives, done for the first who asks and for whoever does soon after."""
        task: asyncio.Task[T] = self._begun.get(key) or self._begin(key, work)
        return await asyncio.shield(task)  # who goes away meanwhile takes it from nobody else

    def _begin(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        task = self._begun[key] = asyncio.create_task(self.alone(work), name="placet-shared")
        task.add_done_callback(lambda done: self._end(key, done))
        return task

    def _end(self, key: Hashable, done: asyncio.Task[Any]) -> None:
        if done.cancelled() or done.exception() is not None:
            del self._begun[key]
        else:
            done.get_loop().call_later(KEPT_SECONDS, self._begun.pop, key)
