"""Where a database has no queue: jobs are taken by a lease, which fences what its former holder writes."""

import pytest

from placet.jobs.dispatcher import LEASE
from placet.store import leaving
from placet.store.leaving import Held, PutBack
from tests.store.harness import an_engine, load
from tests.store.test_dispatcher import CALL, Scripted, a_node, job_of, started

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_who_takes_a_job_keeps_it_by_a_lease(database_url, clock):
    runner = Scripted()
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        hanging = await started(engine)
        await runner.has_begun(1)

        job = await job_of(engine, hanging)
        assert (job.timer, job.timer_at) == (1, clock.now() + LEASE)
        runner.may_end.set()


async def test_a_lease_that_runs_out_here_is_taken_again_and_not_run_twice(database_url, clock, monkeypatch):
    monkeypatch.setattr("placet.jobs.dispatcher.RENEW_SECONDS", 1e9)
    runner = Scripted()
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await runner.has_begun(1)
        clock.move(days=1)
        async with engine._dispatcher.worker.taking:
            await engine._dispatcher._turn()
        assert (await job_of(engine, process_id)).timer >= 2
        runner.may_end.set()
        await engine.settled()

        assert len(runner.ran) == 1
        assert not (await load(engine, process_id)).jobs


async def test_a_lease_fences_what_its_former_holder_writes(database_url, clock):
    async with an_engine(database_url, clock, CALL.format(connector="Users")) as engine:
        process_id = await started(engine)
        now, until = clock.now(), clock.now() + LEASE

        def take(tx):
            return leaving.take(tx, {"connector/users": 5, "connector/none": 5}, now, until)

        (job,) = await engine.store.write(take)
        assert await engine.store.write(take) == []
        old, new = Held(process_id, 1, 0), Held(process_id, 1, job.timer)
        await engine.store.write(lambda tx: leaving.hold(tx, [old], now))
        await engine.store.write(lambda tx: leaving.put_back(tx, [PutBack(old, now, {})]))
        assert await job_of(engine, process_id) == job

        await engine.store.write(lambda tx: leaving.put_back(tx, [PutBack(new, now, {"tries": [1]})]))
        assert (await job_of(engine, process_id)).payload == {"tries": [1]}
        assert await engine.store.read(leaving.lanes) == {"connector/users": now}


async def test_the_earliest_of_a_lane_come_first(database_url, clock):
    async with an_engine(database_url, clock, CALL.format(connector="Users")) as engine:
        first = await started(engine)
        clock.move(seconds=1)
        await started(engine)

        taken = await engine.store.write(
            lambda tx: leaving.take(tx, {"connector/users": 1}, clock.now(), clock.now() + LEASE)
        )
        assert [job.process_id for job in taken] == [first]
