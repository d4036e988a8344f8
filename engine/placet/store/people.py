"""Users as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from placet.core.names import fold_dn, fold_user_name
from placet.core.people import Person, Role
from placet.store.bulk import AT_ONCE, Upsert
from placet.store.database import insert_into
from placet.store.directory_version import Transaction, bump
from placet.store.tables import user_account
from placet.store.words import words

#: What a user's status may be; who is CLOSED was deleted and stays known to the processes that he had to do with.
ACTIVE, INACTIVE, VACATION, CLOSED = STATUSES = ("ACTIVE", "INACTIVE", "VACATION", "CLOSED")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One stored user; only the status ACTIVE lets him sign in and be asked.

    `role` is the uid of his role, `due_on` the last day on which he may sign in, `profile` what the users service
    keeps of him besides.
    """

    id: str
    dn: str
    user_name: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    manager: str | None = None
    status: str = ACTIVE
    password_hash: str | None = field(default=None, repr=False)
    role: str | None = None
    due_on: str | None = None
    profile: Mapping[str, Any] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def name(self) -> str:
        return self.user_name

    def person(self, role: Role | None, today: date) -> Person:
        """This user as decisions see him on a day, with his role."""
        return Person(
            dn=self.dn,
            user_name=self.user_name,
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            manager=self.manager,
            id=self.id,
            role=self.role,
            enabled=self.status == ACTIVE,
            due_on=date.fromisoformat(self.due_on) if self.due_on else None,
        ).with_role(role, today)


USER_COLUMNS = [user_account.c[name] for name in UserRow.__dataclass_fields__]
_UPSERT = Upsert(
    user_account,
    [*UserRow.__dataclass_fields__, "folded", "folded_name", "folded_manager", "words", "changed"],
    kept=["password_hash", "created_at"],
)


def users(tx: Transaction, after: str | None = None, most: int | None = None) -> list[UserRow]:
    """Users in the order of their uids: all, or at most so many behind one."""
    query = select(*USER_COLUMNS).order_by(user_account.c.id).limit(most)
    if after is not None:
        query = query.where(user_account.c.id > after)
    return [UserRow(**row) for row in tx.execute(query).mappings()]


def all_users(tx: Transaction) -> list[UserRow]:
    """All users, read so many at a time that nobody else on the loop waits long."""
    found: list[UserRow] = []
    while page := users(tx, found[-1].id if found else None, AT_ONCE):
        found += page
    return found


def find_user(tx: Transaction, dn_or_user_name: str) -> UserRow | None:
    """A user with his password hash, active or not, by user name or DN."""
    name = fold_user_name(dn_or_user_name)
    named = user_account.c.folded_name == name
    query = select(*USER_COLUMNS).where(or_(named, user_account.c.folded == fold_dn(dn_or_user_name)))
    found = [UserRow(**row) for row in tx.execute(query).mappings() if row["user_name"] or dn_or_user_name]
    # A user name wins over a DN, as it does in `Directory.person`.
    return min(found, key=lambda user: fold_user_name(user.user_name) != name, default=None)


def user_by_id(tx: Transaction, uid: str, *, hold: bool = False) -> UserRow | None:
    """A user by uid, active or not; with `hold` nobody else changes him before the transaction ends."""
    query = select(*USER_COLUMNS).where(user_account.c.id == uid)
    row = tx.execute(query.with_for_update(read=True) if hold else query).mappings().first()
    return None if row is None else UserRow(**row)


def upsert_users(
    tx: Transaction, rows: Collection[UserRow], written: Callable[[int], None] = lambda count: None
) -> None:
    """Add users or change those of the same id; a row without a password hash leaves the stored one.

    `written` is told how many are done.
    """
    if not rows:
        return
    number, ordered = bump(tx), sorted(rows, key=attrgetter("id"))
    for start in range(0, len(ordered), AT_ONCE):
        _UPSERT.run(tx, [user_values(row) | {"changed": number} for row in ordered[start : start + AT_ONCE]])
        written(min(start + AT_ONCE, len(ordered)))


def add_user(tx: Transaction, row: UserRow) -> bool:
    """Add a user, or return False where his id, DN or user name is taken."""
    made = insert_into(tx, user_account).values(**user_values(row), changed=0).on_conflict_do_nothing()
    if tx.execute(made.returning(user_account.c.id)).first() is None:
        return False
    return _change_user(tx, row.id)


def change_user(tx: Transaction, row: UserRow) -> bool:
    """Store a user as he now is, or return False where there is none of his id."""
    return _change_user(tx, row.id, **{name: value for name, value in user_values(row).items() if name != "id"})


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


def touch_user(tx: Transaction, user_id: str) -> None:
    """Say of a user that something about him has changed that is not stored with him."""
    _change_user(tx, user_id)


def user_values(row: UserRow) -> dict[str, Any]:
    """What is stored of a user, but the version since which he is so."""
    values = {name: getattr(row, name) for name in UserRow.__dataclass_fields__}
    # Who is deleted has an empty name; no user name has a colon in it.
    values["folded_name"] = fold_user_name(row.user_name) or f":{row.id}"
    values["folded_manager"] = None if row.manager is None else fold_dn(row.manager)
    return values | {"folded": fold_dn(row.dn), "words": words(row.user_name, row.first_name, row.last_name)}


def _change_user(tx: Transaction, user_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
    there = user_account.c.id == user_id, *conditions
    if tx.execute(select(user_account.c.id).where(*there)).first() is None:
        return False
    return tx.execute(update(user_account).where(*there).values(**values, changed=bump(tx))).rowcount > 0
