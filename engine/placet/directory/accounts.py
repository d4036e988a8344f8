"""Users by the names that people type, for who administers them from a command line."""

from __future__ import annotations

from typing import NamedTuple

from placet.core.permissions import Permission
from placet.directory import users
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.directory.user_checks import check_new_password
from placet.directory.users import UserValues
from placet.errors import NotFound
from placet.settings import Settings
from placet.store import people, people_pages
from placet.store import roles as role_store
from placet.store.people import ACTIVE, INACTIVE, UserRow
from placet.store.people_pages import Cut, UserFilter

__all__ = [
    "ACTIVE",
    "INACTIVE",
    "Listed",
    "checked_password",
    "every_role",
    "every_user",
    "find",
    "set_password",
    "set_status",
]


class Listed(NamedTuple):
    """A user and the code of his role, empty where he has none."""

    user: UserRow
    role: str


async def find(database: Database, name: str) -> UserRow:
    """A user by user name or DN; raises `NotFound`."""
    user = await database.read(lambda tx: people.find_user(tx, name))
    if user is None:
        raise NotFound(f"There is no user {name[:100]!r}; give a user name or a DN of the directory.")
    return user


async def set_password(database: Database, caller: Caller, name: str, password: str, settings: Settings) -> None:
    """Give a user another password, which ends his sessions and tokens; raises as `users.change`."""
    user = await find(database, name)
    await users.change(database, caller, user.id, UserValues(password=checked_password(password, settings)))


def checked_password(password: str, settings: Settings) -> str:
    """A new password, unless it is shorter or longer than the settings say; raises `InvalidInput`."""
    check_new_password(password, settings.password_shortest, settings.password_longest)
    return password


async def set_status(database: Database, caller: Caller, name: str, status: str) -> None:
    """Make a user active or inactive, which ends his sessions and tokens; raises as `users.change`."""
    user = await find(database, name)
    await users.change(database, caller, user.id, UserValues(status=status))


async def every_user(
    database: Database, caller: Caller, text: str = "", *, role: str | None = None, limit: int | None = None
) -> list[Listed]:
    """Users with a text in one of their names, or with a role (by its code), by name; takes PM_USERS.

    Raises `NotAllowed`, and `NotFound` for a role that there is not.
    """
    caller.require(Permission.MANAGE_PEOPLE)
    role_id = None if role is None else await _role_id(database, role)
    found = await users.page(database, UserFilter(has=text, role=role_id), Cut(limit=limit))
    codes = {each.role.id: each.role.code for each in await every_role(database, caller)}
    return [Listed(user, codes.get(user.role or "", "")) for user in found.rows]


async def every_role(database: Database, caller: Caller) -> list[people_pages.RoleListed]:
    """The roles by code, each with the number of its users; takes PM_USERS, and raises `NotAllowed`."""
    caller.require(Permission.MANAGE_PEOPLE)
    return list((await database.read(lambda tx: people_pages.page_of_roles(tx, "", Cut()))).rows)


async def _role_id(database: Database, code: str) -> str:
    role = await database.read(lambda tx: role_store.find_role_by_code(tx, code))
    if role is None:
        raise NotFound(f"There is no role {code[:100]!r}; `placet role list` has those that there are.")
    return role.id
