"""Whatever roles, groups, absences and proxies there are: what a query shows is what the table of rules allows."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from placet.core.access import Act, Asked, Row, answer, may_see_item
from placet.core.ids import IdMaker
from placet.core.names import definition_dn, fold_dn, group_dn, user_dn
from placet.core.people import ORDINARY, Directory, Group, Person, StandIn
from placet.core.permissions import Permission
from placet.core.statuses import Life
from placet.engine import Engine
from placet.query.ast import ME, Comparison, Operator
from placet.query.criterion import parse_filters
from placet.query.fields import PROCESSES, WORK_ITEMS
from placet.store import listing, processes, search, tables, work_items
from placet.store.names import Names
from placet.store.page import Page
from placet.store.visible import reader
from placet.store.world import World
from tests.builders import NINE
from tests.store.harness import ASK, an_engine

PEOPLE = [user_dn(f"p{n}") for n in range(9)]
GROUPS = [group_dn(f"g{n}") for n in range(4)]
OUTSIDE = "cn=unheard,o=x"
DEFINITIONS = {"Ask": "", "Other": "rooms", "Third": "rooms"}
ROWS, DIRECTORIES = 60, 12
EVERYTHING = Page(10_000)
ALL_ITEMS = Comparison(WORK_ITEMS.field("Status"), Operator.GE, 0)


def some(dice: random.Random, of: list[str], most: int) -> list[str]:
    return dice.sample(of, dice.randrange(most + 1))


def a_directory(dice: random.Random) -> Directory:
    people = [
        Person(dn, dn[3:5], active=dice.random() < 0.9, permissions=ORDINARY | set(some(dice, list(Permission), 1)))
        for dn in PEOPLE
    ]
    groups = [
        Group(dn, dn[3:5], frozenset(map(fold_dn, some(dice, PEOPLE, 4))), active=dice.random() < 0.8) for dn in GROUPS
    ]
    return Directory(people, groups, 1, absences=[an_absence(dice) for _ in range(dice.randrange(6))])


def an_absence(dice: random.Random) -> StandIn:
    person, delegate = (fold_dn(dn) for dn in dice.sample(PEOPLE, 2))
    begin = NINE + timedelta(hours=dice.choice([-2, -1, 0, 1]))
    scope = dice.choice([{}, {"category": "Rooms"}, {"definition": definition_dn("Ask").upper()}, {"category": "none"}])
    return StandIn(person, delegate, begin, dice.choice([None, begin + timedelta(hours=2)]), **scope)


# -- rows ------------------------------------------------------------------------------------------


def fill(tx: Any, dice: random.Random, rows_of: dict[str, list[int]]) -> None:
    """Random processes with random items, and people who had one."""
    names, ids = Names(World().names), IdMaker()
    names.intern(tx, [*PEOPLE, *GROUPS, OUTSIDE, "placet"])
    found, items, former = [], [], set()
    for _ in range(ROWS):
        life, process_id = dice.choice(list(Life)), ids.make(NINE)
        found.append(
            {
                "id": process_id, "definition": dice.choice(rows_of[dice.choice(list(DEFINITIONS))]),
                "initiator": names.number(dice.choice([*PEOPLE, OUTSIDE])),
                "recipient": names.number(dice.choice(PEOPLE)),
                "proxy": names.optional_number(dice.choice([None, None, *PEOPLE])), "engine_id": names.number("placet"),
                "process_status": life.process_status.value, "approval_status": life.approval_status.value,
                "created_at": NINE, "completed_at": NINE if life.is_over else None, "revision": 1, "item_count": 3,
                "comment_count": 0, "event_count": 0, "job_count": 0, "data": {},
            }
        )  # fmt: skip
        items += [an_item(dice, process_id, number, names) for number in range(1, dice.randrange(1, 4))]
        former |= {(process_id, dn) for dn in some(dice, [*PEOPLE, *GROUPS], 1)}
    tx.execute(insert(tables.process), found)
    tx.execute(insert(tables.work_item), items)
    rows = [{"process_id": process_id, "addressee": names.number(dn)} for process_id, dn in sorted(former)]
    tx.execute(insert(tables.former_addressee), rows)


def an_item(dice: random.Random, process_id: str, number: int, names: Names) -> dict[str, Any]:
    status, addressee = dice.randrange(5), dice.choice([*PEOPLE, *GROUPS])
    actor = dice.choice([None, addressee, *PEOPLE]) if status > 1 else None
    owner = dice.choice([addressee, *PEOPLE]) if status == 1 else None
    return {
        "process_id": process_id, "number": number, "activity": "ask", "token": 1, "created_at": NINE, "status": status,
        "addressee": names.number(addressee), "actor": names.optional_number(actor),
        "owner": names.optional_number(owner), "priority": 2, "returned": False, "reminders": 0, "escalated": False,
        "timer": 0, "held": 0, "completed_at": NINE if status > 1 else None,
    }  # fmt: skip


def rows(tx: Any, world: World) -> list[Row]:
    """Everything that is stored, as the table of rules sees it."""
    names = Names(world.names)
    found = processes.to_records(tx, tx.execute(tables.process.select()).all(), names)
    items = work_items.to_records(tx, tx.execute(tables.work_item.select()).all(), names)
    had = tx.execute(tables.former_addressee.select()).all()
    names.fetch(tx, [row.addressee for row in had])
    return [
        Row(
            process,
            world.definition(tx, process.definition),
            [item for item in items if item.process_id == process.id],
            [names.dn(row.addressee) for row in had if row.process_id == process.id],
        )
        for process in found
    ]


@pytest.fixture
async def engine(database_url: str, clock: Any):
    texts = [ASK.replace("Ask", name, 1) + (f"category: {of}\n" if of else "") for name, of in DEFINITIONS.items()]
    async with an_engine(database_url, clock, *texts, texts[1].replace("'bob'", "'carl'")) as engine:
        yield engine


async def test_a_list_shows_what_the_table_of_rules_allows(engine: Engine, rounds: int):
    dice = random.Random(None if rounds > 3 else 20261122)
    world = World()
    await engine.store.read(world.refresh)
    found = {name: world.catalog.rows_of(world.catalog.find(name).guid) for name in DEFINITIONS}
    await engine.store.write(lambda tx: fill(tx, dice, found))
    seen: set[str] = set()

    def work(tx: Any) -> None:
        stored = rows(tx, world)
        for _ in range(DIRECTORIES):
            directory = a_directory(dice)
            world._directory = directory
            for actor in [*PEOPLE, OUTSIDE]:
                seen.update(check(tx, world, directory, stored, actor))

    await engine.store.read(work)

    assert seen >= {"his role holds PM_ALLCASES", "he is its initiator", "he is its recipient"}
    assert {"he is the delegate of somebody absent who is asked", "he is the proxy who started it"} <= seen


def check(tx: Any, world: World, directory: Directory, stored: list[Row], actor: str) -> set[str]:
    """Compare what somebody is shown with a look at each row; gives why he may see what he sees."""
    person = directory.person(actor)
    if person is not None and not person.active:
        return set()  # he does not come so far as to a list
    who = reader(world, actor, NINE, tx)
    answers = {row.process.id: answer(directory, actor, Act.READ, row, now=NINE) for row in stored}
    expected = sorted(process_id for process_id, each in answers.items() if each.allowed)

    whole = search.page_of_processes(tx, world, None, who, EVERYTHING)
    assert sorted(each.process.id for each in whole) == expected, actor
    short = list(expected)
    after = None
    while (part := listing.list_processes(tx, world, None, who, Page(7, after))).rows:
        for row in part.rows:
            assert row.id.hex() == short.pop()
        after = part.cursor(-1)
    assert short == []
    running = parse_filters(["ProcessStatus=Running"], PROCESSES)
    listed = listing.list_processes(tx, world, running, who, EVERYTHING).rows
    alive = {row.process.id for row in stored if row.process.life is Life.RUNNING}
    assert {row.id.hex() for row in listed} == alive & set(expected)
    for row in stored[:10]:
        one = search.find_process(tx, world, row.process.id, who)
        assert (one is not None) is answers[row.process.id].allowed
    check_items(tx, world, directory, stored, actor)
    return {each.because for each in answers.values() if each.allowed}


def check_items(tx: Any, world: World, directory: Directory, stored: list[Row], actor: str) -> None:
    who, asked = reader(world, actor, NINE, tx), Asked(directory, actor, NINE)
    expected = {
        item.id: item.status.is_open
        for row in stored
        for item in row.items
        if may_see_item(asked, row.definition, item)
    }

    shown = {each.item.id for each in search.page_of_work_items(tx, world, ALL_ITEMS, who, EVERYTHING)}
    assert shown == set(expected), actor
    assert {each.item.id for each in search.page_of_work_items(tx, world, None, who, EVERYTHING)} == {
        item for item, is_open in expected.items() if is_open
    }
    inbox = Comparison(WORK_ITEMS.field("Addressee"), Operator.EQ, ME)
    waiting = {each.item.id for each in search.page_of_work_items(tx, world, inbox, who, EVERYTHING)}
    assert waiting <= set(expected)
