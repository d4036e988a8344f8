"""A directory that was kept up to date change by change equals one that is read anew."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

from placet.clock import ManualClock
from placet.core.defaults import MANAGER_ROLE, OPERATOR_ROLE
from placet.engine import Engine
from placet.store import directory, groups, people, roles
from placet.store.groups import GroupRow
from placet.store.people import UserRow
from placet.store.roles import RoleRow
from placet.store.world import World
from tests.builders import DAY, NINE

USERS = [f"{number:032x}" for number in range(1, 7)]
GROUPS = [f"{number:032x}" for number in range(101, 104)]
ROLES = [MANAGER_ROLE, OPERATOR_ROLE, *(f"{number:032x}" for number in range(201, 204))]
PERMISSIONS = [f"{number:032}" for number in (1, 3, 5, 8)]
NAMES = ["anna", "Anna", "ａnna", "ben", "carl", "dora", ""]
STATUSES = ["ACTIVE", "INACTIVE"]
STEPS = 60


def change_user(tx, dice):
    uid, name = dice.choice(USERS), dice.choice(NAMES)
    if name and (found := people.find_user(tx, name)) is not None and found.id != uid:
        return
    due_on = dice.choice([None, None, "2026-03-01", "2026-03-02"])
    row = UserRow(id=uid, dn=f"cn={uid[-1]}", user_name=name, role=dice.choice([None, *ROLES]), due_on=due_on)
    people.upsert_users(tx, [replace(row, status=dice.choice(STATUSES), first_name=dice.choice(["A", "B"]))])


def change_group(tx, dice):
    uid = dice.choice(GROUPS)
    groups.upsert_groups(tx, [GroupRow(id=uid, dn=f"cn=g{uid[-1]}", title="G", status=dice.choice(STATUSES))])


def change_role(tx, dice):
    uid = dice.choice(ROLES)
    known = roles.find_role(tx, uid) or RoleRow(id=uid, code=f"R{uid[-1]}", name="R", created_at=NINE)
    roles.upsert_roles(tx, [replace(known, status=dice.choice(STATUSES), name=dice.choice("RS"))])


def join(tx, dice):
    group_id, user_id = dice.choice(GROUPS), dice.choice(USERS)
    if groups.find_group(tx, group_id) and people.user_by_id(tx, user_id):
        groups.join(tx, group_id, user_id)


CHANGES = [
    *[change_user] * 4,
    change_group,
    change_role,
    lambda tx, dice: groups.remove_group(tx, dice.choice(GROUPS)),
    *[join] * 3,
    lambda tx, dice: groups.leave(tx, dice.choice(GROUPS), dice.choice(USERS)),
    lambda tx, dice: roles.remove_role(tx, dice.choice(ROLES)),
    lambda tx, dice: roles.give_permission(tx, dice.choice(ROLES), dice.choice(PERMISSIONS)),
    lambda tx, dice: roles.take_permission(tx, dice.choice(ROLES), dice.choice(PERMISSIONS)),
    lambda tx, dice: roles.set_role(tx, dice.choice(USERS), dice.choice([None, *ROLES])),
    lambda tx, dice: people.set_status(tx, dice.choice(USERS), dice.choice(STATUSES)),
]


def seen(known):
    """All that can be asked of a directory."""
    dns = [f"cn={uid[-1]}" for uid in USERS]
    return {
        "version": known.version,
        "people": known.people,
        "groups": known.groups,
        "roles": known.roles,
        "groups of": {dn: sorted(group.dn for group in known.groups_of(dn)) for dn in dns},
        "by name": {name: known.person(name) for name in NAMES},
        "by uid": {uid: known.user(uid) for uid in USERS},
        "managers": {dn for dn in dns if known.allows(dn, "PM_USERS")},
        "facts": {dn: known.facts(dn) for dn in dns},
        "ends": known.ends_at,
    }


async def test_what_was_refreshed_equals_what_is_loaded(database_url, rounds):
    clock = ManualClock(NINE)
    async with Engine(database_url, clock=clock, run_jobs=False) as engine:
        for seed in range(rounds):
            await change_and_compare(engine.store, random.Random(seed), clock)
            clock.move_to(clock.now() + DAY)  # the last day of some


async def change_and_compare(store, dice, clock):
    """Make random changes, several between two looks, and compare what is kept with what is read anew."""
    world = World(clock)
    for step in range(STEPS):
        before, as_it_was = world.directory, seen(world.directory)
        for change in dice.choices(CHANGES, k=dice.randrange(1, 4)):
            await store.write(partial(change, dice=dice))
        await store.read(world.refresh)

        anew = await store.read(partial(directory.load, now=clock.now()))
        assert seen(world.directory) == seen(anew), f"step {step}"
        assert seen(before) == as_it_was, "a directory that was handed out has changed"
