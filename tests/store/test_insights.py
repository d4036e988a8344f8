"""Counts, facets and completions as the engine offers them: who learns what, and what is estimated."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet import Engine
from placet.errors import InvalidFilter, InvalidInput, NotAllowed, QueryTooSlow
from placet.store import counting
from placet.store.database import TookTooLong
from tests.builders import ANNA, CARL
from tests.store.purchases import COUNT, fill, purchases


@pytest.fixture
def contents():
    return purchases


@pytest.fixture
async def engine(database_url, clock):
    async with Engine(database_url, clock=clock, run_jobs=False) as engine:
        yield engine


@pytest.fixture
def hurried(engine, monkeypatch):
    """An engine that never has the time to count."""
    ask = engine._ask

    async def too_long(work, *, within=None, at_length=False):
        if within is not None:
            raise TookTooLong
        return await ask(work, at_length=at_length)

    monkeypatch.setattr(engine, "_ask", too_long)
    return engine


async def test_rows_are_counted(engine):
    assert (await engine.as_system().count()).value == COUNT
    running = await engine.as_system().count("ProcessStatus = Running limit 3")
    assert (running.value, running.exact) == (COUNT // 10, True)
    assert (await engine.as_system().count("Status = Open", "workitems")).value == COUNT // 10
    assert (await engine.as_system().count("", "definitions")).value == 3
    assert (await engine.as_system().count("Status = ACTIVE", "users")).value == 7


async def test_where_counting_takes_too_long_it_is_estimated(hurried, monkeypatch):
    monkeypatch.setattr(counting, "SAMPLE_SECONDS", 0)  # one piece of each stretch
    monkeypatch.setattr("placet.store.sampling._ROWS", 10)

    for text, of, expected in (
        ("", "processes", COUNT),
        ("ProcessStatus = Completed", "processes", COUNT * 0.88),
        ("Data.amount > 2000", "processes", COUNT * 0.62),
        ("WorkItems.Status = Open", "processes", COUNT // 10),
        ("Kind = work_item.assigned", "events", COUNT),
        ("Process.ProcessStatus = Running", "workitems", COUNT // 5),
    ):
        found = await hurried.as_system().count(text, of)
        assert not found.exact
        assert expected * 0.7 < found.value < expected * 1.3, (text, found)
    assert (await hurried.as_system().count(exact=True)).value == COUNT


async def test_an_estimate_has_no_more_digits_than_mean_something(hurried, monkeypatch):
    monkeypatch.setattr(counting, "SAMPLE_SECONDS", 0)
    monkeypatch.setattr("placet.store.sampling._ROWS", 10)

    found = await hurried.as_system().count("ProcessStatus = Completed")

    assert len(str(found.value).rstrip("0")) <= 2


async def test_an_estimate_that_has_seen_everything_is_exact(hurried, monkeypatch):
    monkeypatch.setattr(counting, "SAMPLE_SECONDS", 60)

    assert await hurried.as_system().count("ProcessStatus = Running") == counting.Count(COUNT // 10, exact=True)


async def test_a_few_processes_long_ago_do_not_mislead_an_estimate(hurried, clock, monkeypatch):
    """Half of all that happened did so in a thousandth of the time."""
    await hurried.store.write(lambda tx: fill_early(tx, clock))
    monkeypatch.setattr(counting, "SAMPLE_SECONDS", 0)
    monkeypatch.setattr("placet.store.sampling._ROWS", 10)

    found = await hurried.as_system().count("ProcessStatus = Running")

    assert 0.7 < found.value / (COUNT // 10 + 2) < 1.3


def fill_early(tx, clock):
    fill(tx, clock.now() - timedelta(days=9000), 20)


async def test_facets(engine):
    facet = await engine.as_system().facet("Definition", "ProcessStatus = Running")
    assert sum(count for _, count in facet.values) == COUNT // 10
    assert facet.values[0][0].startswith("cn=Purchase,")

    assert len((await engine.as_system().facet("Data.cost_centre", limit=5)).values) == 5
    kinds = dict((await engine.as_system().facet("Kind", "", "events")).values)
    assert kinds["process.started"] == COUNT
    by_process = dict((await engine.as_system().facet("Process.ProcessStatus", "", "workitems")).values)
    assert by_process["Running"] == COUNT // 5


@pytest.mark.parametrize(
    ("field", "error", "words"),
    [
        ("CreationTime", InvalidFilter, "group by day"),
        ("WorkItems.Status", InvalidFilter, "several WorkItems"),
        ("Nonsense", InvalidFilter, "not a field"),
    ],
)
async def test_facets_that_make_no_sense(engine, field, error, words):
    with pytest.raises(error, match=words):
        await engine.as_system().facet(field)
    with pytest.raises(InvalidInput, match="limit"):
        await engine.as_system().facet("Definition", limit=0)


async def test_nobody_learns_of_rows_that_he_may_not_see(engine):
    own = await engine.query("", actor=ANNA, limit=3000)

    assert (await engine.count("", actor=ANNA)).value == len(own.rows) < COUNT
    facet = await engine.facet("ProcessStatus", actor=ANNA)
    assert sum(count for _, count in facet.values) == len(own.rows)
    groups = await engine.query("group by Definition", actor=ANNA)
    assert sum(row[-2] for row in groups.rows) == len(own.rows)
    for of in ("users", "incidents"):
        with pytest.raises(NotAllowed):
            await engine.count("", of, actor=ANNA)
        with pytest.raises(NotAllowed):
            await engine.facet("Status" if of == "users" else "Kind", "", of, actor=ANNA)
        with pytest.raises(NotAllowed):
            await engine.explain("", of, actor=ANNA)


async def test_an_estimate_is_of_what_its_reader_may_see(hurried, monkeypatch):
    monkeypatch.setattr(counting, "SAMPLE_SECONDS", 60)
    own = await hurried.query("", actor=CARL, limit=3000)

    assert (await hurried.count("", actor=CARL)).value == len(own.rows)


async def test_groups_are_paged(engine):
    whole = await engine.as_system().query("group by Initiator sort count desc, Initiator", limit=1000)
    first = await engine.as_system().query("group by Initiator sort count desc, Initiator", limit=60)
    rest = await engine.as_system().query("group by Initiator sort count desc, Initiator", after=first.cursor)

    assert whole.columns == ("Initiator", "count", "median")
    assert [*first.rows, *rest.rows] == list(whole.rows)
    assert rest.cursor is None
    with pytest.raises(InvalidInput, match="cursor"):
        await engine.as_system().query("group by Recipient", after=first.cursor)


async def test_too_many_groups_are_refused(engine, monkeypatch):
    monkeypatch.setattr("placet.store.grouping.MOST_GROUPS", 50)

    with pytest.raises(InvalidInput, match="more than 50 groups by Initiator"):
        await engine.as_system().query("group by Initiator")


async def test_a_query_that_is_too_slow_says_so(engine, monkeypatch):
    async def too_long(work, seconds):
        raise TookTooLong

    monkeypatch.setattr(engine._database, "read_within", too_long)

    for ask in (engine.as_system().query, engine.as_system().count, engine.as_system().explain):
        with pytest.raises(QueryTooSlow):
            await ask("Data.reason contains 'nowhere'")


# -- completion ------------------------------------------------------------------------------------


COMPLETED = [
    ("Initiator = an", "processes", "anna"),
    ("Initiator = Sm", "processes", None),
    ("Definition = pur", "processes", "Purchase"),
    ("Data.", "processes", "Data.cost_centre"),
    ("Process.Data.am", "workitems", "Process.Data.amount"),
    ('Data.cost_centre = "cc-01', "processes", '"cc-010"'),
    ("CorrelationId = order-29", "processes", "order-2904"),
    ("ActivityId = bo", "workitems", "board"),
    ("EngineId = ", "processes", "placet"),
    ("Category = ", "definitions", "buying"),
    ("Status = ACT", "users", "ACTIVE"),
    ("ProcessSta", "processes", "ProcessStatus"),
]


async def test_completions(engine):
    for text, of, expected in COMPLETED:
        found = [each.text.strip('"') for each in await engine.complete(text, None, of, actor="admin")]
        if expected is None:
            assert not any("," in each for each in found)
        else:
            assert expected.strip('"') in found, (text, found)


async def test_a_completion_begins_where_what_it_replaces_does(engine):
    text = "ProcessStatus = Running and Initiator = an"
    [found, *_] = await engine.complete(text, actor="admin")

    assert (text[: found.start] + found.text, found.kind) == ("ProcessStatus = Running and Initiator = anna", "person")


async def test_values_are_not_told_to_who_may_not_see_them(engine):
    for text in ("Data.cost_centre = c", "CorrelationId = order", "EngineId = p", "Initiator = b"):
        kinds = {each.kind for each in await engine.complete(text, actor=ANNA)}
        assert kinds <= {"field", "keyword", "operator"}, text
    assert [each.text for each in await engine.complete("Initiator = an", actor=ANNA) if each.kind == "person"] == [
        "anna"
    ]
