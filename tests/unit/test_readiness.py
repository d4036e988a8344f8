"""Whether a database works: what is known of it, and who finds out."""

import asyncio

import pytest

from placet import readiness as module
from placet.errors import Unavailable
from placet.readiness import Readiness

FULL = Unavailable("The disk is full.")


class Looks:
    """A database whose reads and writes do what they are told to, and are counted."""

    def __init__(self, clock):
        self.reads = self.writes = 0
        self.failure = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.readiness = Readiness(self.read, self.write, clock)

    async def read(self, work):
        self.reads += 1
        await self._answer()

    async def write(self, work):
        self.writes += 1
        await self._answer()
        self.readiness.succeeded()

    async def _answer(self):
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure


@pytest.fixture
async def looks(clock):
    return Looks(clock)


async def test_it_looks_for_itself_at_most_once_a_second(looks, clock):
    for _ in range(3):
        await looks.readiness.check()
    clock.move(milliseconds=999)
    await looks.readiness.check()
    assert looks.reads == 1

    clock.move(milliseconds=1)
    looks.failure = Unavailable("It is away.")
    with pytest.raises(Unavailable, match="away"):
        await looks.readiness.check()
    assert (looks.reads, looks.writes) == (2, 0)


async def test_a_commit_shows_as_much_as_a_look(looks):
    looks.readiness.succeeded()

    await looks.readiness.check()

    assert looks.reads == 0


async def test_of_many_who_ask_first_one_looks_and_all_wait_for_it(looks):
    looks.may_answer.clear()
    asked = [asyncio.create_task(looks.readiness.check()) for _ in range(3)]
    await asyncio.wait(asked, timeout=0)
    looks.failure = FULL
    looks.may_answer.set()

    assert await asyncio.gather(*asked, return_exceptions=True) == [FULL] * 3
    assert looks.reads == 1


async def test_after_a_failure_one_of_many_tries_to_write(looks):
    looks.readiness.failed(FULL)
    looks.may_answer.clear()
    first = asyncio.create_task(looks.readiness.check())
    await asyncio.wait([first], timeout=0)
    for _ in range(3):
        with pytest.raises(Unavailable, match="full"):
            await looks.readiness.check()
    looks.may_answer.set()
    await first
    await looks.readiness.check()

    assert (looks.reads, looks.writes) == (0, 1)


async def test_a_try_that_fails_is_told_and_leaves_the_next_one_to_others(looks):
    looks.readiness.failed(FULL)
    looks.failure = Unavailable("It still is.")

    for _ in range(2):
        with pytest.raises(Unavailable, match="still"):
            await looks.readiness.check()
    assert looks.writes == 2


async def test_who_asks_may_go_away_and_the_next_one_looks_anew(looks):
    looks.readiness.failed(FULL)
    looks.failure = FULL
    looks.may_answer.clear()
    asked = asyncio.create_task(looks.readiness.check())
    await asyncio.wait([asked], timeout=0)
    asked.cancel()
    await asyncio.wait([asked])
    looks.may_answer.set()
    await asyncio.wait([looks.readiness._looking])

    looks.failure = None
    await looks.readiness.check()


async def test_a_look_that_nobody_waits_for_any_more_ends_as_well(looks, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)
    looks.may_answer.clear()
    asked = asyncio.create_task(looks.readiness.check())
    await asyncio.wait([asked], timeout=0)
    asked.cancel()
    await asyncio.wait([asked])

    with pytest.raises(Unavailable, match="has not answered within"):
        await looks.readiness.check()
    looks.may_answer.set()
    await looks.readiness.check()


async def test_a_database_that_says_nothing_counts_as_away(looks, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)
    looks.may_answer.clear()

    for _ in range(2):
        with pytest.raises(Unavailable, match="has not answered within"):
            await looks.readiness.check()

    looks.may_answer.set()
    await looks.readiness.check()
    assert (looks.reads, looks.writes) == (1, 2)


async def test_a_fault_that_nobody_foresaw_is_no_trace_for_who_asks(looks, caplog):
    looks.failure = RuntimeError("of the inside")

    with pytest.raises(Unavailable, match="does not work as it should; the log says how"):
        await looks.readiness.check()
    assert "of the inside" in caplog.text
