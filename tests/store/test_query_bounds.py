"""The largest queries that the language lets through are run by both databases, whoever asks."""

from __future__ import annotations

import pytest

from placet.core.names import dn_guid, group_dn
from placet.errors import InvalidFilter
from placet.query.ast import And, Comparison, In, IsNull, Not, Operator, Or, Related
from placet.query.fields import PROCESSES
from placet.query.paths import data_field
from placet.query.query import Path, Query, Sort
from placet.store import groups
from tests.builders import ANNA, BOB
from tests.store.harness import ASK, an_engine

MOST_PARTS, MOST_ITEMS, MOST_VALUES, DEEPEST, MOST_GROUPS = 200, 20, 1_000, 50, 150
WORK_ITEMS, EVENTS = PROCESSES.relations[:2]
BY_TIME = (Sort(Path(PROCESSES.field("CreationTime"))),)


def nested(node):
    for _ in range(DEEPEST):
        node = Not(node)
    return node


def alternating(node, depth):
    """As deep as a condition can be that goes from or to and and back."""
    for number in range(depth):
        node = And((node, equal("Initiator", BOB))) if number % 2 else Or((node, equal("Initiator", ANNA)))
    return node


def relations(depth):
    node = IsNull(PROCESSES.field("CompletionTime"))
    for number in range(depth):
        node = Related(WORK_ITEMS.to.relations[0] if number % 2 == 0 else WORK_ITEMS, Not(Not(node)))
    return node if depth % 2 == 0 else Related(WORK_ITEMS, node)


def equal(name, value):
    return Comparison(PROCESSES.field(name), Operator.EQ, value)


def among(field, value):
    return In(field, tuple(value(number) for number in range(MOST_VALUES)))


PLACES = [
    PROCESSES.field("Initiator"),
    PROCESSES.field("CorrelationId"),
    PROCESSES.field("ProcessId"),
    data_field("reason"),
]
LARGE = {
    "parts": Or(tuple(equal("Initiator", f"cn={number},o=x") for number in range(MOST_PARTS))),
    "data": Or(tuple(Comparison(data_field("reason"), Operator.GE, f"x{number}") for number in range(MOST_ITEMS))),
    "related": Or(
        tuple(Related(WORK_ITEMS, Comparison(WORK_ITEMS.to.field("Status"), Operator.EQ, 4)) for _ in range(MOST_PARTS))
    ),
    "nested": nested(equal("Initiator", ANNA)),
    "deep": alternating(Comparison(data_field("reason"), Operator.CONTAINS, "X"), 20),
    "relations": relations(4),
    "names": among(PLACES[0], lambda number: f"cn={number},o=x"),
    "texts": among(PLACES[1], str),
    "ids": among(PLACES[2], lambda number: f"{number:032x}"),
    "values": among(PLACES[3], str),
    "numbers": among(PLACES[3], int),
    "times": Related(EVENTS, among(EVENTS.to.field("Kind"), lambda number: number % 64)),
}


@pytest.fixture
async def engine(database_url, clock):
    async with an_engine(database_url, clock, ASK) as engine:
        titles = [f"g{number}" for number in range(MOST_GROUPS)]
        rows = [groups.GroupRow(id=dn_guid(title), dn=group_dn(title), title=title) for title in titles]
        await engine.store.write(lambda tx: groups.upsert_groups(tx, rows))
        await engine.store.write(lambda tx: groups.set_members(tx, {dn_guid(BOB): [row.id for row in rows]}))
        await engine.refresh()
        await engine.as_system().start("Ask", initiator=BOB, data={"reason": "x7"}, correlation_id="7")
        yield engine


@pytest.mark.parametrize("what", LARGE)
async def test_a_large_condition_is_run(engine, what):
    for actor in (None, BOB):
        asking = engine.as_system() if actor is None else engine
        found = await asking.query(Query(LARGE[what]), actor=actor)
        opposite = await asking.query(Query(Not(LARGE[what])), actor=actor)
        in_order = await asking.query(Query(LARGE[what], sort=BY_TIME), actor=actor)

        assert len(found.rows) + len(opposite.rows) == 1
        assert in_order.rows == found.rows
    assert (what in ("texts", "data", "times", "deep", "relations")) == bool(found.rows)


@pytest.mark.parametrize("tree", [alternating(equal("Initiator", ANNA), DEEPEST), relations(10)])
async def test_what_is_too_deep_for_a_database_is_refused(engine, tree):
    with pytest.raises(InvalidFilter, match="nests too deeply"):
        await engine.query(Query(tree), actor=BOB)
