"""Roles: what an administrator reads and changes of them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from placet.core.ids import is_id
from placet.core.permissions import EVERY_PERMISSION, SYSTEM_ROLES, Permission
from placet.directory.audit import note
from placet.directory.caller import Caller, in_force
from placet.directory.database import Database
from placet.directory.raising import require_no_raise, require_role_reach
from placet.directory.refusals import Reason, refusal
from placet.store import people_pages, roles
from placet.store.directory_version import Transaction
from placet.store.people import ACTIVE
from placet.store.people_pages import Cut, Page, RoleListed
from placet.store.roles import RoleRow

_CODE = re.compile(r"[A-Za-z0-9_]+")


async def page(database: Database, text: str, cut: Cut) -> Page[RoleListed]:
    """Roles by code, those with a text in their code."""
    return await database.read(lambda tx: people_pages.page_of_roles(tx, text, cut))


async def named(database: Database, uid: str) -> RoleRow:
    """One role; raises `NotFound`."""
    return await database.read(lambda tx: find(tx, uid))


async def read(database: Database, uid: str) -> RoleListed:
    """One role with the number of its users; raises `NotFound`."""

    def look(tx: Transaction) -> RoleListed:
        row = find(tx, uid)
        return RoleListed(row, people_pages.count_users(tx, row.id))

    return await database.read(look)


async def add(database: Database, caller: Caller, code: str, name: str, status: str = ACTIVE) -> RoleListed:
    """Add a role without permissions; raises `InvalidInput` for a code that cannot be one, `Conflict` for a taken one.

    Like everything here that changes something it takes PM_USERS, and raises `NotAllowed` where the caller lacks it.
    """
    caller.require(Permission.MANAGE_PEOPLE)
    require_code(code)
    row = RoleRow(
        id=secrets.token_hex(16), code=code, name=name, status=status, created_at=caller.at, updated_at=caller.at
    )

    def write(tx: Transaction) -> RoleListed:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        _require_free(tx, row)
        roles.add_role(tx, row)
        note(tx, by, "role.created", row.id, after=_told(row))
        return RoleListed(row, 0)

    return await database.write(write)


async def change(
    database: Database,
    caller: Caller,
    uid: str,
    *,
    code: str | None = None,
    name: str | None = None,
    status: str | None = None,
) -> None:
    """Change what is given of a role.

    Raises `NotFound`; `InvalidInput`; `Conflict` for a code or name that is taken, and for the administrator's role;
    `NotAllowed` for one's own role and one that holds more.
    """
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        stored = find(tx, uid)
        require_changeable(stored)
        said: dict[str, Any] = {"code": code, "name": name, "status": status}
        row = replace(stored, **{key: value for key, value in said.items() if value is not None})
        require_code(row.code)
        if row.code != stored.code and _is_default(stored):
            raise refusal(Reason.ROLE_FIXED, stored.code)  # defaults are found by their codes
        _require_free(tx, row)
        if row != stored:
            require_within(tx, by, stored)  # a status gives and takes what a role holds
            roles.change_role(tx, replace(row, updated_at=by.at))
            note(tx, by, "role.changed", row.id, _told(stored), _told(row))

    await database.write(write)


async def remove(database: Database, caller: Caller, uid: str) -> None:
    """Delete a role.

    Raises `NotFound`; `Conflict` for one that still has users and for the default roles; `NotAllowed` for one that
    holds more than the caller's.
    """
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        row = find(tx, uid)
        if people_pages.count_users(tx, row.id):
            raise refusal(Reason.ROLE_HAS_USERS, row.code)
        if _is_default(row):
            raise refusal(Reason.ROLE_BUILT_IN, row.code)
        require_within(tx, by, row)
        roles.remove_role(tx, row.id)
        note(tx, by, "role.removed", row.id, before=_told(row))

    await database.write(write)


# -- what all of roles ask -------------------------------------------------------------------------


def find(tx: Transaction, uid: str) -> RoleRow:
    """A role by uid; raises `NotFound`."""
    row = roles.find_role(tx, uid) if is_id(uid.lower()) else None
    if row is None:
        raise refusal(Reason.UNKNOWN_ROLE, uid)
    return row


def require_changeable(row: RoleRow) -> None:
    """Refuse to change the administrator's role."""
    if row.code == SYSTEM_ROLES.administrator:
        raise refusal(Reason.ROLE_FIXED, row.code)


def require_within(tx: Transaction, caller: Caller, row: RoleRow) -> None:
    """Refuse to change the caller's own role, and one that holds what he does not."""
    require_role_reach(caller, brings(tx, row))
    require_no_raise(caller, (), role=row.id)


def require_code(code: str) -> None:
    """Refuse a code that has anything but letters, digits and underscores in it."""
    if not _CODE.fullmatch(code):
        raise refusal(Reason.ROLE_CODE_UNFIT, code)


def brings(tx: Transaction, row: RoleRow) -> frozenset[str]:
    """The codes of the permissions that a role brings to who is given it, active or not."""
    if row.code == SYSTEM_ROLES.administrator:
        return EVERY_PERMISSION
    return frozenset(each.code for each in roles.permissions_of(tx, row.id))


def _is_default(row: RoleRow) -> bool:
    return row.code in SYSTEM_ROLES


def _require_free(tx: Transaction, row: RoleRow) -> None:
    taken = roles.find_role_by_code(tx, row.code)
    if taken is not None and taken.id != row.id:
        raise refusal(Reason.ROLE_CODE_TAKEN, row.code)
    if people_pages.find_role_by_name(tx, row.name, but=row.id) is not None:
        raise refusal(Reason.ROLE_NAME_TAKEN, row.name)


def _told(row: RoleRow) -> Mapping[str, Any]:
    return {"code": row.code, "name": row.name, "status": row.status}
