"""Incidents as rows on both databases: what a batch reads and writes of them, and who may see them."""

from datetime import timedelta

from placet import cursor_of
from placet.commands import JobEnded
from placet.store import incidents
from placet.store.incidents import Wanted, find_incident, page_of_incidents
from placet.store.names import NameCache, Names
from placet.store.page import Page
from placet.store.visible import reader
from tests.builders import ADMIN, ANNA, DORA
from tests.store.harness import an_engine, load
from tests.store.test_dispatcher import CALL


async def failed(engine, number=1, *, actor="anna"):
    """The id of a process whose call has failed `number` times."""
    process_id = (await engine.start("Call", actor=actor)).process.id
    for nth in range(1, number + 1):
        response = {"success": False, "code": 500, "message": {"tree": [1, None, "é"]}, "headers": {}, "error": "no"}
        tries = [{"at": "2026-03-02T09:00:00+00:00", "code": 500, "error": "no", "ms": 1}]
        command = JobEnded(
            process_id=process_id, number=nth, timer=0, outcome="fault", response=response, reason="no", tries=tries
        )
        await engine.as_system().handle(command)
        if nth < number:
            await engine.retry_incident(f"{process_id[:28]}{nth:04x}", actor="admin")
    return process_id


async def stored(engine, process_id, *numbers):
    """The incidents that a batch would read, by a reader that has nothing in memory."""
    return await engine.store.read(lambda tx: incidents.load(tx, {process_id}, numbers, Names(NameCache())))


async def test_what_was_decided_of_an_incident_is_stored(database_url, clock):
    async with an_engine(database_url, clock, CALL.format(connector="Users")) as engine:
        process_id = await failed(engine, 2)

        (still_open,) = await stored(engine, process_id)
        assert (still_open.number, still_open.opened_at, still_open.actor) == (2, clock.now(), None)
        assert still_open.payload["response"]["message"] == {"tree": [1, None, "é"]}
        first, second = sorted(await stored(engine, process_id, 1, 2), key=lambda each: each.number)
        assert (first.resolution, first.actor, first.resolved_at) == ("retried", ADMIN, clock.now())
        assert second == still_open
        assert (await load(engine, process_id)).process.incident_count == 2


async def test_the_end_of_a_process_closes_what_is_open(database_url, clock):
    async with an_engine(database_url, clock, CALL.format(connector="Users")) as engine:
        process_id = await failed(engine)
        await engine.terminate(process_id, actor="admin")

        assert await stored(engine, process_id) == []
        (closed,) = await stored(engine, process_id, 1)
        assert (closed.resolution, closed.actor) == ("ended", ADMIN)


async def test_whose_process_it_is_sees_its_incidents_and_nobody_else(database_url, clock):
    async with an_engine(database_url, clock, CALL.format(connector="Users")) as engine:
        process_id = await failed(engine)

        def seen(who):
            def work(tx):
                of = reader(engine._world, who, clock.now(), tx)
                page = page_of_incidents(tx, engine._world, Wanted(), of, Page(10, None, False))
                return page, find_incident(tx, engine._world, (process_id, 1), of)

            return engine.store.read(work)

        assert await seen(DORA) == ([], None)
        page, found = await seen(ANNA)
        assert page == [found]
        assert found.process.id == process_id


async def test_pages_follow_the_order_in_which_they_were_opened(database_url, clock):
    async with an_engine(database_url, clock, CALL.format(connector="Users")) as engine:
        ids = []
        for _ in range(5):
            ids.append(await failed(engine))
            clock.move_to(clock.now() + timedelta(seconds=1))
        system = engine.as_system()

        first = await system.incidents(limit=2)
        rest = await system.incidents(limit=5, after=cursor_of(first[-1]))
        assert [each.process.id for each in first + rest] == ids
        newest = await system.incidents(limit=2, newest_first=True)
        before = await system.incidents(limit=5, newest_first=True, after=cursor_of(newest[-1]))
        assert [each.process.id for each in newest + before] == ids[::-1]

        await system.skip_incident(first[0].incident.id)
        assert [each.process.id for each in await system.incidents()] == ids[1:]
        assert [each.process.id for each in await system.incidents(resolved=True)] == ids
