"""Users: what an administrator reads and changes of them, and everybody of himself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from placet.core.ids import is_id
from placet.core.names import dn_guid, fold_user_name, user_dn
from placet.core.permissions import Permission
from placet.directory import roles
from placet.directory.administrator import is_administrator
from placet.directory.audit import note
from placet.directory.caller import Caller, in_force
from placet.directory.database import Database
from placet.directory.passwords import hash_password
from placet.directory.raising import (
    require_no_manager_of_others,
    require_no_raise,
    require_of_another,
    require_reach,
)
from placet.directory.refusals import Reason, refusal
from placet.directory.user_checks import check_email, check_user_name, check_words, read_day
from placet.store import former_names, groups, open_items, people, people_pages, sessions, tokens
from placet.store import roles as role_store
from placet.store.directory_version import Transaction, bump
from placet.store.people import ACTIVE, CLOSED, UserRow
from placet.store.people_pages import Cut, Page, UserFilter
from placet.store.roles import RoleRow


@dataclass(frozen=True, slots=True, kw_only=True)
class UserValues:
    """What is given of a user; None leaves a value as it is.

    `role` is a role's code, `manager` the uid of whom he reports to and empty for nobody, `due_on` a day such as
    `2030-12-31`; `profile` are texts that nothing here asks for.
    """

    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    status: str | None = None
    due_on: str | None = None
    role: str | None = None
    manager: str | None = None
    password: str | None = field(default=None, repr=False)
    profile: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse names, an e-mail address or a day that cannot be one."""
        for name, text in (("The first name", self.first_name), ("The last name", self.last_name)):
            check_words(name, text or "")
        if self.user_name is not None:
            check_user_name(self.user_name)
        if self.email:
            check_email(self.email)
        if self.due_on is not None:
            read_day(self.due_on)


# What everybody may change of himself who may change himself: nothing that gives rights or decides who is asked.
_OF_ONESELF = frozenset({"first_name", "last_name", "email", "password", "profile"})
# What nobody changes of himself, and what it is called.
_STANDING = {"manager": "manager", "due_on": "last day", "status": "status", "user_name": "user name"}
_PLAIN = ("user_name", "first_name", "last_name", "email", "status")


async def page(
    database: Database, wanted: UserFilter, cut: Cut, order: str = "words", *, descending: bool = False
) -> Page[UserRow]:
    """Users who were not deleted, by one of `people_pages.USER_ORDERS`."""
    return await database.read(lambda tx: people_pages.page_of_users(tx, wanted, cut, order, descending=descending))


async def read(database: Database, uid: str) -> tuple[UserRow, str]:
    """One user and the code of his role, empty where he has none; raises `NotFound`."""

    def look(tx: Transaction) -> tuple[UserRow, str]:
        user = find(tx, uid)
        return user, code_of(tx, user)

    return await database.read(look)


async def add(database: Database, caller: Caller, values: UserValues) -> tuple[UserRow, str]:
    """Add a user, who gets a DN made of his user name; returns him with the code of his role.

    Raises `InvalidInput` for values that cannot be used; `NotFound` for a role or manager that is not there;
    `Conflict` for a user name or DN that is taken; `NotAllowed` without PM_USERS, and for a role that holds more than
    the caller's own.
    """
    caller.require(Permission.MANAGE_PEOPLE)
    values.check()
    password_hash = await hash_password(values.password) if values.password is not None else None
    name = values.user_name or ""
    check_user_name(name)
    dn = user_dn(name)

    def write(tx: Transaction) -> tuple[UserRow, str]:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        row = UserRow(id=dn_guid(dn), dn=dn, user_name=name, password_hash=password_hash, created_at=by.at)
        row = _with(tx, by, row, values)
        _require_free(tx, name)
        if not people.add_user(tx, row):
            raise refusal(Reason.DN_TAKEN, name)
        note(tx, by, "user.created", row.dn, after=_told(row))
        if row.role is not None:
            note_role(tx, by, row.dn, None, row.role)
        return row, code_of(tx, row)

    return await database.write(write)


