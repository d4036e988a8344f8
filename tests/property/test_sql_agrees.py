"""The SQL of a filter finds exactly the rows for which `evaluate` says yes, whoever asks, on both databases."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from placet.core.ids import IdMaker
from placet.core.names import definition_dn, fold_dn
from placet.core.permissions import Permission
from placet.core.statuses import Life, ProcessStatus
from placet.query.ast import ME, And, Comparison, In, IsNull, Not, Operator, Or, fields_of
from placet.query.evaluate import holds
from placet.query.fields import PROCESSES, WORK_ITEMS, FieldType
from placet.store import listing, search, tables
from placet.store.names import Names
from placet.store.page import Page
from placet.store.types import Moment
from placet.store.visible import reader
from placet.store.world import World
from tests.builders import ADMIN, ANNA, BOARD, BOB, CARL, DORA, EVE, NINE, STRANGER
from tests.store.harness import ASK, an_engine

PEOPLE = [ANNA, BOB, CARL, DORA, EVE, BOARD, ADMIN, "cn=Straße Ä,o=X y", r"cn=Ax\, A,o=x"]
DEFINITIONS = ["Ask", "Other", "Third"]
ENGINES = ["placet", "Node-1", "node.2"]
CORRELATIONS = [None, None, "C-1", "c-1", "C-1 ", "é", "e\u0301", "'; --"]
ORDERED = [Operator.LT, Operator.LE, Operator.GT, Operator.GE]
ROWS, TREES = 100, 150


def spelled(dn, dice):
    """The same name as somebody else might write it."""
    return dice.choice([dn, dn.upper().replace("SS", "ß") if "ß" not in dn else dn.swapcase().replace("SS", "ß"),
                        dn.replace(",", " , ").replace("=", " =")])  # fmt: skip


def a_time(dice):
    return NINE + timedelta(milliseconds=dice.randrange(-3, 4) * 500)


# -- rows ------------------------------------------------------------------------------------------


def fill(tx, dice, rows_of):
    """Random processes with random items, and what `evaluate` may know of each."""
    names, ids = Names(World().names), IdMaker()
    names.intern(tx, [*PEOPLE, *ENGINES])
    processes, items, facts, item_facts = [], [], [], []
    for _ in range(ROWS):
        life = dice.choice([Life.RUNNING, *Life])
        at, done = a_time(dice), a_time(dice) if life.is_over else None
        who = {"initiator": dice.choice(PEOPLE), "recipient": dice.choice(PEOPLE), "engine_id": dice.choice(ENGINES)}
        who["proxy"] = dice.choice([None, None, *PEOPLE])
        name, correlation, number = dice.choice(DEFINITIONS), dice.choice(CORRELATIONS), ids.make(NINE)
        processes.append(
            {k: names.optional_number(v) for k, v in who.items()}
            | {"id": number, "definition": dice.choice(rows_of[name]), "process_status": life.process_status.value}
            | {"approval_status": life.approval_status.value, "created_at": at, "completed_at": done}
            | {"correlation_id": correlation, "revision": 1, "item_count": 3, "comment_count": 0, "event_count": 0}
            | {"job_count": 0, "data": {}}
        )
        shared = {"Definition": definition_dn(name), "ProcessId": number}
        shared |= {"Recipient": who["recipient"], "Initiator": who["initiator"]}
        facts.append(
            shared
            | {"EngineId": who["engine_id"], "Proxy": who["proxy"], "ApprovalStatus": life.approval_status.value}
            | {"ProcessStatus": life.process_status.value, "CreationTime": at, "CompletionTime": done}
            | {"CorrelationId": correlation}
        )
        for n in range(1, dice.randrange(1, 4)):
            row, fact = an_item(dice, number, n, shared)
            items.append(row | {k: names.optional_number(row[k]) for k in ("addressee", "owner", "actor", "proxy_for")})
            item_facts.append(fact)
    tx.execute(insert(tables.process), processes)
    tx.execute(insert(tables.work_item), items)
    return facts, item_facts


def an_item(dice, number, n, shared):
    status = dice.randrange(5)
    addressee, owner = dice.choice(PEOPLE), dice.choice(PEOPLE) if status == 1 or dice.random() < 0.2 else None
    at, done = a_time(dice), a_time(dice) if status > 1 else None
    expires, due = dice.choice([None, a_time(dice)]), dice.choice([None, a_time(dice)])
    proxy = dice.choice([None, dice.choice(PEOPLE)])
    activity, priority = dice.choice(["ask", "Ask", "board"]), dice.randrange(1, 4)
    actor = dice.choice([None, addressee, dice.choice(PEOPLE)]) if status > 1 else None
    row = {
        "process_id": number, "number": n, "activity": activity, "token": 1, "addressee": addressee, "created_at": at,
        "status": status, "priority": priority, "owner": owner, "due_at": due, "expires_at": expires,
        "completed_at": done, "actor": actor, "outcome": None, "proxy_for": proxy, "returned": False, "reminders": 0,
        "escalated": False, "timer_at": None, "timer": 0, "held": 0,
    }  # fmt: skip
    fact = shared | {
        "WorkId": f"{number[:28]}{n:04x}", "Addressee": addressee, "Owner": owner, "ProxyFor": proxy,
        "ActivityId": activity, "Status": status, "Priority": priority, "CreationTime": at, "ExpTime": expires,
        "CompletionTime": done, "DueTime": due, "Actor": actor,
    }  # fmt: skip
    return row, fact


# -- trees -----------------------------------------------------------------------------------------


def a_value(field, facts, dice):
    """Something like what the rows hold, now and then something that none of them holds."""
    found = dice.choice([fact[field.name] for fact in facts])
    match field.type:
        case FieldType.STATUS:
            return dice.choice(sorted(field.codes.values()))
        case FieldType.TIME:
            return found or datetime(2031, 1, 1, tzinfo=UTC)
        case FieldType.ID:
            return dice.choice([found, "0" * 32])
        case FieldType.DN:
            return spelled(dice.choice([found or ANNA, STRANGER]), dice)
        case FieldType.TEXT:
            return dice.choice([found.upper(), found, f" {found}", "nobody"])
        case _:
            return dice.choice([found or "", "c-1", "C-1"])


def a_leaf(resource, facts, dice):
    field = dice.choice(resource.fields)
    kind = dice.randrange(10)
    if kind == 0:
        return IsNull(field)
    if kind in (1, 2):
        return In(field, tuple(a_value(field, facts, dice) for _ in range(dice.randrange(4))))
    operators = [Operator.EQ, Operator.NE]
    if field.type in (FieldType.TIME, FieldType.STATUS):
        operators += ORDERED
    return Comparison(field, dice.choice(operators), a_value(field, facts, dice))


def a_tree(resource, facts, dice, depth=3):
    kind = dice.randrange(6) if depth else 0
    if kind < 2:
        return a_leaf(resource, facts, dice)
    if kind == 2:
        return Not(a_tree(resource, facts, dice, depth - 1))
    parts = tuple(a_tree(resource, facts, dice, depth - 1) for _ in range(dice.randrange(2, 4)))
    return And(parts) if kind in (3, 4) else Or(parts)


# -- the tests -------------------------------------------------------------------------------------


@pytest.fixture
def dice(rounds):
    return random.Random(None if rounds > 3 else 20260302)


@pytest.fixture
async def engine(database_url, clock):
    texts = [ASK.replace("Ask", name, 1) for name in DEFINITIONS]
    async with an_engine(database_url, clock, *texts, texts[0].replace("'bob'", "'carl'")) as engine:
        yield engine


@pytest.fixture
async def filled(engine, dice):
    world = World()
    await engine.store.read(world.refresh)
    rows = {name: world.catalog.rows_of(world.catalog.find(name).guid) for name in DEFINITIONS}
    assert len(rows["Ask"]) == 2
    facts, item_facts = await engine.store.write(lambda tx: fill(tx, dice, rows))
    return world, facts, item_facts


def ids_of_processes(tx, world, tree, who, page=None):
    found = search.page_of_processes(tx, world, tree, who, page or Page(ROWS * 5))
    return [each.process.id for each in found]


def ids_of_items(tx, world, tree, who, page=None):
    return [each.item.id for each in search.page_of_work_items(tx, world, tree, who, page or Page(ROWS * 5))]


async def test_sql_agrees_with_evaluate(engine, filled, dice):
    world, facts, item_facts = filled
    status = WORK_ITEMS.field("Status")
    whole = Not(IsNull(status))  # asks for a status, so that ended items are looked at too

    def work(tx):
        who = reader(world, None)
        for _ in range(TREES):
            tree = a_tree(PROCESSES, facts, dice)
            expected = {fact["ProcessId"] for fact in facts if holds(tree, fact)}
            assert set(ids_of_processes(tx, world, tree, who)) == expected, tree
            tree = And((whole, a_tree(WORK_ITEMS, item_facts, dice)))
            expected = {fact["WorkId"] for fact in item_facts if holds(tree, fact)}
            assert set(ids_of_items(tx, world, tree, who)) == expected, tree

    await engine.store.read(work)


ACTORS = [ANNA, BOB, EVE, CARL.upper(), ADMIN, STRANGER, "cn=Straße Ä,o=X y"]


def may_see_item(fact, actor, groups, everything):
    """The rule in words: addressed to me, or to a group of mine unless another holds it, or ended by me."""
    me = fold_dn(actor)

    def same(dn):
        return dn is not None and fold_dn(dn) == me

    if everything or same(fact["Addressee"]) or same(fact["Actor"]):
        return True
    held_by_another = fact["Status"] == 1 and not same(fact["Owner"])
    return fold_dn(fact["Addressee"]) in groups and not held_by_another


def may_see_process(fact, items, actor, groups, everything):
    """The rule in words: initiator, recipient, proxy, and whoever has or had an item, himself or as one of a group."""
    mine = {fold_dn(actor), *groups}
    own = fold_dn(actor) in (fold_dn(fact[who] or "") for who in ("Initiator", "Recipient", "Proxy"))
    acted = any(i["Actor"] and fold_dn(i["Actor"]) == fold_dn(actor) for i in items)
    involved = acted or any(fold_dn(i["Addressee"]) in mine for i in items)
    return everything or own or involved


async def test_everybody_sees_what_the_rule_says(engine, filled, dice):
    for actor in ACTORS:
        await check_what_is_seen(engine, filled, dice, actor)


async def check_what_is_seen(engine, filled, dice, actor):
    world, facts, item_facts = filled
    groups = {fold_dn(group.dn) for group in world.directory.groups_of(actor)}
    everything = world.directory.allows(actor, Permission.SEE_ALL)
    items_of = {fact["ProcessId"]: [i for i in item_facts if i["ProcessId"] == fact["ProcessId"]] for fact in facts}
    seen = [f for f in facts if may_see_process(f, items_of[f["ProcessId"]], actor, groups, everything)]
    seen_items = [f for f in item_facts if may_see_item(f, actor, groups, everything)]

    def work(tx):
        who = reader(world, actor)
        assert set(ids_of_processes(tx, world, None, who)) == {fact["ProcessId"] for fact in seen}
        open_items = {fact["WorkId"] for fact in seen_items if fact["Status"] < 2}
        assert set(ids_of_items(tx, world, None, who)) == open_items
        for fact in facts[:20]:
            assert (search.find_process(tx, world, fact["ProcessId"], who) is not None) is (fact in seen)
        for fact in item_facts[:40]:
            assert (search.find_work_item(tx, world, fact["WorkId"], who) is not None) is (fact in seen_items)
        for _ in range(30):
            tree = a_tree(PROCESSES, facts, dice)
            expected = [fact["ProcessId"] for fact in seen if holds(tree, fact)]
            assert sorted(ids_of_processes(tx, world, tree, who)) == sorted(expected), tree
            tree = a_tree(WORK_ITEMS, item_facts, dice)
            wanted = tree if WORK_ITEMS.field("Status") in fields_of(tree) else And((tree, _open()))
            expected = [fact["WorkId"] for fact in seen_items if holds(wanted, fact)]
            assert sorted(ids_of_items(tx, world, tree, who)) == sorted(expected), tree

    await engine.store.read(work)


def _open():
    return Comparison(WORK_ITEMS.field("Status"), Operator.LT, 2)


async def test_pages_join_to_the_whole(engine, filled):
    world, _, _ = filled
    ways = itertools.product((search.page_of_processes, search.page_of_work_items), (None, BOB, ADMIN), (True, False))

    def work(tx):
        for find, actor, newest_first in ways:
            who = reader(world, actor)
            whole = find(tx, world, None, who, Page(10_000, None, newest_first))
            pages, after = [], None
            while page := find(tx, world, None, who, Page(7, after, newest_first)):
                pages += page
                after = search.cursor_of(page[-1])
            assert pages == whole
            keys = [search.cursor_of(each) for each in whole]
            assert keys == sorted(keys, reverse=newest_first)

    await engine.store.read(work)


async def test_a_listing_has_the_rows_of_a_page(engine, filled):
    """Read twice, in short pages whose rows are kept and in one that is too long for that."""
    world, facts, _ = filled
    dice = random.Random(7)
    trees = [None, *(a_tree(PROCESSES, facts, dice) for _ in range(10))]
    ways = list(itertools.product(trees, (None, BOB, ADMIN), (7, 7, 10_000)))

    def work(tx):
        for tree, actor, limit in ways:
            who, after, listed = reader(world, actor), None, []
            while (part := listing.list_processes(tx, world, tree, who, Page(limit, after))).rows:
                listed += [_facts_of_row(row, part) for row in part.rows]
                after = part.cursor(-1)
            whole = search.page_of_processes(tx, world, tree, who, Page(10_000))
            assert listed == [_facts_of_process(found) for found in whole]

    await engine.store.read(work)


def _facts_of_row(row, part):
    definition = part.definitions[row.definition]
    return (
        *(row.id.hex(), definition.dn, definition.version, row.initiator, row.recipient, row.process_status),
        *(row.approval_status, row.created_at, row.completed_at, row.correlation_id, row.proxy, row.engine_id),
        row.revision,
    )


def _facts_of_process(found):
    process, definition = found.process, found.definition
    created, completed = (at and Moment.stored(at) for at in (process.created_at, process.completed_at))
    return (
        *(process.id, definition.dn, definition.version, process.initiator, process.recipient),
        *(int(process.process_status), int(process.approval_status), created, completed, process.correlation_id),
        *(process.proxy, process.engine_id, process.revision),
    )


async def test_oneself_is_whoever_asks(engine, filled):
    world, facts, item_facts = filled

    def work(tx):
        who = reader(world, BOB)
        tree = Comparison(PROCESSES.field("Initiator"), Operator.EQ, ME)
        mine = {fact["ProcessId"] for fact in facts if fact["Initiator"] == BOB}
        assert set(ids_of_processes(tx, world, tree, who)) == mine
        inbox = Comparison(WORK_ITEMS.field("Addressee"), Operator.EQ, ME)
        expected = {
            fact["WorkId"]
            for fact in item_facts
            if (
                fact["Status"] < 2
                and (fact["Addressee"] == BOB or (fact["Addressee"] == BOARD and fact["Owner"] == BOB))
            )
            or (fact["Status"] == 0 and fact["Addressee"] == BOARD)
        }
        assert set(ids_of_items(tx, world, inbox, who)) == expected

    await engine.store.read(work)


def test_the_codes_of_filters_are_those_of_the_statuses():
    codes = PROCESSES.field("ProcessStatus").codes
    assert {name.upper(): code for name, code in codes.items()} == {s.name: s.value for s in ProcessStatus}
