"""Many readers of the stream ask the database no more than one does, and each gets everything."""

from __future__ import annotations

import asyncio

from placet.store import trail
from placet.store.trail import Position
from placet.tail import Tail
from tests.store.harness import an_engine
from tests.store.test_events import once_there_are


def counted(engine):
    """The tail of an engine, which counts how often events are read."""
    reads = []

    async def read(position, limit):
        reads.append(position)
        return await engine._events_after(position, limit)

    return Tail(read, lambda: engine.store.read(trail.last_position)), reads


async def begin(engine, count):
    for _ in range(count):
        await engine.as_system().start("Ask", initiator="anna")
    return (await once_there_are(2 * count, engine))[-1][0]


async def take(tail, position, count):
    found = []
    while len(found) < count:
        found += await tail.after(position, object())
        position = found[-1][0] if found else position
    return found


async def test_readers_at_the_end_share_what_one_of_them_has_read(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        tail, reads = counted(engine)
        end = await begin(engine, 1)
        await take(tail, Position(), 2)
        await begin(engine, 3)
        await take(tail, end, 6)
        before = len(reads)

        seen = await asyncio.gather(*(take(tail, end, 6) for _ in range(20)))

        assert len(reads) == before
        assert all(each == seen[0] for each in seen)
        assert [event.number for _, event in seen[0]] == [1, 2] * 3


async def test_who_looks_again_before_anything_was_committed_asks_nothing(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        tail, reads = counted(engine)
        end = (await take(tail, Position(), 2 if await begin(engine, 1) else 0))[-1][0]
        committed = object()
        assert not await tail.after(end, committed)
        before = len(reads)

        assert await asyncio.gather(*(tail.after(end, committed) for _ in range(20))) == [[]] * 20

        assert len(reads) == before
        assert not await tail.after(end, object())
        assert len(reads) == before + 1


async def test_a_reader_from_long_ago_gets_all_beside_those_at_the_end(database_url, clock, monkeypatch):
    monkeypatch.setattr("placet.tail.AT_ONCE", 3)
    monkeypatch.setattr("placet.tail._MOST_KEPT", 6)
    async with an_engine(database_url, clock) as engine:
        tail, _ = counted(engine)
        await begin(engine, 10)
        whole = await take(tail, Position(), 20)

        assert await take(tail, Position(), 20) == whole
        for place in (1, 7, 18):
            assert await take(tail, whole[place][0], 19 - place) == whole[place + 1 :]
        assert len(tail._kept) <= 6


async def test_a_position_that_nobody_has_reached_changes_nothing_for_others(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        tail, reads = counted(engine)
        await begin(engine, 1)
        whole = await take(tail, Position(), 2)

        assert not await tail.after(Position(10**17, 10**17), object())

        before = len(reads)
        assert await take(tail, Position(), 2) == whole
        assert await tail.after(whole[0][0], object()) == whole[1:]
        assert len(reads) <= before + 1
