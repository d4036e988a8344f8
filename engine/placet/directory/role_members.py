"""Who has which role: a user has one, or none."""

from __future__ import annotations

from placet.core.permissions import Permission
from placet.directory import roles, users
from placet.directory.caller import Caller, in_force
from placet.directory.database import Database
from placet.directory.raising import require_no_raise
from placet.directory.refusals import Reason, refusal
from placet.store import people_pages
from placet.store import roles as role_store
from placet.store.directory_version import Transaction
from placet.store.people import UserRow
from placet.store.people_pages import Cut, Page, UserFilter


async def page(database: Database, role_id: str, text: str, cut: Cut) -> Page[UserRow]:
    """Who has a role, by last name; those of whose names one has a text in it."""
    return await database.read(lambda tx: people_pages.page_of_users(tx, UserFilter(has=text, role=role_id), cut))


async def page_of_others(database: Database, role_id: str, text: str, cut: Cut) -> Page[UserRow]:
    """Who has another role, as `page`; who has none is not among them."""
    return await database.read(lambda tx: people_pages.page_of_users(tx, UserFilter(has=text, other_role=role_id), cut))


async def assign(database: Database, caller: Caller, role_uid: str, user_uid: str) -> None:
    """Give a user this role instead of the one he has.

    Raises `NotFound`; `Conflict` where he has it and for the administrator; `NotAllowed` for a role that holds more
    than the caller's own, for a user whose role does, and for oneself.
    """
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        role, user = roles.find(tx, role_uid), users.find(tx, user_uid)
        if user.role == role.id:
            raise refusal(Reason.HAS_ROLE, user_uid)
        users.require_other_role(user)
        users.require_reach_of(tx, by, user)
        require_no_raise(by, roles.brings(tx, role), user=user.dn)
        _set(tx, by, user, role.id)
        users.note_role(tx, by, user.dn, user.role, role.id)

    await database.write(write)


async def unassign(database: Database, caller: Caller, role_uid: str, user_uid: str) -> None:
    """Take this role from a user, who then has none and may do nothing; raises as `assign`."""
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        role, user = roles.find(tx, role_uid), users.find(tx, user_uid)
        if user.role != role.id:
            raise refusal(Reason.LACKS_ROLE, user_uid)
        users.require_other_role(user)
        users.require_reach_of(tx, by, user)
        require_no_raise(by, (), user=user.dn)
        _set(tx, by, user, None)
        users.note_role(tx, by, user.dn, user.role, None)

    await database.write(write)


def _set(tx: Transaction, caller: Caller, user: UserRow, role_id: str | None) -> None:
    role_store.set_role(tx, user.id, role_id)
    if role_id is None:
        users.end_access(tx, caller, user)
