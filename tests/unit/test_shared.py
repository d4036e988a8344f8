"""Work that many want: done once for all who ask for the same, and only so much of it at a time."""

from __future__ import annotations

import asyncio

import pytest

from placet.shared import Shared


class Work:
    """Work that goes on until it is let go, and counts how often it was begun and how much of it goes on at a time."""

    def __init__(self) -> None:
        self.begun = self.running = self.most = 0
        self.go, self._began = asyncio.Event(), asyncio.Semaphore(0)

    async def __call__(self) -> int:
        self.begun += 1
        self._began.release()
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.go.wait()
            return self.begun
        finally:
            self.running -= 1

    async def once_begun(self, count: int) -> None:
        async with asyncio.timeout(10):
            for _ in range(count):
                await self._began.acquire()


async def test_what_many_ask_for_is_done_once():
    shared, work = Shared(2), Work()
    asking = [asyncio.create_task(shared.once("page", work)) for _ in range(20)]
    await work.once_begun(1)
    work.go.set()

    assert await asyncio.gather(*asking) == [1] * 20
    assert await shared.once("page", work) == 1
    assert await shared.once("another page", work) == 2


async def test_what_was_done_a_while_ago_is_done_anew(monkeypatch):
    monkeypatch.setattr("placet.shared.KEPT_SECONDS", 0.0)
    shared, work = Shared(2), Work()
    work.go.set()
    assert await shared.once("page", work) == 1

    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.001, later.set)
    await later.wait()

    assert await shared.once("page", work) == 2


async def test_only_so_much_is_done_at_a_time():
    shared, work = Shared(2), Work()
    asking = [asyncio.create_task(shared.once(number, work)) for number in range(5)]
    asking += [asyncio.create_task(shared.alone(work)) for _ in range(5)]
    await work.once_begun(2)
    work.go.set()
    await asyncio.gather(*asking)

    assert (work.begun, work.most) == (10, 2)


async def test_who_goes_away_takes_it_from_nobody_else():
    shared, work = Shared(1), Work()
    first, second = (asyncio.create_task(shared.once("page", work)) for _ in range(2))
    await work.once_begun(1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.go.set()

    assert await second == 1


async def test_what_failed_is_tried_again():
    shared, failing = Shared(1), True

    async def work():
        if failing:
            raise ValueError("not now")
        return "done"

    with pytest.raises(ValueError, match="not now"):
        await shared.once("page", work)
    failing = False
    assert await shared.once("page", work) == "done"