async def change(database: Database, caller: Caller, uid: str, values: UserValues) -> None:
    """Change what is given of a user; another password or status ends his sessions and tokens.

    Raises as `add`, and `Conflict` for what cannot be changed of the administrator. Who lacks PM_USERS may change
    himself if he has PM_EDITPERSONALINFO, but nothing that gives rights.
    """
    values.check()
    _require_may_change(caller, uid, values)
    password_hash = await hash_password(values.password) if values.password is not None else None

    def write(tx: Transaction) -> None:
        bump(tx)
        by = caller.as_stored(tx)
        _require_may_change(by, uid, values)
        stored = find(tx, uid)
        require_reach_of(tx, by, stored)
        row = _with(tx, by, stored, values)
        _require_of_another(by, stored, row)
        if fold_user_name(row.user_name) != fold_user_name(stored.user_name):
            _require_free(tx, row.user_name, row.id)
            former_names.keep(tx, [(stored.user_name, stored.id)])
        _require_administrator_kept(stored, row)
        _write(tx, by, stored, replace(row, password_hash=password_hash or row.password_hash))

    await database.write(write)


async def remove(database: Database, caller: Caller, uid: str) -> None:
    """Delete a user: he stays known as closed under his DN, and nobody else gets that or his user name.

    Raises `NotFound`; `Conflict` for the administrator and for who has work items to answer; `NotAllowed`.
    """
    caller.require(Permission.MANAGE_PEOPLE)

    def write(tx: Transaction) -> None:
        by = in_force(tx, caller, Permission.MANAGE_PEOPLE)
        user = find(tx, uid)
        if is_administrator(user):
            raise refusal(Reason.ADMINISTRATOR_KEPT)
        require_reach_of(tx, by, user)
        if open_items.is_addressed(tx, user.dn) or open_items.has_claimed(tx, user.dn):
            raise refusal(Reason.USER_HAS_ITEMS, uid)
        closed = replace(
            user, status=CLOSED, user_name="", role=None, password_hash=None, due_on=None, updated_at=by.at
        )
        people.change_user(tx, closed)
        former_names.keep(tx, [(user.user_name, user.id)])
        groups.change_members(tx, (), [(group_id, user.id) for group_id in people_pages.groups_of(tx, user.id)])
        end_access(tx, by, user)
        note(tx, by, "user.closed", user.dn, before=_told(user))

    await database.write(write)


# -- what all of people ask ------------------------------------------------------------------------


def find(tx: Transaction, uid: str) -> UserRow:
    """A user by uid; raises `NotFound`, also for one who was deleted."""
    user = people.user_by_id(tx, uid) if is_id(uid.lower()) else None
    if user is None or user.status == CLOSED:
        raise refusal(Reason.UNKNOWN_USER, uid)
    return user


def code_of(tx: Transaction, user: UserRow) -> str:
    """The code of a user's role, empty where he has none."""
    row = role_store.find_role(tx, user.role) if user.role is not None else None
    return "" if row is None else row.code


def require_other_role(user: UserRow) -> None:
    """Refuse to give the administrator another role, or to take his."""
    if is_administrator(user):
        raise refusal(Reason.ADMINISTRATOR_ROLE)


def require_reach_of(tx: Transaction, caller: Caller, user: UserRow) -> None:
    """Refuse to change somebody whose role holds more than the caller's."""
    row = role_store.find_role(tx, user.role) if user.role is not None else None
    if row is not None and not (caller.dn is not None and caller.is_(user.dn)):
        require_reach(caller, roles.brings(tx, row))


def end_access(tx: Transaction, caller: Caller, user: UserRow) -> None:
    """End all sessions of a user, and all tokens that speak for him."""
    ended = {"sessions": sessions.end_of_user(tx, user.id), "tokens": tokens.end_of_user(tx, user.id)}
    if any(ended.values()):
        note(tx, caller, "session.ended", user.dn, before=ended)


def note_role(tx: Transaction, caller: Caller, dn: str, before: str | None, after: str | None) -> None:
    """Write down in the audit trail which role somebody has now, and which he had."""
    kind = "role.unassigned" if after is None else "role.assigned"
    note(tx, caller, kind, dn, {"role": before}, {"role": after})


