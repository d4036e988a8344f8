"""People with just the permissions that a test is about, and changes behind the back of the node that they ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from placet.core.defaults import PERMISSIONS, uid
from placet.directory import role_members, role_permissions, roles, users
from placet.directory.caller import Caller
from placet.directory.users import UserValues
from placet.engine import Engine
from placet.store.database import opened
from placet.store.directory_version import Transaction
from tests.acceptance.conftest import PASSWORD

BASE = "/api/1.0/workflow"
EVERYDAY = ("PM_LOGIN", "PM_CASES")

_UIDS = {each.code: uid(each.number) for each in PERMISSIONS}


def permission(code: str) -> str:
    """The uid of a permission."""
    return _UIDS[code]


def by_system(engine: Engine) -> Caller:
    return Caller(None, engine.directory, engine.clock.now())


async def a_role(engine: Engine, code: str, *permissions: str) -> str:
    """The uid of a new role."""
    made = await roles.add(engine.store, by_system(engine), code, code.capitalize())
    for each in permissions:
        await role_permissions.give(engine.store, by_system(engine), made.role.id, permission(each))
    return made.role.id


async def an_officer(engine: Engine, name: str, *permissions: str) -> str:
    """The uid of a new user, whose role of his own holds these permissions and the everyday ones."""
    await a_role(engine, f"OF_{name.upper()}", *EVERYDAY, *permissions)
    values = UserValues(
        user_name=name, first_name=name.capitalize(), last_name="Berg", role=f"OF_{name.upper()}", password=PASSWORD
    )
    return (await users.add(engine.store, by_system(engine), values))[0].id


async def give_role(engine: Engine, name: str, role: str) -> None:
    person = engine.directory.person(name)
    assert person is not None
    await role_members.assign(engine.store, by_system(engine), role, person.id)


async def on_another_node(engine: Engine, work: Callable[[Transaction], Any]) -> None:
    """Change people so that what this node holds in memory, and the credentials it knows, are older."""
    async with opened(engine.settings.database_url) as database:
        writer = await database.connect_writer()
        await writer.begin()
        await writer.run(work)
        await writer.commit()
        await writer.close()
