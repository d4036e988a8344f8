"""Groups: whom approvals can ask as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from placet.core.ids import is_id
from placet.core.names import dn_guid, group_dn
from placet.core.permissions import Permission
from placet.directory import users
from placet.directory.audit import note
from placet.directory.caller import Caller, in_force
from placet.directory.database import Database
from placet.directory.raising import require_of_another
from placet.directory.refusals import Reason, refusal
from placet.directory.user_checks import check_title
from placet.store import groups, open_items, people_pages
from placet.store.directory_version import Transaction
from placet.store.groups import GroupRow
from placet.store.people import ACTIVE, UserRow
from placet.store.people_pages import Cut, GroupListed, Page, UserFilter


async def page(database: Database, text: str, cut: Cut) -> Page[GroupListed]:
    """Groups by their DNs, those with a text in their title."""
    return await database.read(lambda tx: people_pages.page_of_groups(tx, text, cut))


async def read(database: Database, uid: str) -> GroupListed:
    """One group with the number of its users; raises `NotFound`."""

    def look(tx: Transaction) -> GroupListed:
        row = find(tx, uid)
        return GroupListed(row, people_pages.count_members(tx, row.id))

    return await database.read(look)


async def named(database: Database, uid: str) -> GroupRow:
    """One group; raises `NotFound`."""
    return await database.read(lambda tx: find(tx, uid))


async def page_of_members(database: Database, group_id: str, text: str, cut: Cut) -> Page[UserRow]:
    """Who is in a group, by last name; those of whose names one has a text in it."""
    return await database.read(lambda tx: people_pages.page_of_users(tx, UserFilter(has=text, group=group_id), cut))


async def page_of_others(database: Database, group_id: str, text: str, cut: Cut) -> Page[UserRow]:
    """Who is active and not in a group, as `page_of_members`."""
    wanted = UserFilter(has=text, not_group=group_id)
    return await database.read(lambda tx: people_pages.page_of_users(tx, wanted, cut))


async def add(database: Database, caller: Caller, title: str, status: str = ACTIVE) -> GroupListed:
    """Add a group, whose DN is made of its title.

    Raises `InvalidInput` for a title that cannot be one, and `Conflict` for a title or DN that is taken. Like
    everything here that changes something it takes PM_USERS, and raises `NotAllowed` where the caller lacks it.
    """
    caller.require(Permission.MANAGE_PEOPLE)
    check_title(title)
    dn = group_dn(title)
    row = GroupRow(id=dn_guid(dn), dn=dn, title=title, status=status)

    def write(tx: Transaction) -> GroupListed:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        _require_free(tx, row)
        if not groups.add_group(tx, row):
            raise refusal(Reason.GROUP_TITLE_TAKEN, title)
        note(tx, by, "group.created", row.dn, after=_told(row))
        return GroupListed(row, 0)

    return await database.write(write)


async def change(
    database: Database, caller: Caller, uid: str, *, title: str | None = None, status: str | None = None
) -> None:
    """Change the title or status of a group, whose DN stays; raises `NotFound`, `InvalidInput` and `Conflict`."""
    caller.require(Permission.MANAGE_PEOPLE)
    if title is not None:
        check_title(title)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        stored = find(tx, uid)
        said = {"title": title, "status": status}
        row = replace(stored, **{name: value for name, value in said.items() if value is not None})
        if row == stored:
            return
        _require_free(tx, row)
        groups.upsert_groups(tx, [row])
        note(tx, by, "group.changed", row.dn, _told(stored), _told(row))

    await database.write(write)


async def remove(database: Database, caller: Caller, uid: str) -> None:
    """Delete a group; raises `NotFound`, and `Conflict` for one that has work items to answer."""
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        row = find(tx, uid)
        if open_items.is_addressed(tx, row.dn):
            raise refusal(Reason.GROUP_HAS_ITEMS, uid)
        groups.remove_group(tx, row.id)
        note(tx, by, "group.removed", row.dn, before=_told(row))

    await database.write(write)


async def join(database: Database, caller: Caller, group_uid: str, user_uid: str) -> None:
    """Put a user into a group; raises `NotFound`, `Conflict` where he is in it, `NotAllowed` for oneself."""
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        group, user = find(tx, group_uid), users.find(tx, user_uid)
        require_of_another(by, user.dn, "groups")
        if not groups.join(tx, group.id, user.id):
            raise refusal(Reason.IN_GROUP, user_uid)
        note(tx, by, "group.joined", user.dn, after={"group": group.dn})

    await database.write(write)


async def leave(database: Database, caller: Caller, group_uid: str, user_uid: str) -> None:
    """Take a user out of a group; raises `NotFound`, `Conflict` where he is not in it, `NotAllowed` for oneself."""
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        group, user = find(tx, group_uid), users.find(tx, user_uid)
        require_of_another(by, user.dn, "groups")
        if not groups.leave(tx, group.id, user.id):
            raise refusal(Reason.NOT_IN_GROUP, user_uid)
        note(tx, by, "group.left", user.dn, before={"group": group.dn})

    await database.write(write)


def find(tx: Transaction, uid: str) -> GroupRow:
    """A group by uid; raises `NotFound`."""
    row = groups.find_group(tx, uid) if is_id(uid.lower()) else None
    if row is None:
        raise refusal(Reason.UNKNOWN_GROUP, uid)
    return row


def _require_free(tx: Transaction, row: GroupRow) -> None:
    if people_pages.find_group_by_title(tx, row.title, but=row.id) is not None:
        raise refusal(Reason.GROUP_TITLE_TAKEN, row.title)


def _told(row: GroupRow) -> Mapping[str, Any]:
    return {"title": row.title, "status": row.status}