# -- values ----------------------------------------------------------------------------------------


def _require_may_change(caller: Caller, uid: str, values: UserValues) -> None:
    if caller.has(Permission.MANAGE_PEOPLE):
        return
    caller.require(Permission.EDIT_ONESELF)
    given = {name for name in UserValues.__dataclass_fields__ if getattr(values, name) not in (None, {})}
    if caller.actor is None or caller.actor.id != uid.lower() or not given <= _OF_ONESELF:
        raise refusal(Reason.NOT_ONESELF, uid)


def _with(tx: Transaction, caller: Caller, row: UserRow, values: UserValues) -> UserRow:
    """A row with the values that are given, but the password; refuses a role that may not be given."""
    said: dict[str, Any] = {name: getattr(values, name) for name in _PLAIN if getattr(values, name) is not None}
    if values.due_on is not None:
        said["due_on"] = read_day(values.due_on)
    if values.manager is not None:
        said["manager"] = manager = _manager(tx, values.manager)
        if manager is not None and manager != row.manager:
            require_no_manager_of_others(caller, row.dn, manager)
    if values.role is not None:
        said["role"] = _role(tx, caller, row, values.role).id
    if values.profile:
        said["profile"] = {**(row.profile or {}), **values.profile}
    return replace(row, **said)


def _manager(tx: Transaction, uid: str) -> str | None:
    """The DN of whom somebody reports to; None for nobody."""
    if not uid:
        return None
    user = people.user_by_id(tx, uid) if is_id(uid.lower()) else None
    if user is None or user.status == CLOSED:
        raise refusal(Reason.UNKNOWN_MANAGER, uid)
    return user.dn


def _role(tx: Transaction, caller: Caller, user: UserRow, code: str) -> RoleRow:
    role = role_store.find_role_by_code(tx, code)
    if role is None:
        raise refusal(Reason.UNKNOWN_ROLE_CODE, code)
    if role.id != user.role:
        require_other_role(user)
        require_no_raise(caller, roles.brings(tx, role), user=user.dn)
    return role


def _require_free(tx: Transaction, name: str, uid: str | None = None) -> None:
    """Refuse a user name that another than this user has or had, for definitions name people by it, or in his DN."""
    taken = people.find_user(tx, name)
    if taken is not None and taken.id != uid:
        raise refusal(Reason.USER_NAME_TAKEN, name)
    named = people.find_user(tx, user_dn(name))
    if {former_names.holder(tx, name), named and named.id} - {None, uid}:
        raise refusal(Reason.DN_TAKEN, name)


def _require_of_another(caller: Caller, stored: UserRow, row: UserRow) -> None:
    """Refuse to change of oneself what decides who is asked and for how long; names and address everybody may."""
    for name, what in _STANDING.items():
        if getattr(row, name) != getattr(stored, name):
            require_of_another(caller, row.dn, what)


def _require_administrator_kept(stored: UserRow, row: UserRow) -> None:
    if is_administrator(stored) and (row.user_name != stored.user_name or row.status != ACTIVE or row.due_on):
        raise refusal(Reason.ADMINISTRATOR_FIXED)


def _write(tx: Transaction, caller: Caller, stored: UserRow, row: UserRow) -> None:
    if row == stored:
        return
    people.change_user(tx, replace(row, updated_at=caller.at))
    new_password = row.password_hash != stored.password_hash
    if _told(row) != _told(stored):
        note(tx, caller, "user.changed", row.dn, _told(stored), _told(row))
    if row.role != stored.role:
        note_role(tx, caller, row.dn, stored.role, row.role)
    if new_password:
        note(tx, caller, "password.changed", row.dn)
    if new_password or row.status != stored.status:
        end_access(tx, caller, row)


def _told(row: UserRow) -> dict[str, Any]:
    names = ("user_name", "first_name", "last_name", "email", "manager", "status", "due_on", "profile")
    return {name: getattr(row, name) for name in names}
