"""The figures of the overview are those of the rows, now and after more has happened."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from placet import Engine
from placet.errors import NotAllowed
from placet.overview import AGES
from placet.store import overview as store
from placet.store.tables import process
from tests.builders import ANNA, NINE
from tests.store.purchases import purchases

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def contents():
    return purchases


@pytest.fixture
async def engine(database_url, clock):
    async with Engine(database_url, clock=clock, run_jobs=False) as engine:
        yield engine


async def rows_of(engine):
    c = process.c
    query = select(c.definition, c.created_at, c.completed_at, c.approval_status)
    return await engine.store.read(lambda tx: tx.execute(query).all())


async def test_what_began_and_ended_when(engine):
    found, rows = await engine.as_system().overview(), await rows_of(engine)

    assert found.at == NINE
    for buckets, width, count in ((found.hours, HOUR, 48), (found.days, DAY, 14)):
        assert len(buckets) == count
        assert buckets[-1].begin <= NINE < buckets[-1].begin + width
        for bucket in buckets:
            inside = [bucket.begin, bucket.begin + width]
            ended = [row for row in rows if row.completed_at and inside[0] <= row.completed_at < inside[1]]
            took = [(row.completed_at - row.created_at).total_seconds() for row in ended]
            assert bucket.started == sum(inside[0] <= row.created_at < inside[1] for row in rows)
            assert bucket.ended == len(ended)
            assert bucket.failed == sum(row.approval_status == 4 for row in ended)
            assert bucket.error_rate == (bucket.failed / len(ended) if ended else 0)
            assert bucket.median == (statistics.median(took) if took else None)
            if took:
                assert sum(each <= bucket.slow for each in took) >= 0.9 * len(took) > sum(t < bucket.slow for t in took)
    assert sum(day.failed for day in found.days) > 0


async def test_what_is_open_by_definition_and_age(engine):
    found, rows = await engine.as_system().overview(), await rows_of(engine)
    expected: Counter[tuple[str, int]] = Counter()
    for row in rows:
        if row.completed_at is None:
            name = engine._world.catalog._rows[row.definition].dn
            age = next((at for at, (_, limit) in enumerate(AGES) if NINE - row.created_at <= limit), len(AGES))
            expected[(name, age)] += 1

    told = {(each.definition.dn, at): n for each in found.open for at, n in enumerate(each.by_age) if n}
    assert told == dict(expected)
    assert len(found.ages) == len(AGES) + 1
    assert [each.count for each in found.open] == sorted((each.count for each in found.open), reverse=True)
    assert [(each.engine_id, each.open) for each in found.engines] == [("placet", sum(expected.values()))]


async def test_what_waits_longest_and_what_waits_for_nobody(engine):
    found = await engine.as_system().overview()

    items = await engine.as_system().work_items(limit=10)
    assert [each.work_id for each in found.oldest] == [
        f"{each.item.process_id[:28]}{each.item.number:04x}" for each in items
    ]
    assert {each.definition.name for each in found.oldest} == {"Purchase", "Trip"}
    assert found.queues.lanes == {"erp": store.Lane(waiting=100, due=50)}
    assert (found.queues.incidents, found.queues.commands, found.queues.dead_deliveries) == (15, 0, 0)


async def test_it_is_exact_for_what_is_now_and_counts_what_is_over_once(engine, clock, monkeypatch):
    before = await engine.as_system().overview()
    asked = []
    started = store.started
    monkeypatch.setattr(store, "started", lambda tx, begin, *rest: asked.append(begin) or started(tx, begin, *rest))

    await engine.as_system().start("Ask", initiator=ANNA)
    after = await engine.as_system().overview()

    assert after.hours[-1].started == before.hours[-1].started + 1
    assert after.days[-1].started == before.days[-1].started + 1
    assert sum(each.count for each in after.open) == sum(each.count for each in before.open) + 1
    assert after.hours[:-1] == before.hours[:-1]
    assert min(asked) >= after.days[-1].begin - DAY  # a bucket that has just ended is not believed yet

    clock.move(days=1)
    later = await engine.as_system().overview()
    assert list(later.days[:-1]) == list(after.days[1:])


async def test_only_who_may_see_all_processes_sees_it(engine):
    with pytest.raises(NotAllowed):
        await engine.overview(actor=ANNA)
    assert (await engine.overview(actor="admin")).days
