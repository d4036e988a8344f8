"""What many ask for at once, done for all of them together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")


class Gathering(Generic[Asked, Given]):
    """While `work` is done for some, the next ones gather; it gives an answer for each of them, in their order."""

    def __init__(self, work: Callable[[list[Asked]], Awaitable[Sequence[Given]]]) -> None:
        self._work = work
        self._waiting: list[tuple[Asked, asyncio.Future[Given]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, asked: Asked) -> Given:
        """The answer for one; raises whatever `work` raised for all."""
        answer: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="placet-gathering")
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                given = await self._work([asked for asked, _ in waiting])
            except Exception as failure:
                for _, answer in waiting:
                    if not answer.done():
                        answer.set_exception(failure)
            else:
                for (_, answer), each in zip(waiting, given, strict=True):
                    if not answer.done():  # who asked may have gone
                        answer.set_result(each)
