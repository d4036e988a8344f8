"""What each role holds."""

from __future__ import annotations

from placet.core.ids import is_id
from placet.core.permissions import SYSTEM_ROLES, Permission
from placet.directory import roles
from placet.directory.audit import note
from placet.directory.caller import Caller, in_force
from placet.directory.database import Database
from placet.directory.raising import require_no_raise
from placet.directory.refusals import Reason, refusal
from placet.store import people_pages
from placet.store import roles as store
from placet.store.directory_version import Transaction
from placet.store.people_pages import Cut, Page
from placet.store.roles import PermissionRow, RoleRow


async def page(database: Database, role_id: str, text: str, cut: Cut) -> Page[PermissionRow]:
    """The active permissions that a role holds, by code; those with a text in their code."""
    return await database.read(lambda tx: people_pages.page_of_permissions(tx, role_id, text, cut, held=True))


async def page_of_others(database: Database, role_id: str, text: str, cut: Cut) -> Page[PermissionRow]:
    """The active permissions that a role does not hold, as `page`."""
    return await database.read(lambda tx: people_pages.page_of_permissions(tx, role_id, text, cut, held=False))


async def give(database: Database, caller: Caller, role_uid: str, permission_uid: str) -> None:
    """Add a permission to a role.

    Raises `NotFound`; `Conflict` where it holds it and for the administrator's role; `NotAllowed` for a permission that
    the caller's role does not hold, for a role that holds more than his, and for his own.
    """
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        role, permission = _found(tx, role_uid, permission_uid)
        if _holds(tx, role, permission):
            raise refusal(Reason.PERMISSION_HELD, permission_uid)
        _require_changeable(role)
        roles.require_within(tx, by, role)
        require_no_raise(by, (permission.code,))
        store.give_permission(tx, role.id, permission.id)
        note(tx, by, "permission.given", role.id, after={"permission": permission.code})

    await database.write(write)


async def take(database: Database, caller: Caller, role_uid: str, permission_uid: str) -> None:
    """Take a permission from a role; raises `NotFound`, `Conflict` and `NotAllowed` as `give`."""
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        role, permission = _found(tx, role_uid, permission_uid)
        if not _holds(tx, role, permission):
            raise refusal(Reason.PERMISSION_NOT_HELD, permission_uid)
        _require_changeable(role)
        roles.require_within(tx, by, role)
        store.take_permission(tx, role.id, permission.id)
        note(tx, by, "permission.taken", role.id, before={"permission": permission.code})

    await database.write(write)


def _found(tx: Transaction, role_uid: str, permission_uid: str) -> tuple[RoleRow, PermissionRow]:
    role = roles.find(tx, role_uid)
    permission = store.find_permission(tx, permission_uid) if is_id(permission_uid.lower()) else None
    if permission is None:
        raise refusal(Reason.UNKNOWN_PERMISSION, permission_uid)
    return role, permission


def _holds(tx: Transaction, role: RoleRow, permission: PermissionRow) -> bool:
    return any(held.id == permission.id for held in store.permissions_of(tx, role.id))


def _require_changeable(role: RoleRow) -> None:
    if role.code == SYSTEM_ROLES.administrator:
        raise refusal(Reason.ROLE_PERMISSIONS_FIXED, role.code)
