"""Pages of a query join to its whole result, in any order of any fields, and everybody gets only what he may see."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import cmp_to_key

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from placet.core.names import fold_dn
from placet.core.permissions import Permission
from placet.errors import InvalidInput, NotAllowed
from placet.query.ast import In, Related
from placet.query.evaluate import folded, holds
from placet.query.fields import PROCESSES, RESOURCES, FieldType
from placet.query.query import Path, Query, Sort
from placet.store.asked import Asked
from placet.store.orders import LONGEST
from placet.store.table import page_of_rows
from placet.store.visible import reader
from placet.store.world import World
from tests.builders import ADMIN, ANNA, BOB, CARL, EVE, STRANGER
from tests.property.filled import filling
from tests.property.rows import DEFINITION_TEXTS
from tests.property.trees import fields_of, flat, leaves_of, trees

KEYS = {
    "processes": ("ProcessId",), "workitems": ("WorkId",), "events": ("position",), "incidents": ("IncidentId",),
    "users": ("UserId",),
}  # fmt: skip
DEFINITIONS = tuple(DEFINITION_TEXTS)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture
def contents(rounds):
    return filling(DEFINITIONS, None if rounds > 3 else 20261123)


def related_of(filled):
    return {
        "Process": filled.processes, "WorkItems": filled.workitems, "Events": filled.events,
        "Incidents": filled.incidents, "Comments": filled.comments,
    }  # fmt: skip


# -- what is expected ----------------------------------------------------------------------------


def keys_in(row, path):
    """The values that a row is ordered by: of a data item a number or a text, of anything else one."""
    row = row if path.through is None else row[path.through.name][0]
    value = row.get(path.field.name)
    if path.field.type is not FieldType.DATA:
        text = folded(path.field, value) if isinstance(value, str) else value
        return [text[:LONGEST] if path.field.type is FieldType.TEXT and text is not None else text]
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool):
        return [None, "true" if value else "false"]
    if isinstance(value, str):
        return [None, folded(path.field, value)[:LONGEST]]
    return [value if isinstance(value, (int, float)) else None, None]


def in_order(rows, sort, key):
    """The rows as they should come: no value is last, or first where it descends; the primary key goes last."""

    def compare(one, other):
        pairs = [
            (a, b, each.descending)
            for each in sort
            for a, b in zip(*(keys_in(row, each.path) for row in (one, other)), strict=True)
        ]
        pairs += [(one[name], other[name], sort[-1].descending) for name in key]
        for a, b, descending in pairs:
            if a != b:
                later = a is None or (b is not None and a > b)
                return 1 if later is not descending else -1
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def paths_of(resource):
    of = RESOURCES[resource]
    through = [each for each in of.relations if each.single]
    others = [Path(field, each) for each in through for field in fields_of(each.to)]
    return [*(Path(field) for field in fields_of(of)), *others]


def sorts_of(resource):
    keys = st.builds(Sort, st.sampled_from(paths_of(resource)), st.booleans())
    return st.lists(keys, min_size=1, max_size=3, unique_by=lambda each: each.path.name).map(tuple)


def shown(resource):
    """Paths that tell the rows of a resource apart; of events all there is of them."""
    of = RESOURCES[resource]
    return tuple(Path(field) for field in of.fields) if resource == "events" else (Path(of.field(KEYS[resource][0])),)


def as_shown(resource, row):
    values = [(path.field, row[path.field.name]) for path in shown(resource)]
    return tuple(field.label(value) if field.codes else value for field, value in values)


# -- pages ---------------------------------------------------------------------------------------


def pages(tx, world, asked, who, size):
    """All rows of a query, read in pages of a size."""
    rows, cursor = [], None
    while True:
        query = replace(asked.query, limit=size, cursor=cursor)
        table = page_of_rows(tx, world, replace(asked, query=query), who)
        assert len(table.rows) <= size
        rows += table.rows
        cursor = table.cursor
        if cursor is None:
            return rows
        assert len(table.rows) == size


@pytest.mark.parametrize("resource", KEYS)
async def test_pages_join_to_the_sorted_whole(engine, filled, resource):
    facts, of, world = getattr(filled, resource), RESOURCES[resource], World()

    def work(tx):
        @settings(max_examples=max(15, settings().max_examples // 4), suppress_health_check=QUIET)
        @given(sorts_of(resource), st.none() | trees(of, facts, related_of(filled), 0))
        def join(sort, tree):
            asked = Asked(of, Query(tree, sort=sort, fields=shown(resource)), tree)
            rows = in_order([row for row in facts if tree is None or holds(tree, row)], sort, KEYS[resource])
            assert pages(tx, world, asked, reader(world, None), 7) == [as_shown(resource, row) for row in rows]

        join()

    await engine.store.read(work)


@pytest.mark.parametrize("resource", KEYS)
async def test_every_field_can_be_sorted_by(engine, filled, resource):
    facts, of, world = getattr(filled, resource), RESOURCES[resource], World()

    def work(tx):
        for sort in [(Sort(path, descending),) for path in paths_of(resource) for descending in (True, False)]:
            rows = in_order(facts, sort, KEYS[resource])
            asked = Asked(of, Query(sort=sort, fields=shown(resource)), None)
            assert pages(tx, world, asked, reader(world, None), 40) == [as_shown(resource, row) for row in rows], sort

    await engine.store.read(work)


@pytest.mark.parametrize("resource", KEYS)
async def test_pages_join_where_a_condition_is_on_what_they_are_sorted_by(engine, filled, resource):
    facts, of, world = getattr(filled, resource), RESOURCES[resource], World()

    def work(tx):
        @settings(max_examples=max(30, settings().max_examples // 2), suppress_health_check=QUIET)
        @given(st.sampled_from(fields_of(of)), st.booleans(), st.data())
        def join(field, descending, more):
            check(field, descending, more.draw(leaves_of(of, field, facts)))

        def check(field, descending, tree):
            sort = (Sort(Path(field), descending),)
            asked = Asked(of, Query(tree, sort=sort, fields=shown(resource)), tree)
            rows = in_order([row for row in facts if holds(tree, row)], sort, KEYS[resource])
            assert pages(tx, world, asked, reader(world, None), 7) == [as_shown(resource, row) for row in rows]

        join()
        for field in fields_of(of):
            held = list(dict.fromkeys(each for row in facts for each in flat(row.get(field.name))))
            for descending in (True, False):
                check(field, descending, In(field, tuple(held)))

    await engine.store.read(work)


@pytest.mark.parametrize("resource", [*KEYS, "definitions"])
async def test_pages_without_an_order_join_to_the_whole(engine, filled, resource):
    system = engine.as_system()
    whole = await system.query("limit 10000", resource)
    rows, cursor = [], None
    while True:
        page = await system.query("", resource, limit=2, after=cursor)
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            break

    assert whole.cursor is None
    assert rows == whole.rows
    assert len(rows) == (3 if resource == "definitions" else len(getattr(filled, resource)))
    assert [row async for page in system.query_pages("", resource) for row in page.rows] == rows


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        ("sort Initiator", "of sort Recipient"),
        ("sort Initiator", "of sort Initiator desc"),
        ("ProcessStatus = Running sort Initiator", "of sort Initiator"),
        ("sort Initiator", "!!"),
        ("sort Initiator", "e30"),
        ("sort Initiator", "WzFd"),
        ("sort Initiator", "é"),
        ("sort Initiator", ""),
    ],
)
async def test_a_cursor_of_something_else_is_refused(engine, filled, text, cursor):
    system = engine.as_system()
    if cursor.startswith("of "):
        cursor = (await system.query(cursor[3:], limit=3)).cursor
    if not cursor:
        given_ = (await system.query(text, limit=3)).cursor
        cursor = given_[:20] + given_[24:]

    with pytest.raises(InvalidInput, match=r"cursor: .* is not where a page of this query begins"):
        await system.query(text, after=cursor)


@pytest.mark.parametrize(
    ("resource", "text", "place", "value"),
    [
        *(
            ("processes", "sort Data.price", 1, each)
            for each in ("NaN", "Infinity", "sNaN", "-1e999999", "1e400000000")
        ),
        *(("processes", "sort Data.price", 1, each) for each in ("0." + "0" * 300 + "1" * 600, "", True, [], {})),
        ("processes", "sort Data.price", 2, "a\0"),
        ("processes", "sort Initiator", 1, "cn=\0"),
        ("processes", "sort Initiator", 1, None),
        ("processes", "sort ApprovalStatus", 1, 2**40),
        ("processes", "sort ApprovalStatus", 1, 2**15),
        ("processes", "sort CreationTime", 1, 2**62),
        ("workitems", "sort WorkId", 2, 2**31),
        ("events", "", 1, 2**63),
        ("processes", "group by Initiator", 1, -1),
        ("processes", "group by Initiator", 1, -(2**63)),
    ],
)
async def test_a_cursor_that_was_changed_is_refused(engine, filled, resource, text, place, value):
    system = engine.as_system()
    cursor = (await system.query(text, resource, limit=1)).cursor
    content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    content[place] = value

    with pytest.raises(InvalidInput, match="it has been changed"):
        await system.query(text, resource, after=base64.urlsafe_b64encode(json.dumps(content).encode()).decode())


async def test_all_pages_have_no_more_rows_than_a_limit_says(engine, filled, monkeypatch):
    monkeypatch.setattr("placet.queries._AT_ONCE", 4)
    system = engine.as_system()
    whole = (await system.query("sort ProcessId limit 10")).rows

    for limit in (3, 4, 10):
        pages = [page.rows async for page in system.query_pages(f"sort ProcessId limit {limit}")]
        assert [row for rows in pages for row in rows] == whole[:limit]
        assert len(pages) == -(-limit // 4)


# -- rights --------------------------------------------------------------------------------------

ACTORS = [ANNA, BOB, EVE, CARL.upper(), ADMIN, STRANGER, "cn=Straße Ä,o=X y"]


def sees_process(row, me, groups):
    """The rule in words: initiator, recipient, proxy, and whoever has or had an item, himself or as one of a group."""
    own = {fold_dn(row[name]) for name in ("Initiator", "Recipient", "Proxy") if row[name]}
    had = {fold_dn(item[name]) for item in row["WorkItems"] for name in ("Addressee", "Actor") if item[name]}
    asked = {fold_dn(item["Addressee"]) for item in row["WorkItems"]}
    return me in own or me in had or bool(asked & groups)


def sees_item(row, me, groups):
    """The rule in words: addressed to me, or to a group of mine unless another holds it, or ended by me."""
    if me in (fold_dn(row["Addressee"]), fold_dn(row["Actor"] or "")):
        return True
    held_by_another = row["Status"] == 1 and fold_dn(row["Owner"] or "") != me
    return fold_dn(row["Addressee"]) in groups and not held_by_another


def seen_by(directory, actor, resource, facts):
    if directory.allows(actor, Permission.SEE_ALL):
        return facts
    me, groups = fold_dn(actor), {fold_dn(group.dn) for group in directory.groups_of(actor)}
    if resource == "workitems":
        return [row for row in facts if sees_item(row, me, groups)]
    return [row for row in facts if sees_process(row if resource == "processes" else row["Process"][0], me, groups)]


@pytest.mark.parametrize("resource", ["processes", "workitems", "events", "incidents"])
async def test_everybody_gets_what_he_may_see(engine, filled, resource):
    def work(tx):
        world = World()
        world.refresh(tx)
        for actor in ACTORS:
            seen = seen_by(world.directory, actor, resource, getattr(filled, resource))
            check_what_is_found(tx, world, resource, actor, seen, filled)

    await engine.store.read(work)


def check_what_is_found(tx, world, resource, actor, seen, filled):
    of, who, facts = RESOURCES[resource], reader(world, actor), getattr(filled, resource)

    @settings(max_examples=max(5, settings().max_examples // 12), suppress_health_check=QUIET)
    @given(st.just(()) | sorts_of(resource), st.none() | trees(of, facts, related_of(filled), 1), st.booleans())
    def agrees(sort, tree, in_pages):
        asked = Asked(of, Query(tree, sort=sort, fields=shown(resource)), tree)
        rows = pages(tx, world, asked, who, 7) if in_pages else page_of_rows(tx, world, asked, who).rows
        expected = [as_shown(resource, row) for row in seen if tree is None or holds(tree, row)]
        assert sorted(rows, key=repr) == sorted(expected, key=repr)

    agrees()


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        ("users", ""),
        ("incidents", ""),
        ("processes", "Incidents.Reason contains x"),
        ("processes", "not (Initiator = anna or Incidents(Kind = mail))"),
    ],
)
async def test_what_one_may_not_list_one_may_not_ask_about(engine, filled, resource, text):
    with pytest.raises(NotAllowed, match=r"PM_(USERS|SUPERVISOR)"):
        await engine.query(text, resource, actor=BOB)

    await engine.query(text, resource, actor=ADMIN)
    with pytest.raises(InvalidInput, match="Nobody is named who does this"):
        await engine.query(text, resource)


async def test_incidents_are_found_at_any_depth(engine, filled):
    incidents = next(each for each in PROCESSES.relations if each.name == "Incidents")
    process = RESOURCES["events"].relations[0]
    tree = Related(process, Related(incidents, Related(process, Related(incidents, Related(process, _kind())))))

    with pytest.raises(NotAllowed, match="PM_SUPERVISOR"):
        await engine.query(Query(tree), "events", actor=BOB)
    assert (await engine.query(Query(tree), "events", actor=ADMIN)).rows == []


def _kind():
    from placet.query.ast import IsNull

    return IsNull(PROCESSES.field("Initiator"))
