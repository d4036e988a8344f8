"""The figures of an engine on both databases: what it counts while it works, and what it asks the database for."""

import asyncio
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import event as sa_event
from sqlalchemy import insert

from placet import gauges
from placet.commands import PauseProcess
from placet.core.ids import IdMaker
from placet.errors import NotFound, PlacetError, Unavailable
from placet.jobs.observed import Observed
from placet.jobs.runner import Done, TryAgain
from placet.store import census, tables
from placet.store.census import ITEMS, PROCESSES
from placet.telemetry import Telemetry
from tests.builders import ANNA, BOB, NINE
from tests.store.harness import ASK, an_engine, an_id
from tests.store.test_dispatcher import CALL, Scripted

OTHER = ASK.replace("Ask", "Other", 1)


def gauge(engine, name):
    """What a gauge of an engine tells now."""
    return next(each for each in engine.telemetry.metrics.gauges if each.name == name).read()


async def all_read(engine):
    """Ask for the figures, and wait until the database has said all that it is asked."""
    await engine.telemetry.metrics.renew()
    await asyncio.gather(*(each.task for each in engine._gauges._kept))


@pytest.fixture
async def engine(database_url, clock):
    async with an_engine(database_url, clock, ASK, OTHER) as engine:
        yield engine


async def test_commands_are_counted_by_what_became_of_them(engine):
    system, metrics = engine.as_system(), engine.telemetry.metrics
    process = (await engine.start("Ask", actor=ANNA, idempotency_key="one")).process
    await engine.start("Ask", actor=ANNA, idempotency_key="one")
    await system.pause(process.id)
    with pytest.raises(PlacetError):
        await system.pause(process.id)
    with pytest.raises(NotFound):
        await engine.store.submit(PauseProcess(process_id=an_id()))

    assert metrics.starts.values == {("Ask",): 1}
    assert metrics.decisions.values == {
        ("StartProcess", "done"): 1,
        ("StartProcess", "repeated"): 1,
        ("PauseProcess", "done"): 1,
        ("PauseProcess", "refused"): 2,
    }
    assert sum(metrics.command_seconds.series[()].counts) == 5
    batches = metrics.batch_commands.series[()]
    assert (sum(batches.counts), batches.total) == (engine.store.batches, 5)
    assert sum(metrics.commit_seconds.series[()].counts) == engine.store.batches


async def test_a_batch_is_counted_as_large_as_it_was(engine):
    commands = [PauseProcess(process_id=an_id()) for _ in range(7)]

    await asyncio.gather(*map(engine.store.submit, commands), return_exceptions=True)

    assert engine.telemetry.metrics.batch_commands.series[()].total == 7


async def test_what_a_bug_or_a_lost_database_does_is_told_apart(engine, monkeypatch):
    def broken(*args):
        raise RuntimeError("a bug")

    async def full(last=None):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as for_once:
        for_once.setattr("placet.store.batch.decide", broken)
        with pytest.raises(RuntimeError):
            await engine.start("Ask", actor=ANNA)
    with monkeypatch.context() as for_once:
        for lane in engine.store._lanes:
            for_once.setattr(lane._connection, "commit", full)
        with pytest.raises(Unavailable):
            await engine.start("Ask", actor=ANNA)

    outcomes = engine.telemetry.metrics.decisions.values
    assert outcomes == {("StartProcess", "unavailable"): 1, ("StartProcess", "failed"): 1}


async def test_jobs_are_counted_by_kind_and_outcome(database_url, clock):
    telemetry = Telemetry()
    runner = Observed(Scripted(TryAgain(timedelta(seconds=5), "busy"), Done("success", {"message": 7})), telemetry)
    async with an_engine(database_url, clock, CALL.format(connector="Look up"), runners={"call": runner}) as engine:
        await engine.start("Call", actor=ANNA)
        await engine.settled()
        clock.move(seconds=6)
        await engine.settled()

    series = telemetry.metrics.job_seconds.series
    assert {labels: sum(each.counts) for labels, each in series.items()} == {
        ("call", "again"): 1,
        ("call", "success"): 1,
    }


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_waits_in_the_queue_is_late_by_the_clock_of_the_database(database_url, clock):
    async with an_engine(database_url, clock, CALL.format(connector="Look up")) as engine:
        await engine.start("Call", actor=ANNA)
        await engine.store.write(lambda tx: tx.exec_driver_sql(_AN_HOUR_EARLIER))

        await all_read(engine)

        assert 3600 <= gauge(engine, "placet_due_lag_seconds")["queued",] < 4000


_AN_HOUR_EARLIER = "UPDATE pgqueuer.pgqueuer SET created = created - interval '1 hour'"


# -- what the database knows -----------------------------------------------------------------------


async def test_what_is_open_is_told_by_definition(engine):
    for name in ("Ask", "Ask", "Other"):
        found = await engine.start(name, actor=ANNA)
    await engine.as_system().terminate(found.process.id)

    await all_read(engine)

    assert gauge(engine, "placet_open_processes") == {("Ask",): 2}
    assert gauge(engine, "placet_open_items") == {("Ask",): 2}


