"""The SQL of a query finds exactly the rows for which `evaluate` says yes: every field and operator, both databases."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from placet.query.ast import Comparison, In, IsNull, Operator
from placet.query.evaluate import holds
from placet.query.fields import RESOURCES
from placet.query.paths import data_field
from placet.query.query import Path, Query
from placet.store.asked import Asked
from placet.store.table import page_of_rows
from placet.store.visible import reader
from placet.store.world import World
from tests.property.filled import filling
from tests.property.rows import DEFINITION_TEXTS
from tests.property.trees import fields_of, trees, values_of

KEYS = {"processes": "ProcessId", "workitems": "WorkId", "events": None, "incidents": "IncidentId", "users": "UserId"}
DEFINITIONS = (*DEFINITION_TEXTS, DEFINITION_TEXTS[0].replace("'bob'", "'carl'"))  # the first in two versions
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]


@pytest.fixture
def contents(rounds):
    return filling(DEFINITIONS, None if rounds > 3 else 20261122)


def found(tx, world, resource, tree):
    """The rows as their facts are told apart: by their id, and events by all that there is of them."""
    of, key = RESOURCES[resource], KEYS[resource]
    paths = () if key is None else (Path(of.field(key)),)
    table = page_of_rows(tx, world, Asked(of, Query(fields=paths), tree), reader(world, None))
    return sorted(table.rows, key=repr)


def expected(resource, facts, tree):
    of, key = RESOURCES[resource], KEYS[resource]
    rows = [row for row in facts if holds(tree, row)]
    if key is not None:
        return sorted(((row[key],) for row in rows), key=repr)
    return sorted((tuple(_shown(field, row[field.name]) for field in of.fields) for row in rows), key=repr)


def _shown(field, value):
    return field.label(value) if field.codes else value


@pytest.mark.parametrize("resource", KEYS)
async def test_sql_agrees_with_evaluate(engine, filled, resource):
    facts = getattr(filled, resource)
    related = {
        "Process": filled.processes, "WorkItems": filled.workitems, "Events": filled.events,
        "Incidents": filled.incidents, "Comments": filled.comments,
    }  # fmt: skip
    world = World()

    def work(tx):
        @settings(max_examples=max(15, settings().max_examples // 3), suppress_health_check=QUIET)
        @given(trees(RESOURCES[resource], facts, related))
        def agrees(tree):
            assert found(tx, world, resource, tree) == expected(resource, facts, tree)

        agrees()

    await engine.store.read(work)


@pytest.mark.parametrize("resource", KEYS)
async def test_every_operator_of_every_field(engine, filled, resource):
    """One by one, so that none is left out by chance."""
    facts, of, world = getattr(filled, resource), RESOURCES[resource], World()

    def work(tx):
        for field in fields_of(of):
            check_field(field, lambda tree: found(tx, world, resource, tree), facts, resource)

    await engine.store.read(work)


def check_field(field, find, facts, resource):
    @settings(max_examples=5, suppress_health_check=QUIET)
    @given(values_of(field, facts), st.lists(values_of(field, facts), max_size=4))
    def agrees(value, several):
        compared = [Comparison(field, operator, value) for operator in Operator]
        for tree in (*compared, IsNull(field), In(field, tuple(several))):
            assert find(tree) == expected(resource, facts, tree), tree

    agrees()


@pytest.mark.parametrize(
    ("item", "values"),
    [
        ("word", ["z" * 499 + "ä", "z" * 550 + "A", "z" * 600, "z" * 601, "\U0010ffff", "é"]),
        ("amount", [2**53, 2**53 + 1, 2.0**53, 2**63 - 2, 2**63 - 1, 2.0**63, -(2**63), 10**400, 0, -0.0, False]),
        ("amounts", [2**53, 7, 7.0, 10**400]),
        ("price", [0.1, 0.10000000000000002, 7, -1250.5]),
        ("yes", [True, False, 1, "true"]),
    ],
)
async def test_what_an_index_shortens_or_rounds_is_found_all_the_same(engine, filled, item, values):
    field, world = data_field(item), World()

    def work(tx):
        for tree in [Comparison(field, operator, value) for operator in Operator for value in values]:
            assert found(tx, world, "processes", tree) == expected("processes", filled.processes, tree), tree
        tree = In(field, tuple(values))
        assert found(tx, world, "processes", tree) == expected("processes", filled.processes, tree)
        assert item in world.catalog.indexed

    await engine.store.read(work)
