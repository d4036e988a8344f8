"""Whether a database takes writes: what is known of it, and who finds out."""

import asyncio

import pytest

from placet.errors import Unavailable
from placet.readiness import Readiness

FULL = Unavailable("The disk is full.")


async def test_of_many_who_ask_one_tries():
    tries, done = [], asyncio.Event()

    async def write(work):
        tries.append(work)
        await done.wait()
        readiness.succeeded()

    readiness = Readiness(write)
    await readiness.check()
    assert tries == []

    readiness.failed(FULL)
    first = asyncio.create_task(readiness.check())
    await asyncio.wait([first], timeout=0)
    for _ in range(3):
        with pytest.raises(Unavailable, match="full"):
            await readiness.check()
    done.set()
    await first
    await readiness.check()
    assert len(tries) == 1


async def test_a_try_that_fails_is_told_and_leaves_the_next_one_to_others():
    async def write(work):
        tries.append(work)
        raise Unavailable("It still is.")

    tries = []
    readiness = Readiness(write)
    readiness.failed(FULL)

    for _ in range(2):
        with pytest.raises(Unavailable, match="still"):
            await readiness.check()
    assert len(tries) == 2