async def test_what_waits_longest_is_told_in_seconds(database_url, clock):
    definition = ASK.replace("writes:", "timeout: 2h, writes:")
    async with an_engine(database_url, clock, definition) as engine:
        await engine.start("Ask", actor=ANNA)
        clock.move(hours=3)

        await all_read(engine)

        assert gauge(engine, "placet_oldest_open_item_seconds") == {(): 3 * 3600}
        lag = gauge(engine, "placet_due_lag_seconds")
        assert lag == {("timer",): 3600} | ({("queued",): 0} if "postgresql" in database_url else {})
        assert gauge(engine, "placet_open_incidents") == gauge(engine, "placet_dead_deliveries") == {(): 0}


async def test_the_database_is_asked_now_and_then_only(engine, clock, monkeypatch):
    asked, read = [], engine._gauges._read

    async def noted(work):
        asked.append(work)
        return await read(work)

    monkeypatch.setattr(engine._gauges, "_read", noted)
    await all_read(engine)
    assert len(asked) == 3  # a look, and a piece of both tables

    clock.move(seconds=4.9)
    await all_read(engine)
    assert len(asked) == 3

    clock.move(seconds=0.1)
    await all_read(engine)
    assert len(asked) == 4  # the look alone: counting waits for longer

    clock.move(seconds=10)
    await all_read(engine)
    assert len(asked) == 7


async def test_nobody_waits_for_a_database_that_says_nothing(engine, monkeypatch):
    gate = asyncio.Event()

    async def slow(work):
        await gate.wait()

    await all_read(engine)
    monkeypatch.setattr(engine._gauges, "_read", slow)
    for each in engine._gauges._kept:
        each.at = None

    await asyncio.wait_for(engine.telemetry.metrics.renew(), 5)

    assert gauge(engine, "placet_oldest_open_item_seconds") == {(): 0}


async def test_figures_that_cannot_be_read_are_those_of_before(engine, monkeypatch, caplog):
    async def away(work):
        raise Unavailable("It is away.")

    await engine.start("Ask", actor=ANNA)
    await all_read(engine)
    monkeypatch.setattr(engine._gauges, "_read", away)
    for each in engine._gauges._kept:
        each.at = None

    await all_read(engine)

    assert gauge(engine, "placet_open_items") == {("Ask",): 1}
    assert [each.error for each in caplog.records] == ["It is away."] * 2


def test_of_more_definitions_than_are_kept_the_fullest_are():
    found = gauges.Counter({(str(number),): number for number in range(1, gauges.MOST_SERIES + 3)})

    kept = gauges._bounded(found)

    assert len(kept) == gauges.MOST_SERIES + 1
    assert kept["other",] == 1 + 2


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_pieces_add_up_to_all_that_is_open(engine, monkeypatch, size):
    monkeypatch.setattr(census, "PIECE", size)
    for number in range(7):
        found = await engine.start("Ask" if number % 3 else "Other", actor=ANNA)
        if number == 4:
            await engine.as_system().pause(found.process.id)
        if number == 5:
            await engine.act(found.process.id[:28] + "0001", "approve", actor=BOB)

    await all_read(engine)

    assert gauge(engine, "placet_open_processes") == {("Ask",): 3, ("Other",): 3}
    assert gauge(engine, "placet_open_items") == {("Ask",): 3, ("Other",): 3}


async def test_a_piece_goes_by_the_index_over_what_is_open(engine):
    def work(tx):
        _fill(tx)
        plans = []

        def note(connection, cursor, statement, parameters, context, many):
            if statement.lstrip().startswith("SELECT") and not explaining:
                plans.append((statement, parameters))

        explaining = False
        sa_event.listen(tx, "before_cursor_execute", note)
        for walk in (PROCESSES, ITEMS):
            _, after = census.piece(tx, walk, None)
            assert after is not None
            census.piece(tx, walk, after)
        explaining = True
        return [_plan(tx, *each) for each in plans]

    plans = await engine.store.write(work)

    assert len(plans) == 8
    for plan in plans:
        assert "ix_process_open" in plan or "ix_work_item_open" in plan, plan
        assert "SCAN process\n" not in f"{plan}\n", plan
        assert "Seq Scan on work_item" not in plan, plan


def _plan(tx, statement, parameters):
    if tx.dialect.name == "sqlite":
        rows = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(row.detail for row in rows)
    tx.exec_driver_sql("SET LOCAL enable_seqscan = off")  # of so few rows it would read all
    return "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN {statement}", parameters))


def _fill(tx):
    """Nine thousand open processes with an item each, and as many that have ended."""
    ids, processes, items = IdMaker(), [], []
    for n in range(18_000):
        at, number = NINE + timedelta(seconds=n), ids.make(NINE + timedelta(seconds=n))
        is_open = n % 2 == 0
        processes.append(
            {
                "id": number, "definition": 1, "initiator": 1, "recipient": 1, "created_at": at, "engine_id": 1,
                "process_status": 0 if is_open else 3, "approval_status": 0 if is_open else 2, "revision": 1,
                "completed_at": None if is_open else at, "item_count": 1, "comment_count": 0, "event_count": 0,
                "job_count": 0, "data": {},
            }
        )  # fmt: skip
        items.append(
            {
                "process_id": number, "number": 1, "activity": "ask", "token": 1, "addressee": 1, "created_at": at,
                "status": 0 if is_open else 2, "priority": 2, "returned": False, "reminders": 0, "escalated": False,
                "timer": 0, "held": 0,
            }
        )  # fmt: skip
    tx.execute(insert(tables.process), processes)
    tx.execute(insert(tables.work_item), items)
    tx.exec_driver_sql("ANALYZE")
