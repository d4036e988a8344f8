"""Where a database has a queue: jobs are in it as the decision is, each is run once, and what is lost is found."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from pgqueuer.domain.settings import db_settings
from sqlalchemy import text

from placet import Engine
from placet.commands import JobEnded
from placet.core.records import Job
from placet.core.statuses import ProcessStatus
from placet.errors import Unavailable
from placet.jobs.circuit import Bounds, Circuits
from placet.jobs.port import jobs_of
from placet.jobs.queue_reader import SILENCE
from placet.jobs.queued import SWEEP_SECONDS, Queued
from placet.jobs.runner import Done, TryAgain
from placet.jobs.worker import Worker
from placet.settings import Settings
from placet.store import incidents, jobs, queueing, taking
from placet.store.bulk import Inserts
from placet.store.claiming import Claims, _taking
from placet.store.database.postgres import connect_apart
from placet.store.leaving import Held, PutBack
from placet.store.queue_driver import Reconnecting
from placet.store.tables import connector
from tests.store.harness import add_people, an_engine, load
from tests.store.test_dispatcher import CALL, GOOD, MAIL, Scripted, a_node, how_many, job_of, started

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

ROWS = "SELECT id, entrypoint, status, payload, dedupe_key FROM pgqueuer.pgqueuer ORDER BY id"


@asynccontextmanager
async def idle(url, clock, *definitions):
    """An engine that decides, and runs nothing."""
    async with an_engine(url, clock, *(definitions or [CALL.format(connector="Users")])) as engine:
        yield engine


async def rows(engine):
    return await engine.store.read(lambda tx: tx.execute(text(ROWS)).all())


async def run(engine, sql, **values):
    return await engine.store.write(lambda tx: tx.execute(text(sql), values))


async def unheard(engine):
    """Have the node that has claimed the rows fall silent."""
    await run(engine, "UPDATE pgqueuer.pgqueuer SET heartbeat = now() - interval '2 s'")


@asynccontextmanager
async def a_claimer(url):
    """What a node says to the queue, without a node."""
    driver = Reconnecting(url)
    try:
        yield Claims(driver)
    finally:
        await driver.close()


async def claimed(claims, *, limit=20):
    """The jobs of all rows that may be claimed."""
    asked = dict.fromkeys(await claims.entrypoints(), limit)
    return [*(await claims.claim(asked, 50, SILENCE)).jobs.values()]


def named(process_id, number=1):
    return bytes.fromhex(process_id) + number.to_bytes(4, "big")


# -- with the decision ---------------------------------------------------------------------------------


async def test_a_job_that_may_run_is_in_the_queue_once_its_decision_is_stored(database_url, clock):
    async with idle(database_url, clock, CALL.format(connector="Users"), MAIL) as engine:
        called = await started(engine)
        mailed = await started(engine, definition="Mail")

        found = await rows(engine)
        assert [(row.entrypoint, row.status, row.payload, row.dedupe_key) for row in found] == [
            ("connector/users", "queued", named(called), f"{called}:1"),
            ("mail", "queued", named(mailed), f"{mailed}:1"),
        ]
        job = await job_of(engine, called)
        assert (job.timer_at, job.timer) == (None, 0)


async def test_a_decision_that_is_not_stored_leaves_nothing_in_the_queue(database_url, clock, monkeypatch):
    queued = []
    async with idle(database_url, clock) as engine:

        def fails(inserts, *args):
            queued.append(len(inserts.tx.execute(text(ROWS)).all()))
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
                    connector.insert(),
                    {"id": id_, "name": name, "folded": name, "service_id": service, "content": {}, "revision": 1}
                    | {"created_at": clock.now()},
                )

        await engine.store.write(add)
        for name in ("Users", "b" * 32, "Nobody"):
            await engine.as_system().deploy(CALL.format(connector=name))
            await started(engine)

        found = [row.entrypoint for row in await rows(engine)]
        assert found == [f"service/{service}", f"service/{service}", "connector/nobody"]


async def test_a_job_that_is_over_is_out_of_the_queue_in_the_same_commit(database_url, clock):
    async with idle(database_url, clock) as engine, a_claimer(database_url) as claims:
        process_id = await started(engine)
        (job,) = await claimed(claims)
        await engine.store.submit(
            JobEnded(process_id=process_id, number=1, timer=job.timer, outcome="success", response=GOOD, tries=[])
        )

        assert (await rows(engine), await how_many(engine)) == ([], 0)


async def test_what_came_back_while_its_process_was_stopped_is_not_run_again(database_url, clock):
    async with idle(database_url, clock) as engine, a_claimer(database_url) as claims:
        process_id = await started(engine)
        (job,) = await claimed(claims)
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


async def test_who_takes_a_job_fences_what_was_done_with_it_before(database_url, clock):
    async with idle(database_url, clock) as engine, a_claimer(database_url) as first, a_claimer(database_url) as second:
        process_id = await started(engine)
        assert [job.timer for job in await claimed(first)] == [1]
        assert await claimed(second) == []  # the first is heard of
        await unheard(engine)
        assert [job.timer for job in await claimed(second)] == [2]

        late = PutBack(Held(process_id, 1, 1), clock.now(), {"tries": [1]})
        await engine.store.write(lambda tx: taking.leave(tx, [late]))
        outcome = await engine.store.submit(
            JobEnded(process_id=process_id, number=1, timer=1, outcome="success", response=GOOD, tries=[])
        )
        assert outcome.process is None
        assert len(await rows(engine)) == 1
        job = await job_of(engine, process_id)
        assert (job.timer, job.payload["tries"]) == (2, [])


@pytest.mark.parametrize("payload", [None, b"", b"of somebody else", named("0" * 32)])
async def test_a_row_that_names_no_job_goes(database_url, clock, payload):
    async with idle(database_url, clock) as engine, a_claimer(database_url) as claims:
        await started(engine)
        await run(engine, "UPDATE pgqueuer.pgqueuer SET payload = :payload", payload=payload)

        assert await claimed(claims) == []
        assert await rows(engine) == []


async def test_a_job_that_a_transaction_holds_is_not_waited_for(database_url, clock):
    """Or what this node is at would be taken for left by everybody meanwhile."""
    async with idle(database_url, clock) as engine, a_claimer(database_url) as claims:
        await started(engine)
        connection = await connect_apart(database_url)
        async with connection.transaction():
            await connection.execute("SELECT FROM job FOR UPDATE")
            found = await claims.claim({"connector/users": 20}, 50, SILENCE)
            assert (found.jobs, len(found.busy)) == ({}, 1)
            await claims.give_back(found.busy)
        await connection.close()

        assert [job.timer for job in await claimed(claims)] == [1]


async def test_a_job_is_taken_over_from_a_node_that_has_fallen_silent(database_url, clock):
    runner = Scripted()
    async with idle(database_url, clock) as engine, a_claimer(database_url) as claims:
        process_id = await started(engine)
        await claimed(claims)
        await unheard(engine)
    async with a_node(database_url, clock, runner) as engine:
        await engine.settled()

        assert [job.timer for job in runner.ran] == [2]
        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED


async def test_a_job_that_takes_long_stays_with_its_node(database_url, clock):
    runner = Scripted()
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await runner.has_begun(1)
        async with a_claimer(database_url) as other, asyncio.timeout(20):
            picked = "SELECT now() - updated > interval '1.5 s' FROM pgqueuer.pgqueuer"
            while not (await run(engine, picked)).scalar():
                assert await claimed(other) == []
                await clock.wait(None, asyncio.Event(), 0.05)

        assert (await job_of(engine, process_id)).timer == 1
        runner.may_end.set()
        await engine.settled()


async def test_a_job_that_could_not_be_run_for_a_fault_in_here_is_run_later(database_url, clock, monkeypatch, caplog):
    monkeypatch.setattr("placet.jobs.queued._AFTER_FAULT", timedelta(seconds=0.1))
    monkeypatch.setattr("placet.jobs.queue_reader.SILENCE", timedelta(hours=1))
    runner, run_it, failed = Scripted(), Worker.run, []

    async def fails_once(worker, running):
        if not failed:
            failed.append(1)
            worker.running.clear()
            raise ZeroDivisionError
        return await run_it(worker, running)

    monkeypatch.setattr(Worker, "run", fails_once)
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await engine.settled()

        assert (len(failed), [job.timer for job in runner.ran]) == (1, [2])
        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED
    assert [record.message for record in caplog.records if record.exc_info] == ["a job could not be run"]


async def test_what_a_node_says_that_was_overtaken_changes_nothing(database_url, clock):
    """One that slept while another took its rows over, and goes on as if nothing had been."""
    async with idle(database_url, clock) as engine, a_claimer(database_url) as first, a_claimer(database_url) as second:
        await started(engine)
        assert len(await claimed(first)) == 1
        await unheard(engine)
        assert len(await claimed(second)) == 1
        (row,) = await rows(engine)
        before = await everything(engine)

        await first.beat([row.id])
        await first.give_back([row.id])
        assert await everything(engine) == before
        await second.beat([row.id])
        assert await everything(engine) != before
        await second.give_back([row.id])
        assert [row.status for row in await rows(engine)] == ["queued"]


async def everything(engine):
    return await engine.store.read(lambda tx: tx.execute(text("SELECT * FROM pgqueuer.pgqueuer")).all())


def added(tx, waiting):
    inserts = Inserts(tx)
    jobs.add(inserts, waiting)
    inserts.run()


async def test_what_waits_for_one_service_keeps_no_other_waiting(database_url, clock):
    """However the server plans the one statement that it plans once."""
    async with idle(database_url, clock) as engine, a_claimer(database_url) as claims:
        waiting = [Job(f"{n:032x}", 1, "call", clock.now(), 1, {}, 0, f"connector/busy{n % 3}") for n in range(6_000)]
        await engine.store.write(lambda tx: added(tx, waiting))
        await engine.store.write(taking.analyze)
        await claims.claim({"connector/busy1": 3}, 50, SILENCE)
        query = queueing.statements().build_dequeue_query(
            batch_size=50,
            entrypoints=["connector/other"],
            concurrency_limits=[3],
            queue_manager_id=claims.node,
            global_concurrency_limit=None,
            heartbeat_timeout=SILENCE,
        )
        await claims._driver.execute(f"PREPARE claim (int, text[], uuid, interval, bigint[]) AS {_taking(query.sql)}")
        given = f"50, ARRAY['connector/other'], '{claims.node}', '1 s', ARRAY[3]"
        plan = await claims._driver.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE claim ({given})")

    passed_over = [node.get("Rows Removed by Filter", 0) for node in nodes_of(json.loads(plan[0][0])[0]["Plan"])]
    assert max(passed_over) < 50


def nodes_of(plan):
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes_of(each)


def test_another_statement_of_pgqueuer_is_noticed(database_url):
    with pytest.raises(ValueError, match="claims rows in another way"):
        _taking("SELECT 1")


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
    async with idle(database_url, clock) as engine, a_claimer(database_url) as claims:
        process_id = await started(engine)
        await run(engine, "UPDATE job SET timer_at = 1, timer = 1")

        def release(tx):
            return taking.release(tx, ["connector/users"], clock.now())

        assert await engine.store.write(release) == 0
        assert (await job_of(engine, process_id)).timer_at == clock.now()
        assert await claimed(claims) == []
        assert await engine.store.write(release) == 1
        assert [job.timer for job in await claimed(claims)] == [2]


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
    assert SWEEP_SECONDS <= 1


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


async def test_the_queue_tells_of_new_rows_alone_and_keeps_no_log(database_url, clock):
    async with idle(database_url, clock) as engine, a_claimer(database_url) as claims:
        told, connection = [], await connect_apart(database_url)
        await connection.add_listener(queueing.CHANNEL, lambda *said: told.append(said))
        await started(engine)
        await started(engine)
        await connection.execute("SELECT")
        assert len(told) == 2
        (first, _) = await claimed(claims)
        await engine.store.submit(
            JobEnded(process_id=first.process_id, number=1, timer=1, outcome="success", response=GOOD, tries=[])
        )
        await claims.give_back([row.id for row in await rows(engine)])
        await connection.execute("SELECT")
        await connection.close()

        assert len(told) == 2
        lines = text("SELECT count(*) FROM pgqueuer.pgqueuer_log")
        assert await engine.store.read(lambda tx: tx.execute(lines).scalar()) == 0


# -- several nodes, and the connection -----------------------------------------------------------------


async def test_no_more_of_a_service_run_at_once_than_it_allows_on_all_nodes_together(database_url, clock):
    runner = Scripted(bounds=Bounds(concurrency=3))
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        other = jobs_of(engine.settings, engine.store, clock, {"call": runner}, Circuits())
        other.start()
        for _ in range(12):
            await started(engine)
        await runner.has_begun(3)
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

        await run(engine, "SELECT pg_terminate_backend(:pid)", pid=before.get_server_pid())
        await started(engine)
        await runner.has_begun(3)
        runner.may_end.set()
        await engine.settled()

        assert engine._dispatcher._driver._connection is not before
        assert before.is_closed()
        assert not (await load(engine, hanging)).jobs
    assert not [record for record in caplog.records if record.exc_info]


async def test_what_goes_wrong_while_the_queue_is_read_keeps_nobody_waiting(database_url, clock, caplog, monkeypatch):
    """Least of all for what runs just then, which may take long."""
    runner, read, failed = Scripted(), Claims.claim, []

    async def fails_once(*asked):
        if not failed:
            failed.append(1)
            raise ZeroDivisionError("so it is")
        return await read(*asked)

    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        await started(engine)
        await runner.has_begun(1)
        monkeypatch.setattr(Claims, "claim", fails_once)
        await started(engine)
        await runner.has_begun(2)
        runner.may_end.set()
        await engine.settled()

        assert await how_many(engine) == 0
    (said,) = [record for record in caplog.records if record.message == "the queue of jobs could not be read"]
    assert said.error == "ZeroDivisionError: so it is"


async def test_that_jobs_cannot_be_put_into_the_queue_is_told_once(database_url, clock, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    release, looks, is_back = Queued._release, [], asyncio.Event()

    async def away_at_first(queued):
        looks.append(1)
        if len(looks) < 4:
            queued._woken.set()
            raise Unavailable("It is away.", "It is away: 127.0.0.1 does not answer.")
        is_back.set()
        return await release(queued)

    monkeypatch.setattr(Queued, "_release", away_at_first)
    async with a_node(database_url, clock, Scripted()):
        await is_back.wait()

    said = [record for record in caplog.records if "could not be put into the queue" in record.message]
    assert [(record.levelname, getattr(record, "error", None)) for record in said] == [
        ("WARNING", "It is away: 127.0.0.1 does not answer."),
        ("INFO", None),
    ]


async def test_an_engine_that_is_not_told_looks_by_itself_and_says_so(database_url, clock, caplog, monkeypatch):
    monkeypatch.setattr("placet.jobs.queue_reader._HEARD_SECONDS", 0.01)
    monkeypatch.setattr(Reconnecting, "_hear", lambda *said: None)
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
        unreached = jobs_of(settings, engine.store, clock, {}, Circuits())
        unreached.start()
        async with asyncio.timeout(10):
            while not unreached._driver._failures:
                await clock.wait(None, asyncio.Event(), 0.01)
            await unreached.close()


async def test_variables_that_pgqueuer_reads_change_nothing(database_url, clock, monkeypatch):
    for name in ("SCHEMA", "PREFIX", "CHANNEL", "QUEUE_TABLE", "DURABILITY"):
        monkeypatch.setenv(f"PGQUEUER_{name}", "; no name at all")
    for cached in (queueing.queue_settings, queueing.statements, db_settings):
        cached.cache_clear()
    runner = Scripted()
    async with a_node(database_url, clock, runner) as engine:
        await started(engine)
        await engine.settled()

    assert len(runner.ran) == 1
    assert queueing.queue_settings().qualified.queue_table == "pgqueuer.pgqueuer"
