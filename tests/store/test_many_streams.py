"""Many streams of events: they read little of what others read, are told together, and one person has so many."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from itertools import pairwise

import pytest

from placet import stream
from placet.errors import Unavailable
from tests.builders import ADMIN, ANNA, BOB, CARL
from tests.store.harness import an_engine


@pytest.fixture
async def engine(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        yield engine


@pytest.fixture
def matched(monkeypatch):
    """For whom events were matched."""
    found, matching = [], stream.matching_events

    def counted(tx, **given):
        found.append(given["actor"])
        return matching(tx, **given)

    monkeypatch.setattr(stream, "matching_events", counted)
    return found


@asynccontextmanager
async def reading(engine, *actors, query=None):
    """Streams from the beginning."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(aclosing(engine.event_pages("0-0", actor=actor, query=query)))
            for actor in actors
        ]


async def take(pages, count):
    found = []
    async with asyncio.timeout(30):
        while len(found) < count:
            found += (await anext(pages)).events
    return found


async def begin(engine, count=1):
    for _ in range(count):
        await engine.start("Ask", actor=ANNA)


async def test_nothing_is_matched_for_who_sees_everything_and_asks_for_nothing(engine, matched):
    await begin(engine)
    async with reading(engine, ADMIN, ANNA) as (admin, anna):
        assert len(await take(admin, 2)) == 2
        assert matched == []
        assert len(await take(anna, 2)) == 2

    assert set(matched) == {ANNA}


@pytest.mark.parametrize("query", [None, "Kind = process.started"])
async def test_streams_of_one_person_and_query_share_what_is_read_for_them(engine, matched, monkeypatch, query):
    monkeypatch.setattr("placet.shared.KEPT_SECONDS", 60.0)
    await begin(engine, 3)
    async with reading(engine, ADMIN, query="Kind = process.started") as (admin,):
        everything = await take(admin, 3)
    matched.clear()
    async with reading(engine, *[ANNA] * 10, *[BOB] * 10, query=query) as streams:
        seen = await asyncio.gather(*(take(each, 6 if query is None else 3) for each in streams))

    assert sorted(matched) == [ANNA, BOB]
    assert all(each == seen[0] for each in seen)
    assert {event.process_id for _, event in everything} == {event.process_id for _, event in seen[0]}


async def test_no_more_than_two_reads_of_streams_go_on_at_a_time(engine, monkeypatch):
    running, most, read = 0, 0, engine._database.read

    async def counted(work, *, brief=False):
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await read(work, brief=brief)
        finally:
            running -= 1

    await begin(engine, 5)
    monkeypatch.setattr(engine._database, "read", counted)
    async with reading(engine, *[ADMIN, ANNA, BOB, CARL] * 5) as streams:
        await asyncio.gather(*(anext(each) for each in streams))

    assert 1 <= most <= 2


async def test_readers_are_told_at_once_and_then_of_what_has_gathered(engine, monkeypatch):
    told = []
    tell = engine._tell_now
    monkeypatch.setattr(engine, "_tell_now", lambda: (told.append(asyncio.get_running_loop().time()), tell()))
    await begin(engine, 60)
    async with reading(engine, ADMIN) as (admin,):
        assert len(await take(admin, 120)) == 120

    assert all(later - earlier >= stream.GATHER_SECONDS * 0.9 for earlier, later in pairwise(told))


async def test_one_person_has_so_many_streams(engine, monkeypatch):
    monkeypatch.setattr(stream, "MOST_STREAMS", 2)
    await begin(engine)
    async with reading(engine, ANNA, ANNA, ANNA, BOB) as (first, second, third, of_bob):
        await take(first, 2)
        await take(second, 2)
        await take(of_bob, 2)
        with pytest.raises(Unavailable, match="reads 2 streams of events here already"):
            await anext(third)
        await first.aclose()
        async with reading(engine, ANNA) as (another,):
            await take(another, 2)

    assert not engine._streams
