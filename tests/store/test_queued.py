"""Where a database has a queue: jobs are in it as the decision is, each is run once, and what is lost is found."""

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from pgqueuer.domain.errors import FailingListenerError
from pgqueuer.domain.settings import db_settings
from sqlalchemy import text

from placet import Engine
from placet.commands import JobEnded
from placet.core.statuses import ProcessStatus
from placet.jobs.circuit import Bounds
from placet.jobs.port import jobs_of
from placet.jobs.queue_reader import QueueReader
from placet.jobs.queued import SWEEP_SECONDS
from placet.jobs.runner import Done, TryAgain
from placet.settings import Settings
from placet.store import incidents, queueing, taking
from placet.store.leaving import Held, PutBack
from placet.store.queue_driver import FencedQueries, Reconnecting
from placet.store.taking import Delivered
from tests.store.harness import add_people, an_engine, load
from tests.store.test_dispatcher import CALL, GOOD, MAIL, Scripted, a_node, how_many, job_of, started

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

ROWS = "SELECT id, entrypoint, status, payload, dedupe_key FROM pgqueuer.pgqueuer ORDER BY id"
PICK = """
UPDATE pgqueuer.pgqueuer SET status = 'picked', queue_manager_id = :manager, slot = 0,
    heartbeat = now() - CAST(:silent AS interval)
"""
#: The connection of the queue, which has nothing to do with those that write decisions.
CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pgqueuer%'
"""


@asynccontextmanager
async def idle(url, clock, *definitions):
    """An engine that decides, and runs nothing."""
    async with an_engine(url, clock, *(definitions or [CALL.format(connector="Users")])) as engine:
        yield engine


async def rows(engine):
    return await engine.store.read(lambda tx: tx.execute(text(ROWS)).all())


async def run(engine, sql, **values):
    return await engine.store.write(lambda tx: tx.execute(text(sql), values))


async def taken(engine):
    """Take all that is in the queue, as a node does that has it delivered."""
    delivered = [Delivered.read(row.id, row.payload) for row in await rows(engine)]
    return await engine.store.write(lambda tx: taking.take(tx, delivered))


# -- with the decision ---------------------------------------------------------------------------------


async def test_a_job_that_may_run_is_in_the_queue_once_its_decision_is_stored(database_url, clock):
    async with idle(database_url, clock, CALL.format(connector="Users"), MAIL) as engine:
        called = await started(engine)
        mailed = await started(engine, definition="Mail")

        found = await rows(engine)
        assert [(row.entrypoint, row.status, row.payload, row.dedupe_key) for row in found] == [
            ("connector/users", "queued", f"{called}:1:0".encode(), f"{called}:1"),
            ("mail", "queued", f"{mailed}:1:0".encode(), f"{mailed}:1"),
        ]
        job = await job_of(engine, called)
        assert (job.timer_at, job.timer) == (None, 0)


async def test_a_decision_that_is_not_stored_leaves_nothing_in_the_queue(database_url, clock, monkeypatch):
    queued = []
    async with idle(database_url, clock) as engine:

        def fails(tx, *args):
            queued.append(len(tx.execute(text(ROWS)).all()))
            raise ZeroDivisionError

        with monkeypatch.context() as patched:
            patched.setattr(incidents, "add", fails)  # it comes after the jobs
            with pytest.raises(ZeroDivisionError):
                await started(engine)
        assert (queued, await rows(engine)) == ([1], [])

        await started(engine)
        assert len(await rows(engine)) == 1


async def test_who_calls_the_same_service_shares_its_bounds(database_url, clock):
    async with idle(database_url, clock) as engine:
        service = "0" * 31 + "1"

        def add(tx):
            for name, id_ in (("users", "a" * 32), ("others", "b" * 32)):
                tx.execute(
                    queueing.connector.insert(),
                    {"id": id_, "name": name, "folded": name, "service_id": service, "content": {}, "revision": 1}
                    | {"created_at": clock.now()},
                )

        await engine.store.write(add)
        for connector in ("Users", "b" * 32, "Nobody"):
            await engine.as_system().deploy(CALL.format(connector=connector))
            await started(engine)

        found = [row.entrypoint for row in await rows(engine)]
        assert found == [f"service/{service}", f"service/{service}", "connector/nobody"]


async def test_a_job_that_is_over_is_out_of_the_queue_in_the_same_commit(database_url, clock):
    async with idle(database_url, clock) as engine:
        process_id = await started(engine)
        (job,) = await taken(engine)
        await engine.store.submit(
            JobEnded(process_id=process_id, number=1, timer=job.timer, outcome="success", response=GOOD, tries=[])
        )

        assert (await rows(engine), await how_many(engine)) == ([], 0)


async def test_what_came_back_while_its_process_was_stopped_is_not_run_again(database_url, clock):
    async with idle(database_url, clock) as engine:
        process_id = await started(engine)
        (job,) = await taken(engine)
        await engine.pause(process_id, actor="admin")
        await engine.store.submit(
            JobEnded(process_id=process_id, number=1, timer=job.timer, outcome="success", response=GOOD, tries=[])
        )

        assert await rows(engine) == []
        assert await engine.store.write(lambda tx: taking.sweep(tx, None)) == (0, None)
        assert await engine.store.read(taking.waiting) == {}
        await engine.resume(process_id, actor="admin")
        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED


# -- the fence -----------------------------------------------------------------------------------------


async def test_what_is_delivered_twice_is_run_once(database_url, clock):
    runner = Scripted()
    async with idle(database_url, clock) as engine:
        await started(engine)
        columns = "priority, status, entrypoint, payload"
        await run(engine, f"INSERT INTO pgqueuer.pgqueuer ({columns}) SELECT {columns} FROM pgqueuer.pgqueuer")
        assert len(await rows(engine)) == 2
    async with a_node(database_url, clock, runner) as engine:
        await engine.settled()

        assert len(runner.ran) == 1
        assert (await rows(engine), await how_many(engine)) == ([], 0)


async def test_who_takes_a_job_fences_what_was_delivered_before(database_url, clock):
    async with idle(database_url, clock) as engine:
        process_id = await started(engine)
        (row,) = await rows(engine)
        first = Delivered.read(row.id, row.payload)

        assert [job.timer for job in await taken(engine)] == [1]
        assert [job.timer for job in await taken(engine)] == [2]  # by another, when the first was silent
        assert await engine.store.write(lambda tx: taking.take(tx, [first])) == [None]
        assert [row.payload for row in await rows(engine)] == [f"{process_id}:1:2".encode()]

        late = PutBack(Held(process_id, 1, 1), clock.now(), {"tries": [1]})
        await engine.store.write(lambda tx: taking.leave(tx, [late]))
        outcome = await engine.store.submit(
            JobEnded(process_id=process_id, number=1, timer=1, outcome="success", response=GOOD, tries=[])
        )
        assert outcome.process is None
        assert len(await rows(engine)) == 1
        assert (await job_of(engine, process_id)).payload["tries"] == []


async def test_a_job_is_taken_over_from_a_node_that_has_fallen_silent(database_url, clock):
    runner = Scripted()
    async with idle(database_url, clock) as engine:
        process_id = await started(engine)
        await taken(engine)
        await run(engine, PICK, manager=str(uuid4()), silent=timedelta(seconds=2))
    async with a_node(database_url, clock, runner) as engine:
        await engine.settled()

        assert [job.timer for job in runner.ran] == [2]
        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED


async def test_the_statements_of_a_node_that_was_overtaken_change_nothing(database_url, clock):
    """One that slept while another took its rows over, and goes on as if nothing had been."""
    async with idle(database_url, clock) as engine:
        await started(engine)
        await run(engine, PICK, manager=str(uuid4()), silent=timedelta(0))
        driver = Reconnecting(database_url)
        reader = QueueReader(driver, jobs_of(engine.settings, engine.store, clock, {}).worker, None, lambda: True)
        try:
            before = await everything(engine)
            (job,) = await reader._own.browse_queue()
            await reader._own.log_jobs([(job, "successful", None)])
            await reader._own.retry_job(job, timedelta(0), None)
            await reader._own.update_heartbeat([job.id])
            assert await everything(engine) == before

            reader._own.manager_id = job.queue_manager_id
            await reader._own.log_jobs([(job, "canceled", None)])  # whoever finds it silent runs it
            assert await everything(engine) == before
            await reader._own.log_jobs([(job, "successful", None)])
            assert await rows(engine) == []
        finally:
            await driver.close()


async def everything(engine):
    return await engine.store.read(lambda tx: tx.execute(text("SELECT * FROM pgqueuer.pgqueuer")).all())


# -- later, and lost -----------------------------------------------------------------------------------


async def test_what_is_to_be_tried_later_is_out_of_the_queue_until_it_is_due(database_url, clock):
    runner = Scripted(TryAgain(timedelta(seconds=30), "not now"), Done("success", GOOD))
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await engine.settled()
        assert (len(runner.ran), await rows(engine)) == (1, [])

        clock.move(seconds=30)
        await runner.has_begun(2)
        await engine.settled()
        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED


async def test_what_has_come_due_waits_for_its_former_row_to_go(database_url, clock):
    async with idle(database_url, clock) as engine:
        process_id = await started(engine)
        (row,) = await rows(engine)
        await run(engine, "UPDATE job SET timer_at = 1, timer = 1")

        def release(tx):
            return taking.release(tx, ["connector/users"], clock.now())

        assert await engine.store.write(release) == 0
        assert (await job_of(engine, process_id)).timer_at == clock.now()
        assert await engine.store.write(lambda tx: taking.take(tx, [Delivered.read(row.id, row.payload)])) == [None]
        assert await engine.store.write(release) == 1
        assert [row.payload for row in await rows(engine)] == [f"{process_id}:1:1".encode()]


async def test_what_is_in_no_queue_is_put_into_it_anew(database_url, clock, monkeypatch):
    monkeypatch.setattr("placet.jobs.queued.SWEEP_SECONDS", 0.0)
    monkeypatch.setattr(taking, "LOOKED_UP", 1)
    runner = Scripted()
    async with idle(database_url, clock) as engine:
        process_id = await started(engine)
        await run(engine, "DELETE FROM pgqueuer.pgqueuer")
    async with a_node(database_url, clock, runner) as engine:
        await runner.has_begun(1)
        await engine.settled()

        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED
    assert SWEEP_SECONDS == 10


async def test_the_queue_is_compared_a_few_jobs_at_a_time(database_url, clock, monkeypatch):
    monkeypatch.setattr(taking, "LOOKED_UP", 2)
    async with idle(database_url, clock) as engine:
        for _ in range(5):
            await started(engine)
        await run(engine, "DELETE FROM pgqueuer.pgqueuer")
        found, place = [], None
        while not found or place is not None:
            count, place = await engine.store.write(lambda tx, place=place: taking.sweep(tx, place))
            found.append(count)

        assert found == [2, 2, 1]
        assert len(await rows(engine)) == 5
        assert (await engine.store.write(lambda tx: taking.sweep(tx, None)))[0] == 0


async def test_old_lines_of_the_log_go(database_url, clock, monkeypatch):
    async with idle(database_url, clock) as engine:
        for _ in range(3):
            await started(engine)
        await run(engine, "UPDATE pgqueuer.pgqueuer_log SET created = now() - interval '1 hour' WHERE job_id < 3")
        monkeypatch.setattr(taking, "PRUNED", 1)

        assert [await engine.store.write(taking.prune) for _ in range(3)] == [True, True, False]
        left = await engine.store.read(
            lambda tx: tx.execute(text("SELECT count(*) FROM pgqueuer.pgqueuer_log")).scalar()
        )
        assert left == 1


# -- several nodes, and the connection -----------------------------------------------------------------


async def test_no_more_of_a_service_run_at_once_than_it_allows_on_all_nodes_together(database_url, clock):
    runner = Scripted(bounds=Bounds(concurrency=3))
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        other = jobs_of(engine.settings, engine.store, clock, {"call": runner})
        other.start()
        for _ in range(12):
            await started(engine)
        await runner.has_begun(3)
        await engine.store.write(lambda tx: taking.prune(tx))
        runner.may_end.set()
        await engine.settled()
        await other.close()

        assert (len(runner.ran), runner.most) == (12, 3)


async def test_a_node_that_drains_takes_no_more_and_ends_what_it_has(database_url, clock):
    runner = Scripted()
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        await started(engine)
        await runner.has_begun(1)
        draining = asyncio.create_task(engine._dispatcher.drain())
        await asyncio.sleep(0)
        await started(engine)
        assert not draining.done()
        runner.may_end.set()
        await draining

        assert (len(runner.ran), len(await rows(engine))) == (1, 1)


async def test_a_connection_that_is_cut_is_made_anew(database_url, clock, caplog):
    caplog.set_level(logging.DEBUG)
    runner = Scripted()
    async with a_node(database_url, clock, runner) as engine:
        await started(engine)
        await engine.settled()
        before = engine._dispatcher._driver._connection
        runner.may_end.clear()
        hanging = await started(engine)
        await runner.has_begun(2)

        assert (await run(engine, CUT)).scalar() >= 1
        await started(engine)
        await runner.has_begun(3)
        runner.may_end.set()
        await engine.settled()

        assert engine._dispatcher._driver._connection is not before
        assert before.is_closed()
        assert not (await load(engine, hanging)).jobs
    assert not [record for record in caplog.records if record.name == "pgqueuer" or record.exc_info]


async def test_what_goes_wrong_while_the_queue_is_read_keeps_nobody_waiting(database_url, clock, caplog, monkeypatch):
    """Least of all for what runs just then, which may take long."""
    runner, read, failed = Scripted(), FencedQueries.entrypoints, []

    async def fails_once(self):
        if not failed:
            failed.append(1)
            raise ZeroDivisionError("so it is")
        return await read(self)

    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        await started(engine)
        await runner.has_begun(1)
        monkeypatch.setattr(FencedQueries, "entrypoints", fails_once)
        await started(engine)
        await runner.has_begun(2)
        runner.may_end.set()
        await engine.settled()

        assert await how_many(engine) == 0
    (said,) = [record for record in caplog.records if record.message == "the queue of jobs could not be read"]
    assert said.error == "ZeroDivisionError: so it is"


async def test_an_engine_that_is_not_told_looks_by_itself_and_says_so(database_url, clock, caplog, monkeypatch):
    async def not_at_all(self, channel, callback):
        return None

    async def not_told(self):
        raise FailingListenerError

    monkeypatch.setattr(Reconnecting, "add_listener", not_at_all)
    monkeypatch.setattr(QueueReader, "listener_healthy", not_told)
    runner = Scripted()
    async with a_node(database_url, clock, runner) as engine:
        await started(engine)
        await runner.has_begun(1)
        await engine.settled()

    (said,) = [record for record in caplog.records if "is not told of new jobs" in record.message]
    assert "set database_direct_url" in said.message


async def test_an_engine_whose_queue_cannot_be_reached_closes_all_the_same(database_url, clock):
    settings = Settings(database_url=database_url, database_direct_url="postgresql://nobody@127.0.0.1:1/nothing")
    async with Engine(settings=settings, clock=clock, run_jobs=False) as engine:
        await engine.store.write(add_people)
        jobs = jobs_of(settings, engine.store, clock, {})
        jobs.start()
        async with asyncio.timeout(10):
            while not jobs._driver._failures:
                await clock.wait(None, asyncio.Event(), 0.01)
            await jobs.close()


async def test_variables_that_pgqueuer_reads_change_nothing(database_url, clock, monkeypatch):
    for name in ("SCHEMA", "PREFIX", "CHANNEL", "QUEUE_TABLE", "DURABILITY"):
        monkeypatch.setenv(f"PGQUEUER_{name}", "; no name at all")
    for cached in (queueing.queue_settings, queueing._statements, db_settings):
        cached.cache_clear()
    runner = Scripted()
    async with a_node(database_url, clock, runner) as engine:
        await started(engine)
        await engine.settled()

    assert len(runner.ran) == 1
    assert queueing.queue_settings().qualified.queue_table == "pgqueuer.pgqueuer"
