"""The events of all processes as one stream that can be resumed and misses none."""

import asyncio
import threading

import pytest

from placet import Engine
from placet.errors import InvalidInput, Unavailable
from placet.store import trail
from placet.store.database import opened
from placet.store.names import NameCache, Names
from placet.store.trail import Position
from tests.store.harness import an_engine


async def everything(engine, after=None, limit=1000):
    return await engine.store.read(lambda tx: trail.events_after(tx, after or Position(), Names(NameCache()), limit))


async def once_there_are(count, engine):
    """Everything, once nothing is held back: on PostgreSQL other tests' transactions on the same server do that too."""
    async with asyncio.timeout(20):
        while len(found := await everything(engine)) < count:
            pass
    return found


@pytest.mark.parametrize("text", ["0-0", "12-345"])
def test_a_position_as_text(text):
    assert str(Position.parse(text)) == text


async def test_pages_join_without_a_gap(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        for _ in range(5):
            await engine.as_system().start("Ask", initiator="anna")
        whole = await once_there_are(10, engine)
        assert len(whole) == 10

        pieces, after = [], None
        while page := await everything(engine, after, limit=3):
            pieces += page
            after = page[-1][0]
        assert pieces == whole
        assert await engine.store.read(trail.last_position) == whole[-1][0]
        assert [event.kind for _, event in whole[:2]] == ["process.started", "work_item.assigned"]


async def test_an_empty_database_has_no_last_position(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        assert await engine.store.read(trail.last_position) == Position()
        assert await everything(engine) == []


async def test_a_subscriber_begins_with_what_happens_next(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        before = await engine.as_system().start("Ask", initiator="anna")
        await once_there_are(2, engine)
        stream = engine.as_system().events()
        first = asyncio.create_task(anext(stream))
        while not first.done():
            await engine.as_system().start("Ask", initiator="anna")

        _, event = first.result()

        assert event.process_id > before.process.id
        await stream.aclose()


@pytest.mark.timeout(60)
async def test_nobody_misses_an_event_of_writers_at_work(database_url, clock):
    """Two engines write at once; a reader stops again and again and goes on from where it was."""
    starts = 60
    async with (
        an_engine(database_url, clock) as one,
        an_engine(database_url, clock) as other,
        an_engine(database_url, clock) as reading,
    ):
        seen = []

        async def read():
            position, turn = "0-0", 0
            while len(seen) < 4 * starts:
                turn += 1
                stream = reading.as_system().events(after=position)
                for _ in range(turn % 7 + 1):
                    position, event = await anext(stream)
                    seen.append((Position.parse(position), event.process_id, event.number))
                    if len(seen) == 4 * starts:
                        break
                await stream.aclose()

        async def write(engine):
            for _ in range(starts // 4):
                await asyncio.gather(*(engine.as_system().start("Ask", initiator="anna") for _ in range(4)))

        await asyncio.gather(read(), write(one), write(other))

        assert len({event[1:] for event in seen}) == len(seen) == 4 * starts
        order = [(position.tx, position.number) for position, _, _ in seen]
        assert order == sorted(set(order))
        stored = await once_there_are(len(seen), one)
        assert [(p, e.process_id, e.number) for p, e in stored] == seen


@pytest.fixture
def postgresql_url(databases, postgresql_template):
    """A migrated database of the only kind where two transactions write at once."""
    yield databases.create("placet_held_back", postgresql_template)
    databases.drop("placet_held_back")


async def test_a_transaction_that_still_runs_holds_back_those_after_it(postgresql_url, clock):
    """Numbers that are given out early may become visible late."""
    async with an_engine(postgresql_url, clock) as engine, opened(postgresql_url) as database:
        slow = await database.connect_writer()
        await slow.begin()
        await slow.run(lambda tx: tx.exec_driver_sql("SELECT pg_current_xact_id()").scalar())
        await engine.as_system().start("Ask", initiator="anna")
        assert await everything(engine) == []
        assert await engine.store.read(trail.last_position) == Position()

        await slow.run(lambda tx: tx.exec_driver_sql(_ONE_EVENT))
        await slow.commit()
        await slow.close()

        seen = await once_there_are(3, engine)
        assert [event.number for _, event in seen] == [99, 1, 2]
        assert seen[0][0].number > seen[1][0].number, "it was numbered last and belongs first"


_ONE_EVENT = r"""
INSERT INTO event (process_id, number, kind, at)
VALUES (decode(repeat('00', 16), 'hex'), 99, 1, 0)
"""


# -- readers -------------------------------------------------------------------------------------


def connection_threads():
    return {thread for thread in threading.enumerate() if "_connection_worker" in thread.name}


def left_open_since(before):
    """The threads of connections that nobody has closed; one that has been closed ends in a moment."""
    for thread in connection_threads() - before:
        thread.join(timeout=5)
    return connection_threads() - before


async def kinds(stream):
    return [event.kind async for _, event in stream]


async def test_a_slow_reader_holds_up_nobody_and_gets_everything(database_url, clock):
    starts = 300  # of two events each: more than are read at once
    async with an_engine(database_url, clock) as engine:
        await engine.as_system().start("Ask", initiator="anna")
        stream = engine.as_system().events("0-0")
        seen = [await anext(stream)]
        await asyncio.gather(*(engine.as_system().start("Ask", initiator="anna") for _ in range(starts - 1)))

        async with asyncio.timeout(60):
            while len(seen) < 2 * starts:
                seen.append(await anext(stream))
        await stream.aclose()

        stored = await engine.store.read(lambda tx: trail.events_after(tx, Position(), Names(NameCache()), 1000))
        assert seen == [(str(position), event) for position, event in stored]


async def test_a_reader_that_is_cancelled_leaves_nothing_behind(database_url, clock):
    """Wherever it is: before its first look, in the middle of one, or waiting for a commit."""
    before = connection_threads()
    async with an_engine(database_url, clock) as engine:
        await engine.as_system().start("Ask", initiator="anna")
        for turns in range(25):
            reading = asyncio.create_task(kinds(engine.as_system().events("0-0" if turns % 2 else None)))
            for _ in range(turns):
                await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        await engine.as_system().start("Ask", initiator="anna")
        assert len(await once_there_are(4, engine)) == 4

    assert not left_open_since(before)


async def test_closing_the_engine_ends_a_reader_that_waits(database_url, clock, monkeypatch):
    waits = asyncio.Event()

    async def wait(committed):
        waits.set()
        await committed.wait()

    monkeypatch.setattr("placet.stream._wait", wait)  # without ever looking by itself
    async with an_engine(database_url, clock) as engine, asyncio.timeout(20):
        readers = [asyncio.create_task(kinds(engine.as_system().events())) for _ in range(3)]
        await waits.wait()
        await engine.close()

        assert await asyncio.gather(*readers) == [[], [], []]


async def test_closing_the_engine_ends_readers_in_the_middle_of_a_look(database_url, clock):
    before = connection_threads()
    for turns in range(12):
        async with an_engine(database_url, clock) as engine, asyncio.timeout(20):
            readers = [asyncio.create_task(kinds(engine.as_system().events("0-0"))) for _ in range(12)]
            for _ in range(turns):
                await asyncio.sleep(0)
            await engine.close()

            assert await asyncio.gather(*readers, return_exceptions=True) == [[]] * 12

        assert not left_open_since(before), turns


async def test_a_reader_in_the_middle_of_a_page_is_given_its_rest(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        await engine.as_system().start("Ask", initiator="anna")
        await once_there_are(2, engine)
        stream = engine.as_system().events("0-0")
        _, first = await anext(stream)

    assert [first.kind, *await kinds(stream)] == ["process.started", "work_item.assigned"]


async def test_an_engine_that_was_never_opened_has_no_events_and_one_that_was_closed_has_no_more(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        await engine.as_system().start("Ask", initiator="anna")

    for after in (None, "0-0"):
        assert await kinds(engine.as_system().events(after)) == []
        with pytest.raises(Unavailable, match="not open"):
            await kinds(Engine(database_url).as_system().events(after))


@pytest.mark.parametrize("after", ["", "7", "7-", "-1-2", "now", "²-1", f"0-{10**18}"])
async def test_what_is_no_position_is_refused(database_url, clock, after):
    async with an_engine(database_url, clock) as engine:
        with pytest.raises(InvalidInput, match="no position; give one that came with an event, or 0-0 for all"):
            await anext(engine.as_system().events(after))
