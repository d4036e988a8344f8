"""Lists of users, roles, permissions and groups: filtered, ordered and cut by the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, func, literal, select, tuple_

from placet.store.directory_version import Transaction
from placet.store.groups import GROUP_COLUMNS, GroupRow
from placet.store.people import ACTIVE, USER_COLUMNS, UserRow
from placet.store.roles import PERMISSION_COLUMNS, ROLE_COLUMNS, PermissionRow, RoleRow
from placet.store.tables import group_member, permission, role, role_permission, user_account, user_group
from placet.store.types import Moment
from placet.store.words import begins, ends, has, is_listed

Row = TypeVar("Row")

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # stands for a time that is not known


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a list: at most `limit` rows behind the first `start`, or behind the `last` of another page."""

    start: int = 0
    limit: int | None = None
    after: tuple[Any, str] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a list; `last` is what the last of them is ordered by, for the page behind."""

    rows: Sequence[Row]
    last: tuple[Any, str] | None = None


@dataclass(frozen=True, slots=True)
class RoleListed:
    """A role and how many users have it."""

    role: RoleRow
    users: int


@dataclass(frozen=True, slots=True)
class GroupListed:
    """A group and how many users are in it."""

    group: GroupRow
    users: int


# -- users -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """Which users: texts that one of their three names has, begins or ends with, and what else is to hold.

    `ids` None are all.
    """

    ids: Sequence[str] | None = None
    has: str = ""
    begins: str = ""
    ends: str = ""
    status: str | None = None
    role: str | None = None
    other_role: str | None = None
    group: str | None = None
    not_group: str | None = None


#: What users can be ordered by; `words` is the order of last name, first name and user name.
USER_ORDERS: Mapping[str, ColumnElement[Any]] = {
    "words": user_account.c.words,
    "id": user_account.c.id,
    "user_name": user_account.c.folded_name,
    "first_name": user_account.c.first_name,
    "last_name": user_account.c.last_name,
    "email": user_account.c.email,
    "status": user_account.c.status,
    "due_on": func.coalesce(user_account.c.due_on, ""),
    "created_at": func.coalesce(user_account.c.created_at, literal(_NEVER, Moment())),
    "updated_at": func.coalesce(user_account.c.updated_at, literal(_NEVER, Moment())),
}


def page_of_users(
    tx: Transaction, wanted: UserFilter, cut: Cut, order: str = "words", *, descending: bool = False
) -> Page[UserRow]:
    """Users who were not deleted, by one of `USER_ORDERS`."""
    key, uid = USER_ORDERS[order], user_account.c.id
    part = select(uid, key.label("order_key")).where(is_listed(), *_conditions(wanted))
    # What is skipped or does not fit is found in an index alone; the rows themselves are read of one page only.
    found = _cut(part, (key, uid), cut, descending=descending).subquery()
    query = select(*USER_COLUMNS, found.c.order_key).join(found, found.c.id == uid)
    return _made(tx, query.order_by(*_order((found.c.order_key, uid), descending=descending)), _user)


def _user(row: RowMapping) -> UserRow:
    return UserRow(**{name: row[name] for name in UserRow.__dataclass_fields__})


def _conditions(wanted: UserFilter) -> list[ColumnElement[bool]]:
    c, found = user_account.c, []
    for condition, text in ((has, wanted.has), (begins, wanted.begins), (ends, wanted.ends)):
        if text:
            found.append(condition(text))
    if wanted.ids is not None:
        found.append(c.id.in_(wanted.ids))
    if wanted.status is not None:
        found.append(c.status == wanted.status)
    if wanted.role is not None:
        found.append(c.role == wanted.role)
    if wanted.other_role is not None:
        found.append(c.role != wanted.other_role)  # who has none has no other one
    if wanted.group is not None:
        found.append(c.id.in_(select(group_member.c.user_id).where(group_member.c.group_id == wanted.group)))
    if wanted.not_group is not None:
        member = select(group_member.c.user_id).where(
            group_member.c.group_id == wanted.not_group, group_member.c.user_id == c.id
        )
        found += [c.status == ACTIVE, ~member.exists()]
    return found


# -- roles and permissions -------------------------------------------------------------------------


def _users_of_role() -> Any:
    return select(func.count()).where(user_account.c.role == role.c.id).scalar_subquery().label("users")


def page_of_roles(tx: Transaction, text: str, cut: Cut) -> Page[RoleListed]:
    """Roles by code, those with a text in the code; who was deleted has no role and counts for none."""
    query = select(*ROLE_COLUMNS, _users_of_role())
    if text:
        query = query.where(role.c.folded.contains(text.casefold(), autoescape=True))
    return _page(tx, query, (_ordered(tx, role.c.folded), role.c.id), cut, _role)


def _role(row: RowMapping) -> RoleListed:
    return RoleListed(RoleRow(**{name: row[name] for name in RoleRow.__dataclass_fields__}), row["users"])


def find_role_by_name(tx: Transaction, name: str, but: str | None) -> RoleRow | None:
    """Another role than `but` with exactly this name."""
    query = select(*ROLE_COLUMNS).where(role.c.name == name)
    if but is not None:
        query = query.where(role.c.id != but)
    row = tx.execute(query.limit(1)).mappings().first()
    return None if row is None else RoleRow(**row)


def count_users(tx: Transaction, role_id: str) -> int:
    """How many users have a role."""
    return tx.execute(select(func.count()).where(user_account.c.role == role_id)).scalar_one()


def page_of_permissions(tx: Transaction, role_id: str, text: str, cut: Cut, *, held: bool) -> Page[PermissionRow]:
    """Active permissions by code that a role holds, or that it does not; those with a text in the code."""
    given = select(role_permission.c.role_id).where(
        role_permission.c.role_id == role_id, role_permission.c.permission_id == permission.c.id
    )
    query = select(*PERMISSION_COLUMNS).where(
        permission.c.status == ACTIVE, given.exists() if held else ~given.exists()
    )
    if text:
        query = query.where(func.lower(permission.c.code).contains(text.lower(), autoescape=True))
    return _page(tx, query, (_ordered(tx, permission.c.code), permission.c.id), cut, _permission)


def _permission(row: RowMapping) -> PermissionRow:
    return PermissionRow(**{name: row[name] for name in PermissionRow.__dataclass_fields__})


# -- groups ----------------------------------------------------------------------------------------


def _users_of_group() -> Any:
    return select(func.count()).where(group_member.c.group_id == user_group.c.id).scalar_subquery().label("users")


def page_of_groups(tx: Transaction, text: str, cut: Cut) -> Page[GroupListed]:
    """Groups by DN, which is by title unless that was changed; those with a text in the title."""
    query = select(*GROUP_COLUMNS, _users_of_group())
    if text:
        query = query.where(func.lower(user_group.c.title).contains(text.lower(), autoescape=True))
    return _page(tx, query, (_ordered(tx, user_group.c.folded), user_group.c.id), cut, _group)


def find_group_by_title(tx: Transaction, title: str, but: str) -> GroupRow | None:
    """Another group than `but` with exactly this title."""
    query = select(*GROUP_COLUMNS).where(user_group.c.title == title, user_group.c.id != but)
    row = tx.execute(query.limit(1)).mappings().first()
    return None if row is None else GroupRow(**row)


def count_members(tx: Transaction, group_id: str) -> int:
    """How many users are in a group."""
    return tx.execute(select(func.count()).where(group_member.c.group_id == group_id)).scalar_one()


def _group(row: RowMapping) -> GroupListed:
    return GroupListed(GroupRow(**{name: row[name] for name in GroupRow.__dataclass_fields__}), row["users"])


def groups_of(tx: Transaction, user_id: str) -> list[str]:
    """The uids of the groups that a user is in."""
    query = select(group_member.c.group_id).where(group_member.c.user_id == user_id)
    return list(tx.execute(query.order_by(group_member.c.group_id)).scalars())


# -- pages -----------------------------------------------------------------------------------------


def _ordered(tx: Transaction, column: ColumnElement[str]) -> ColumnElement[str]:
    """A text column as it is ordered everywhere alike: by the numbers of its characters, as SQLite does."""
    return column.collate("C") if tx.dialect.name == "postgresql" else column


Keys: TypeAlias = tuple[ColumnElement[Any], ColumnElement[str]]


def _page(tx: Transaction, query: Select[Any], keys: Keys, cut: Cut, make: Callable[[RowMapping], Row]) -> Page[Row]:
    return _made(tx, _cut(query.add_columns(keys[0].label("order_key")), keys, cut), make)


def _cut(query: Select[Any], keys: Keys, cut: Cut, *, descending: bool = False) -> Select[Any]:
    """The part of a query that is wanted, ordered by a key and a uid."""
    key, uid = keys
    query = query.order_by(*_order(keys, descending=descending)).limit(cut.limit)
    if cut.after is None:
        return query.offset(cut.start)
    here = tuple_(literal(cut.after[0], key.type), literal(cut.after[1], uid.type))
    return query.where(tuple_(key, uid) < here if descending else tuple_(key, uid) > here)


def _order(keys: Keys, *, descending: bool) -> Sequence[ColumnElement[Any]]:
    return [key.desc() for key in keys] if descending else keys


def _made(tx: Transaction, query: Select[Any], make: Callable[[RowMapping], Row]) -> Page[Row]:
    found = tx.execute(query).mappings().all()
    last = (found[-1]["order_key"], found[-1]["id"]) if found else None
    return Page([make(row) for row in found], last)
