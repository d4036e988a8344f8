"""The directory as decisions see it, read from the database: all of it once, then what has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, null, or_, select

from placet.core.names import fold_dn
from placet.core.people import Directory, Group, Person, Role, StandIn, active_on
from placet.store.bulk import AT_ONCE
from placet.store.database import aside
from placet.store.directory_version import COUNTER, Transaction, bump, version
from placet.store.people import ACTIVE
from placet.store.roles import ROLE_COLUMNS, RoleRow, as_decided
from placet.store.tables import (
    absence,
    group_member,
    permission,
    proxy_grant,
    role,
    role_permission,
    user_account,
    user_group,
)

__all__ = ["COUNTER", "Transaction", "bump", "changed_users", "load", "refreshed", "version"]

T = TypeVar("T")

_PERSON = [
    user_account.c[name]
    for name in (
        *("folded", "dn", "user_name", "first_name", "last_name", "email"),
        *("manager", "id", "role", "status", "due_on"),
    )
]


def _standing_in(table: Table, stand_in: ColumnElement[str], *scope: ColumnElement[Any]) -> Select[Any]:
    whose, who, to_at = user_account.alias(), user_account.alias(), table.c.to_at
    return (
        select(whose.c.folded, who.c.folded, table.c.from_at, to_at, *scope)
        .join(whose, table.c.user_id == whose.c.id)
        .join(who, stand_in == who.c.id)
        .where(or_(to_at.is_(None), to_at > bindparam("now", type_=to_at.type)))
        .order_by(table.c.id)
    )


_ABSENCES = _standing_in(absence, absence.c.delegate_id, absence.c.category, absence.c.definition)
_PROXIES = _standing_in(proxy_grant, proxy_grant.c.proxy_id, null(), null())


def load(tx: Transaction, now: datetime) -> Directory:
    """The whole directory at a time."""
    return refreshed(tx, Directory(version=-1), now)


def changed_users(tx: Transaction, since: int, most: int) -> int:
    """How many users have changed since a version, counted up to `most`."""
    found = select(user_account.c.id).where(user_account.c.changed > since).limit(most).subquery()
    return tx.execute(select(func.count()).select_from(found)).scalar_one()


def refreshed(tx: Transaction, known: Directory, now: datetime) -> Directory:
    """A directory as it is stored, made of one that was read before; it takes as long as what has changed."""
    # The version comes first: of a change between these reads the picture then says that it is older, never newer.
    number = version(tx)
    roles = {each.id: each for each in _changed_roles(tx, known.version)}
    gone_roles = _gone(tx, role, role.c.id, known.roles.keys() | roles.keys())
    every_role = {uid: each for uid, each in (known.roles | roles).items() if uid not in gone_roles}
    people = _changed_people(tx, known.version, every_role, now.date())
    if known.version >= 0:
        read = {person.id for person in people.values()}
        people |= _with_other_roles(known, {*roles, *gone_roles}, every_role, read, now.date())
    groups = _changed_groups(tx, known.version)
    gone_groups = _gone(tx, user_group, user_group.c.folded, known.groups.keys() | groups.keys())
    absences = _stand_ins(tx, _ABSENCES, now)
    proxies = _stand_ins(tx, _PROXIES, now)
    made = partial(known.next, roles=roles.values(), gone_groups=gone_groups, gone_roles=gone_roles)
    return aside(tx, lambda: made(number, people.items(), groups.items(), absences=absences, proxies=proxies))


def _changed_roles(tx: Transaction, since: int) -> list[Role]:
    rows = [RoleRow(**row) for row in tx.execute(select(*ROLE_COLUMNS).where(role.c.changed > since)).mappings()]
    if not rows:
        return []
    code_of = {
        each.id: each.code
        for each in tx.execute(select(permission.c.id, permission.c.code).where(permission.c.status == ACTIVE))
    }
    held: dict[str, list[str]] = defaultdict(list)
    for some in _by_thousands([row.id for row in rows]):
        for pair in tx.execute(select(role_permission).where(role_permission.c.role_id.in_(some))):
            if pair.permission_id in code_of:
                held[pair.role_id].append(code_of[pair.permission_id])
    return [as_decided(row, held[row.id], code_of.values()) for row in rows]


def _changed_people(tx: Transaction, since: int, roles: Mapping[str, Role], today: date) -> dict[str, Person]:
    """Who was changed, by folded DN."""
    found: dict[str, Person] = {}
    ids = tx.execute(select(user_account.c.id).where(user_account.c.changed > since)).scalars().all()
    for some in _by_thousands(ids):
        rows = tx.execute(select(*_PERSON).where(user_account.c.id.in_(some))).all()
        found |= {row[0]: _person(row, roles, today) for row in rows}
    return found


def _person(row: Sequence[Any], roles: Mapping[str, Role], today: date) -> Person:
    _, dn, user_name, first_name, last_name, email, manager, uid, role_id, status, due_on = row
    held, due = roles.get(role_id), None if due_on is None else date.fromisoformat(due_on)
    may = active_on(today, status == ACTIVE, held, due)
    allowed = frozenset[str]() if held is None else held.permissions
    return Person(
        dn, user_name, first_name, last_name, email, manager, may, uid, role_id, allowed, status == ACTIVE, due
    )


def _with_other_roles(
    known: Directory, changed: Collection[str], roles: Mapping[str, Role], read: Collection[str], today: date
) -> dict[str, Person]:
    """Who was not changed himself, and whose role was, by folded DN."""
    if not changed:
        return {}
    return {
        dn: person.with_role(roles.get(person.role or ""), today)
        for dn, person in known.people.items()
        if person.role in changed and person.id not in read
    }


def _changed_groups(tx: Transaction, since: int) -> dict[str, Group]:
    """The groups that were changed, or whose members were, by folded DN."""
    rows = tx.execute(select(user_group).where(user_group.c.changed > since)).all()
    members: dict[str, set[str]] = defaultdict(set)
    user = group_member.c.user_id == user_account.c.id
    query = select(group_member.c.group_id, user_account.c.folded).join(user_account, user)
    for some in _by_thousands([row.id for row in rows]):
        for group_id, folded in tx.execute(query.where(group_member.c.group_id.in_(some))):
            members[group_id].add(folded)
    return {
        row.folded: Group(row.dn, row.title, frozenset(members[row.id]), active=row.status == ACTIVE) for row in rows
    }


def _gone(tx: Transaction, table: Table, key: ColumnElement[str], known: Collection[str]) -> set[str]:
    """Which of those that were read, and are all that there are or were, are no longer there."""
    stored = tx.execute(select(func.count()).select_from(table)).scalar_one()
    return set() if stored == len(known) else set(known) - set(tx.execute(select(key)).scalars())


def _stand_ins(tx: Transaction, query: Select[Any], now: datetime) -> list[StandIn]:
    """Who stands in for whom, or will."""
    return [
        StandIn(whose, who, from_at, to_at, category, None if definition is None else fold_dn(definition))
        for whose, who, from_at, to_at, category, definition in tx.execute(query, {"now": now})
    ]


def _by_thousands(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """So many at a time that nobody else on the loop waits long."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
