"""Counts, facets and groups are what one gets by counting facts: for random conditions, on both databases."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from placet.core.names import fold_dn
from placet.query.evaluate import holds
from placet.query.fields import RESOURCES, FieldType
from placet.query.query import BUCKETS, Group, Path, Query
from placet.store.asked import Asked
from placet.store.counting import count_rows, count_values, estimate_rows, estimate_values
from placet.store.grouping import name_of, page_of_groups
from placet.store.visible import reader
from placet.store.world import World
from tests.property.filled import filling
from tests.property.rows import DEFINITION_TEXTS
from tests.property.trees import fields_of, trees

SEARCHED = ("processes", "workitems", "events", "incidents", "users")
SPANS = {"processes": ("CreationTime", "CompletionTime"), "incidents": ("OpenTime", "ResolutionTime")}
SPANS["workitems"] = SPANS["processes"]
DEFINITIONS = (*DEFINITION_TEXTS, DEFINITION_TEXTS[0].replace("'bob'", "'carl'"))  # the first in two versions
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def contents(rounds):
    return filling(DEFINITIONS, None if rounds > 3 else 20261122)


def related(filled: Any) -> dict[str, Any]:
    return {
        "Process": filled.processes, "WorkItems": filled.workitems, "Events": filled.events,
        "Incidents": filled.incidents, "Comments": filled.comments,
    }  # fmt: skip


@pytest.mark.parametrize("resource", SEARCHED)
async def test_counts_are_those_of_evaluate_counted_or_sampled_to_the_last_row(engine, filled, resource):
    of, facts, world = RESOURCES[resource], getattr(filled, resource), World()

    def work(tx):
        @settings(max_examples=10, suppress_health_check=QUIET)
        @given(trees(of, facts, related(filled)))
        def agrees(tree):
            asked, who = Asked(of, Query(), tree), reader(world, None)
            expected = sum(holds(tree, row) for row in facts)
            assert count_rows(tx, world, asked, who).value == expected
            if resource in ("processes", "events"):
                assert estimate_rows(tx, world, asked, who) == count_rows(tx, world, asked, who)

        agrees()

    await engine.store.read(work)


@pytest.mark.parametrize("resource", SEARCHED)
async def test_facets_are_those_of_the_facts(engine, filled, resource):
    of, facts, world = RESOURCES[resource], getattr(filled, resource), World()

    def work(tx):
        asked, who = Asked(of, Query(), None), reader(world, None)
        for field in fields_of(of):
            path = Path(field)
            expected = Counter(key_of(shown(Group(path), row)) for row in facts)
            ways = [count_values] if resource == "users" else [count_values, estimate_values]
            for way in ways:
                facet = way(tx, world, asked, who, path, 1000)
                assert {key_of(value): count for value, count in facet.values} == dict(expected), field.name
                assert [count for _, count in facet.values] == sorted(expected.values(), reverse=True)
                assert facet.exact

    await engine.store.read(work)


@pytest.mark.parametrize("resource", SEARCHED)
async def test_groups_are_those_of_the_facts(engine, filled, resource):
    of, facts, world = RESOURCES[resource], getattr(filled, resource), World()
    fields = fields_of(of)
    buckets = [Group(Path(field), each) for field in fields if field.type is FieldType.TIME for each in BUCKETS]
    groups = [*buckets, *(Group(Path(field)) for field in fields)]

    def work(tx):
        @settings(max_examples=15, suppress_health_check=QUIET)
        @given(trees(of, facts, related(filled), depth=1), st.lists(st.sampled_from(groups), min_size=1, max_size=3))
        def agrees(tree, group):
            asked = Asked(of, Query(group=tuple(group)), tree)
            table = page_of_groups(tx, world, asked, reader(world, None))
            assert table.columns == (*map(name_of, group), "count", "median")
            assert {key_of(row) for row in table.rows} == expected_groups(facts, tree, group, SPANS.get(resource))
            assert len(table.rows) == len({key_of(row[:-2]) for row in table.rows})

        agrees()

    await engine.store.read(work)


async def test_groups_of_every_field_and_every_bucket(engine, filled):
    """One by one, so that none is left out by chance."""
    world = World()

    def work(tx):
        for resource in SEARCHED:
            facts = getattr(filled, resource)
            for field in fields_of(RESOURCES[resource]):
                for bucket in [None, *(BUCKETS if field.type is FieldType.TIME else ())]:
                    group = Group(Path(field), bucket)
                    asked = Asked(RESOURCES[resource], Query(group=(group,)), None)
                    table = page_of_groups(tx, world, asked, reader(world, None))
                    expected = expected_groups(facts, None, [group], SPANS.get(resource))
                    assert {key_of(row) for row in table.rows} == expected, name_of(group)

    await engine.store.read(work)


def expected_groups(
    facts: Sequence[Mapping[str, Any]], tree: Any, groups: Sequence[Group], span: tuple[str, str] | None
) -> set[str]:
    counted: dict[str, tuple[list[Any], list[int], list[int]]] = defaultdict(lambda: ([], [], []))
    for row in facts:
        if tree is not None and not holds(tree, row):
            continue
        values = [shown(group, row) for group in groups]
        found = counted[key_of(values)]
        found[0][:] = values
        found[1].append(1)
        if span is not None and row[span[1]] is not None:
            found[2].append((row[span[1]] - row[span[0]]) // MILLISECOND)
    return {
        key_of((*values, len(ones), statistics.median(took) / 1000 if took else None))
        for values, ones, took in counted.values()
    }


def shown(group: Group, row: Mapping[str, Any]) -> Any:
    """What stands in the column of a group for a row."""
    field = group.path.field
    value = row.get(field.name)
    if group.bucket is not None and value is not None:
        return begin_of(value, group.bucket)
    if field.codes and value is not None:
        return field.label(value)
    if field.name in ("User", "Manager") and "UserId" in row and value is not None:
        return fold_dn(value)
    return value


def begin_of(moment: datetime, bucket: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match bucket:
        case "minute":
            return moment.replace(second=0, microsecond=0)
        case "hour":
            return moment.replace(minute=0, second=0, microsecond=0)
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case _:
            return day.replace(month=1, day=1)


def key_of(value: Any) -> str:
    """A value as a key: 1, 1.0 and true are told apart, and lists can be keys as well."""
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(key_of, value))}]"
    if isinstance(value, float):
        return f"{value:.4f}"
    return repr(value)
