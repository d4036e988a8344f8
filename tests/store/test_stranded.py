"""After people have changed, open items that nobody can answer are found, once, however it came about."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from placet.core.defaults import ADMINISTRATOR_ROLE, OPERATOR_ROLE
from placet.core.names import dn_guid, user_dn
from placet.core.people import ADMINISTRATOR
from placet.core.records import work_item_id
from placet.engine import Engine
from placet.errors import Unavailable
from placet.jobs import stranded as looks
from placet.jobs.stranded import Stranded
from placet.store import absences, counters, groups, people, roles, stranded
from placet.store.absences import AbsenceRow
from placet.store.database import writers_overlap
from placet.store.tables import name, work_item
from tests.builders import BOARD, BOB, CARL, DORA, EVE, NINE
from tests.store.harness import an_engine
from tests.store.test_plans import faults_of, plans
from tests.store.test_plans import fill as fill_with_items

DAY = timedelta(days=1)

#: Asks Bob, or the board; Eve where they cannot answer.
ONE = """
name: One
start: ask
activities:
  ask: {kind: approval, addressees: "'bob'", fallback: "'eve'", paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
GROUP = ONE.replace("One", "Group").replace("'bob'", f"'{BOARD}'")
NOBODY = ONE.replace("One", "Nobody").replace("""fallback: "'eve'", """, "")


@asynccontextmanager
async def a_node(url, clock, *, run_jobs=True):
    async with an_engine(url, clock, ONE, GROUP, NOBODY, run_jobs=run_jobs) as engine:
        await keep_eve(engine)
        yield engine


async def keep_eve(engine):
    """Give Eve the administrator's role, so that she stays when everybody else's is made inactive."""

    def write(tx):
        people.change_user(tx, replace(people.find_user(tx, "eve"), role=ADMINISTRATOR_ROLE))

    await engine.store.write(write)


async def start(engine, definition="One", how_many=1):
    system = engine.as_system()
    started = [system.start(definition, initiator="anna") for _ in range(how_many)]
    return [found.process.id for found in await asyncio.gather(*started)]


async def redirected(engine, process_id):
    """Whom the events of a process say it was handed to, and why."""
    events = await engine.as_system().timeline(process_id)
    return [(each.detail["addressee"], each.detail["reason"]) for each in events if each.kind == "work_item.redirected"]


# -- what makes it happen ------------------------------------------------------------------------


def disable(*names):
    def change(tx):
        for each in names:
            people.set_status(tx, dn_guid(user_dn(each)), people.INACTIVE)

    return change


def last_day(tx):
    people.change_user(tx, replace(people.find_user(tx, "bob"), due_on="2026-03-02"))


def close_role(tx):
    roles.change_role(tx, replace(roles.find_role(tx, OPERATOR_ROLE), status=people.INACTIVE))


def remove_role(tx):
    roles.remove_role(tx, OPERATOR_ROLE)


def close_group(tx):
    groups.upsert_groups(tx, [replace(groups.find_group(tx, dn_guid(BOARD)), status=people.INACTIVE)])


def enlarge_group(tx):
    for each in ("anna", "stranger"):
        groups.join(tx, dn_guid(BOARD), dn_guid(user_dn(each)))


def empty_group(tx):
    for dn in (BOB, CARL, DORA):
        groups.leave(tx, dn_guid(BOARD), dn_guid(dn))


@pytest.mark.parametrize(
    ("definition", "change", "reason"),
    [
        ("One", disable("bob"), "Bob is inactive"),
        ("One", last_day, "Bob is inactive"),
        ("One", close_role, "Bob is inactive"),
        ("One", remove_role, "Bob is inactive"),
        ("Group", disable("bob", "carl", "dora"), "nobody of Board who may answer is active"),
        ("Group", close_role, "nobody of Board who may answer is active"),
        ("Group", close_group, "Board is inactive"),
        ("Group", empty_group, "nobody of Board who may answer is active"),
    ],
    ids=["disabled", "last day", "role", "no role", "members", "their role", "group", "emptied"],
)
async def test_whatever_makes_people_inactive_hands_their_items_on(database_url, clock, definition, change, reason):
    async with a_node(database_url, clock) as engine:
        (process_id,) = await start(engine, definition)
        await engine.settled()

        await engine.store.write(change)
        await engine.settled()
        if change is last_day:
            assert await redirected(engine, process_id) == []
            clock.move(days=1)
            await engine.settled()

        assert await redirected(engine, process_id) == [(EVE, reason)]


async def test_without_a_fallback_the_item_waits(database_url, clock):
    async with a_node(database_url, clock) as engine:
        (process_id,) = await start(engine, "Nobody")

        await engine.store.write(disable("bob"))
        await engine.settled()

        last = (await engine.as_system().timeline(process_id))[-1]
        assert (last.kind, last.detail) == (
            "work_item.stranded",
            {"reason": "nobody can answer any more: Bob is inactive"},
        )


async def test_one_of_many_members_leaves_his_group_its_items_but_what_he_holds(database_url, clock):
    async with a_node(database_url, clock) as engine:
        await engine.store.write(enlarge_group)
        held, free = await start(engine, "Group", 2)
        await engine.as_system().act(work_item_id(held, 1), "claim", actor="bob")

        await engine.store.write(lambda tx: groups.leave(tx, dn_guid(BOARD), dn_guid(BOB)))
        await engine.settled()

        kinds = [each.kind for each in await engine.as_system().timeline(held)]
        assert kinds == ["process.started", "work_item.assigned", "work_item.claimed", "work_item.released"]
        assert len(await engine.as_system().timeline(free)) == 2


# -- those who stand in --------------------------------------------------------------------------


def absent(**until):
    row = AbsenceRow(
        id="a" * 32, user_id=dn_guid(BOB), delegate_id=dn_guid(CARL), from_at=NINE, created_at=NINE, **until
    )

    def add(tx):
        absences.lock(tx)
        absences.add(tx, row)

    return add


async def stood_in_for(engine, **until):
    """A process whose addressee has become inactive during an absence, and that his delegate can answer."""
    (process_id,) = await start(engine)
    await engine.store.write(absent(**until))
    await engine.store.write(disable("bob"))
    await engine.settled()
    assert await redirected(engine, process_id) == []
    return process_id


async def test_when_the_delegate_becomes_inactive_as_well(database_url, clock):
    async with a_node(database_url, clock) as engine:
        process_id = await stood_in_for(engine)

        await engine.store.write(disable("carl"))
        await engine.settled()

        assert await redirected(engine, process_id) == [(EVE, "Bob is inactive")]


async def test_when_the_absence_is_taken_back(database_url, clock):
    async with a_node(database_url, clock) as engine:
        process_id = await stood_in_for(engine)

        assert await engine.store.write(lambda tx: absences.remove(tx, "a" * 32))
        assert not await engine.store.write(lambda tx: absences.remove(tx, "a" * 32))
        await engine.settled()

        assert await redirected(engine, process_id) == [(EVE, "Bob is inactive")]


@pytest.mark.parametrize("was_down", [False, True])
async def test_when_the_absence_ends(database_url, clock, was_down):
    async with a_node(database_url, clock) as engine:
        process_id = await stood_in_for(engine, to_at=NINE + timedelta(hours=1))
        if not was_down:
            clock.move(hours=1)
            await engine.settled()
            assert await redirected(engine, process_id) == [(EVE, "Bob is inactive")]
    if was_down:
        clock.move(hours=1)
        async with Engine(database_url, clock=clock) as engine:
            await engine.settled()
            assert await redirected(engine, process_id) == [(EVE, "Bob is inactive")]


# -- once, and in any case -----------------------------------------------------------------------


async def test_a_change_that_no_engine_followed_is_followed_by_the_next(database_url, clock):
    async with a_node(database_url, clock) as engine:
        await engine.settled()
    async with Engine(database_url, clock=clock, run_jobs=False) as engine:
        (process_id,) = await start(engine)
        await engine.store.write(disable("bob"))

    async with Engine(database_url, clock=clock) as engine:
        await engine.settled()

        assert await redirected(engine, process_id) == [(EVE, "Bob is inactive")]


@pytest.mark.parametrize("by", ["the same node", "another node"])
async def test_a_look_that_broke_off_is_begun_anew(database_url, clock, monkeypatch, by):
    async with a_node(database_url, clock, run_jobs=False) as engine:
        monkeypatch.setattr(looks, "_COMMANDS", 3)
        ids = await start(engine, how_many=5)
        await engine.store.write(disable("bob"))
        look = Stranded(engine.store, engine._world, clock)
        for command in await look.commands():
            await engine.store.submit(command)
        assert len(await look.commands()) == 2  # and nothing comes of them

        look.begin()
        await carry_out(engine, look if by == "the same node" else Stranded(engine.store, engine._world, clock))

        assert [len(await redirected(engine, process_id)) for process_id in ids] == [1] * 5


async def carry_out(engine, look):
    """Look to the end, and give how many commands there were."""
    count = 0
    while commands := await look.commands():
        count += len(commands)
        await asyncio.gather(*map(engine.store.submit, commands))
    return count


async def test_what_has_been_decided_is_not_looked_at_again(database_url, clock):
    async with a_node(database_url, clock, run_jobs=False) as engine:
        await start(engine, how_many=3)
        await engine.store.write(disable("bob"))
        look = Stranded(engine.store, engine._world, clock)

        assert await carry_out(engine, look) == 3
        await engine.store.write(disable("gone"))
        assert await carry_out(engine, look) == 0

        reached = await engine.store.read(stranded.mark)
        if not await engine.store.read(writers_overlap):
            assert reached == stranded.Mark(engine.directory.version, clock.now())
            assert await carry_out(engine, Stranded(engine.store, engine._world, clock)) == 0


async def test_what_was_decided_meanwhile_is_found_by_a_second_look(database_url, clock, monkeypatch):
    """On PostgreSQL a batch that read the people before their change may be committed after the first look."""
    monkeypatch.setattr(looks, "_AGAIN_SECONDS", 0.0)
    async with a_node(database_url, clock, run_jobs=False) as engine:
        overlap = await engine.store.read(writers_overlap)
        (process_id,), _ = await start(engine, "Group"), await start(engine)
        await engine.store.write(disable("bob"))
        look = Stranded(engine.store, engine._world, clock)
        assert await carry_out(engine, look) == 2  # of the board two are left, who might be those who ask

        await engine.store.write(lambda tx: ask_bob(tx, process_id))
        second = await carry_out(engine, look)

        assert second == (1 if overlap else 0)
        assert await redirected(engine, process_id) == [(EVE, "Bob is inactive")] * second
        assert (await engine.store.read(stranded.mark)).version == engine.directory.version


def ask_bob(tx, process_id):
    bob = select(name.c.id).where(name.c.folded == BOB.casefold()).scalar_subquery()
    tx.execute(update(work_item).where(work_item.c.process_id == process_id).values(addressee=bob))


async def test_two_nodes_do_it_once(database_url, clock):
    async with a_node(database_url, clock) as one, Engine(database_url, clock=clock) as other:
        ids = await start(one, how_many=20)

        await one.store.write(disable("bob"))
        await asyncio.gather(one.settled(), other.settled())

        assert [len(await redirected(other, process_id)) for process_id in ids] == [1] * 20


async def test_a_database_that_was_away_is_asked_again(database_url, clock, monkeypatch):
    async with a_node(database_url, clock) as engine:
        (process_id,) = await start(engine)
        await engine.settled()
        submit, away = engine.store.submit, [True]

        def once_away(command):
            if away:
                away.pop()
                raise Unavailable("The database is away.")
            return submit(command)

        monkeypatch.setattr(engine.store, "submit", once_away)
        await engine.store.write(disable("bob"))
        await engine.settled()
        await engine.settled()

        assert not away
        assert len(await redirected(engine, process_id)) == 1


# -- many ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 10_000], ids=["all in memory", "those that changed"])
async def test_many_people_with_many_items_are_read_in_parts(database_url, clock, monkeypatch, most):
    for setting, value in (("_NAMES", 3), ("_COMMANDS", 7), ("AT_ONCE", 4)):
        monkeypatch.setattr(looks, setting, value)
    monkeypatch.setattr(stranded, "MOST_CHANGED", most)
    read = stranded.open_items
    monkeypatch.setattr(stranded, "open_items", lambda tx, **given: read(tx, **given, limit=4))
    names = [f"p{n}" for n in range(10)]
    rows = [people.UserRow(id=dn_guid(dn := user_dn(n)), dn=dn, user_name=n, role=OPERATOR_ROLE) for n in names]
    async with a_node(database_url, clock, run_jobs=False) as engine:
        await engine.store.write(lambda tx: people.upsert_users(tx, rows))
        asking = [ONE.replace("One", f"Ask {n}").replace("bob", n) for n in names]
        ids = []
        for number, text in enumerate(asking):
            await engine.as_system().deploy(text)
            ids += await start(engine, f"Ask p{number}", 1 + number % 6)
        look = Stranded(engine.store, engine._world, clock)
        await carry_out(engine, look)
        await engine.store.write(disable(*names))

        await carry_out(engine, look)

        assert [len(await redirected(engine, process_id)) for process_id in ids] == [1] * len(ids)


async def test_who_is_active_concerns_nobody(database_url, clock):
    """Loading people, as many as there may be, is not followed by reading their items."""
    async with a_node(database_url, clock, run_jobs=False) as engine:
        directory, now = engine.directory, clock.now()
        since = stranded.Mark(0, now)

        who = await engine.store.read(lambda tx: stranded.concerned(tx, directory, since, now))

        assert BOB.casefold() not in who.all_items
        assert ADMINISTRATOR.casefold() not in who.all_items
        assert (BOARD.casefold() in who.all_items, BOARD.casefold() in who.held_items) == (False, True)


async def test_the_items_of_whoever_is_concerned_are_found_by_an_index(database_url, clock):
    async with a_node(database_url, clock, run_jobs=False) as engine:
        await engine.store.write(fill_with_items)
        place = (NINE, "0" * 32, 1)
        looks = {
            "asked": lambda tx: stranded.asked(tx, ["cn=p1,o=x", "cn=p2,o=x"]),
            "first": lambda tx: stranded.open_items(tx, 5, None, held=False),
            "next": lambda tx: stranded.open_items(tx, 5, place, held=True),
        }

        def faults(tx):
            return [
                fault
                for name, look in looks.items()
                for fault in faults_of(name, plans(tx, look)[0], "ix_work_item_(inbox|addressee)")
            ]

        assert await engine.store.read(faults) == []


async def test_a_mark_never_goes_back(transactions):
    await transactions.write(lambda tx: stranded.set_mark(tx, stranded.Mark(7, NINE + DAY)))
    await transactions.write(lambda tx: stranded.set_mark(tx, stranded.Mark(5, NINE)))

    assert await transactions.read(stranded.mark) == stranded.Mark(7, NINE + DAY)
    assert await transactions.read(lambda tx: counters.value(tx, "stranded")) == 7
