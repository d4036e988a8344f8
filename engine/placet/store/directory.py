"""People and groups as they are stored. Whatever changes them moves the directory's version on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Executable, bindparam, delete, func, or_, select, update
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from placet.core.names import fold_dn
from placet.core.people import Directory, Group, Person
from placet.store import counters
from placet.store.database import insert_into
from placet.store.tables import group_member, user_account, user_group

Transaction: TypeAlias = Connection

ACTIVE, INACTIVE, VACATION = STATUSES = ("ACTIVE", "INACTIVE", "VACATION")
COUNTER = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One stored user; only the status ACTIVE lets him sign in and be asked."""

    id: str
    dn: str
    user_name: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    manager: str | None = None
    status: str = ACTIVE
    password_hash: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.user_name

    @property
    def person(self) -> Person:
        return Person(
            dn=self.dn,
            user_name=self.user_name,
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            manager=self.manager,
            active=self.status == ACTIVE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One stored group, without its members."""

    id: str
    dn: str
    title: str
    status: str = ACTIVE

    @property
    def name(self) -> str:
        return self.title


USER_COLUMNS = [user_account.c[name] for name in UserRow.__dataclass_fields__]
GROUP_COLUMNS = [user_group.c[name] for name in GroupRow.__dataclass_fields__]


def version(tx: Transaction) -> int:
    """The number of changes so far; 0 before the first."""
    return counters.value(tx, COUNTER)


def bump(tx: Transaction) -> None:
    """Move the version on, so that every picture of the directory held in memory is read again."""
    counters.bump(tx, COUNTER)


def load(tx: Transaction) -> Directory:
    """The whole directory as decisions see it."""
    # The version comes first: of a change between these reads the picture then says that it is older, never newer.
    known = version(tx)
    people = users(tx)
    dn_of = {user.id: fold_dn(user.dn) for user in people}
    members: dict[str, set[str]] = defaultdict(set)
    for group_id, user_id in memberships(tx):
        if user_id in dn_of:
            members[group_id].add(dn_of[user_id])
    found = [
        Group(dn=group.dn, title=group.title, members=frozenset(members[group.id]), active=group.status == ACTIVE)
        for group in groups(tx)
    ]
    return Directory([user.person for user in people], found, known)


def users(tx: Transaction) -> list[UserRow]:
    return [UserRow(**row) for row in tx.execute(select(*USER_COLUMNS).order_by(user_account.c.id)).mappings()]


def groups(tx: Transaction) -> list[GroupRow]:
    return [GroupRow(**row) for row in tx.execute(select(*GROUP_COLUMNS).order_by(user_group.c.id)).mappings()]


def memberships(tx: Transaction) -> set[tuple[str, str]]:
    """Who is in what, as pairs of a group's id and a user's."""
    return {(row.group_id, row.user_id) for row in tx.execute(select(group_member))}


def upsert_users(tx: Transaction, rows: Iterable[UserRow]) -> None:
    """Add users or change those of the same id; a row without a password hash leaves the stored one."""
    statement = insert_into(tx, user_account)
    changes = _all_but_id(statement.excluded)
    changes["password_hash"] = func.coalesce(statement.excluded.password_hash, user_account.c.password_hash)
    upsert = statement.on_conflict_do_update(index_elements=["id"], set_=changes)
    _write(tx, upsert, [_user_values(row) for row in rows], by="id")


def upsert_groups(tx: Transaction, rows: Iterable[GroupRow]) -> None:
    """Add groups or change those of the same id."""
    statement = insert_into(tx, user_group)
    upsert = statement.on_conflict_do_update(index_elements=["id"], set_=_all_but_id(statement.excluded))
    _write(tx, upsert, [asdict(row) | {"folded": fold_dn(row.dn)} for row in rows], by="id")


def set_members(tx: Transaction, groups_of: Mapping[str, Collection[str]]) -> None:
    """Make each user (by id) a member of exactly the groups (by id) that are given for him."""
    wanted = {(group_id, user_id) for user_id, group_ids in groups_of.items() for group_id in group_ids}
    stored = {pair for pair in memberships(tx) if pair[1] in groups_of}
    key = group_member.c.group_id == bindparam("g"), group_member.c.user_id == bindparam("u")
    _write(tx, delete(group_member).where(*key), [{"g": g, "u": u} for g, u in stored - wanted], by="g")
    join = insert_into(tx, group_member).on_conflict_do_nothing()
    _write(tx, join, [{"group_id": g, "user_id": u} for g, u in wanted - stored], by="group_id")


def add_user(tx: Transaction, row: UserRow) -> bool:
    """Add a user, or return False where his id, DN or user name is taken."""
    statement = insert_into(tx, user_account).values(_user_values(row)).on_conflict_do_nothing()
    return _changed(tx, statement.returning(user_account.c.id))


def set_password(tx: Transaction, user_id: str, password_hash: str) -> bool:
    """Store a password's hash, or return False where there is no such user."""
    return _change_user(tx, user_id, password_hash=password_hash)


def replace_password(tx: Transaction, user_id: str, old_hash: str | None, new_hash: str) -> bool:
    """Store a password's hash only if `old_hash` is still the stored one; None stands for no password."""
    unchanged = user_account.c.password_hash.is_not_distinct_from(old_hash)
    return _change_user(tx, user_id, unchanged, password_hash=new_hash)


def set_status(tx: Transaction, user_id: str, status: str) -> bool:
    """Set one of `STATUSES`, or return False where there is no such user."""
    return _change_user(tx, user_id, status=status)


def find_user(tx: Transaction, dn_or_user_name: str) -> UserRow | None:
    """A user with his password hash, active or not, by user name or DN."""
    named = user_account.c.folded_name == dn_or_user_name.casefold()
    query = select(*USER_COLUMNS).where(or_(named, user_account.c.folded == fold_dn(dn_or_user_name)))
    found = [UserRow(**row) for row in tx.execute(query).mappings()]
    # A user name wins over a DN, as it does in `Directory.person`.
    return min(found, key=lambda user: user.user_name.casefold() != dn_or_user_name.casefold(), default=None)


def _all_but_id(excluded: ReadOnlyColumnCollection[str, Any]) -> dict[str, Any]:
    return {column.name: column for column in excluded if column.name != "id"}


def _user_values(row: UserRow) -> dict[str, Any]:
    return asdict(row) | {"folded": fold_dn(row.dn), "folded_name": row.user_name.casefold()}


def _write(tx: Transaction, statement: Executable, rows: list[dict[str, Any]], by: str) -> None:
    """Run a statement for all rows, if there are any, in the order that every writer takes."""
    if rows:
        tx.execute(statement, sorted(rows, key=itemgetter(by)))
        bump(tx)


def _change_user(tx: Transaction, user_id: str, *conditions: ColumnElement[bool], **values: str) -> bool:
    change = update(user_account).where(user_account.c.id == user_id, *conditions).values(**values)
    return _changed(tx, change.returning(user_account.c.id))


def _changed(tx: Transaction, statement: Executable) -> bool:
    if tx.execute(statement).first() is None:
        return False
    bump(tx)
    return True
