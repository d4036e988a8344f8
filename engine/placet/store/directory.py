"""The directory as decisions see it, read from the database: all of it once, then what has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Select, Table, bindparam, func, null, or_, select

from placet.core.names import fold_dn
from placet.core.people import Directory, Group, Person, Role, StandIn, active_on
from placet.store.by_key import rows_by_keys
from placet.store.database import aside, bare_rows
from placet.store.directory_version import COUNTER, Transaction, bump, version
from placet.store.people import ACTIVE
from placet.store.roles import as_decided
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

__all__ = ["COUNTER", "Transaction", "affected_users", "bump", "changed_users", "load", "refreshed", "version"]

_PERSON = select(
    *(
        user_account.c[name]
        for name in (
            *("folded", "dn", "user_name", "first_name", "last_name", "email"),
            *("manager", "id", "role", "status", "due_on"),
        )
    )
)
_ROLE = select(role.c.id, role.c.code, role.c.name, role.c.status)
_HELD = select(role_permission.c.role_id, role_permission.c.permission_id)
_GROUP = select(*(user_group.c[name] for name in ("id", "folded", "dn", "title", "status")))
_MEMBER = select(group_member.c.group_id, user_account.c.folded).join_from(
    group_member, user_account, group_member.c.user_id == user_account.c.id
)


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
    return _counted(tx, select(user_account.c.id).where(user_account.c.changed > since), most)


def affected_users(tx: Transaction, since: int, most: int) -> int:
    """How many users are looked at for what has changed: they, their role or a group that they are in."""
    of_role, of_group = user_account.c.role == role.c.id, user_group.c.id == group_member.c.group_id
    by_role = select(user_account.c.id).join(role, of_role).where(role.c.changed > since)
    by_group = select(group_member.c.user_id).join(user_group, of_group).where(user_group.c.changed > since)
    return changed_users(tx, since, most) + _counted(tx, by_role, most) + _counted(tx, by_group, most)


def _counted(tx: Transaction, query: Select[Any], most: int) -> int:
    return tx.execute(select(func.count()).select_from(query.limit(most).subquery())).scalar_one()


def refreshed(tx: Transaction, known: Directory, now: datetime) -> Directory:
    """A directory as it is stored, made of one that was read before; it takes as long as what has changed."""
    # The version comes first: of a change between these reads the picture then says that it is older, never newer.
    number = version(tx)
    roles = {each.id: each for each in _changed_roles(tx, known.version)}
    gone_roles = _gone(tx, role, role.c.id, known.roles, roles)
    every_role = known.roles | roles
    for uid in gone_roles:
        del every_role[uid]
    people = _changed_people(tx, known.version, every_role, now.date())
    groups = _changed_groups(tx, known.version)
    gone_groups = _gone(tx, user_group, user_group.c.folded, known.groups, groups)
    absences = _stand_ins(tx, _ABSENCES, now)
    proxies = _stand_ins(tx, _PROXIES, now)

    def made() -> Directory:
        others = (
            {}
            if known.version < 0
            else _with_other_roles(known, {*roles, *gone_roles}, every_role, people.values(), now)
        )
        return known.next(
            number,
            (others | people).items(),
            groups.items(),
            roles=roles.values(),
            gone_groups=gone_groups,
            gone_roles=gone_roles,
            absences=absences,
            proxies=proxies,
        )

    return aside(tx, made)


def _changed_roles(tx: Transaction, since: int) -> list[Role]:
    ids = _changed(tx, role, since)
    if not ids:
        return []
    active = tx.execute(select(permission.c.id, permission.c.code).where(permission.c.status == ACTIVE))
    code_of = {bytes.fromhex(uid): code for uid, code in active}
    held: dict[bytes, list[str]] = defaultdict(list)
    for role_id, permission_id in rows_by_keys(tx, _HELD, role_permission.c.role_id, ids):
        if permission_id in code_of:
            held[role_id].append(code_of[permission_id])
    rows = rows_by_keys(tx, _ROLE, role.c.id, ids)
    return [
        as_decided(uid.hex(), code, name, held[uid], code_of.values(), active=status == ACTIVE)
        for uid, code, name, status in rows
    ]


def _changed_people(tx: Transaction, since: int, roles: Mapping[str, Role], today: date) -> dict[str, Person]:
    """Who was changed, by folded DN."""
    ids = _changed(tx, user_account, since)
    return {row[0]: _person(row, roles, today) for row in rows_by_keys(tx, _PERSON, user_account.c.id, ids)}


def _person(row: Sequence[Any], roles: Mapping[str, Role], today: date) -> Person:
    _, dn, user_name, first_name, last_name, email, manager, uid, role_id, status, due_on = row
    his = None if role_id is None else role_id.hex()
    held, due = None if his is None else roles.get(his), None if due_on is None else date.fromisoformat(due_on)
    may = active_on(today, status == ACTIVE, held, due)
    allowed = frozenset[str]() if held is None else held.permissions
    return Person(
        dn, user_name, first_name, last_name, email, manager, may, uid.hex(), his, allowed, status == ACTIVE, due
    )


def _with_other_roles(
    known: Directory, changed: Collection[str], roles: Mapping[str, Role], read: Collection[Person], now: datetime
) -> dict[str, Person]:
    """Who was not changed himself, and whose role was, by folded DN."""
    if not changed:
        return {}
    there = {person.id for person in read}
    return {
        dn: person.with_role(roles.get(person.role or ""), now.date())
        for dn, person in known.people.items()
        if person.role in changed and person.id not in there
    }


def _changed_groups(tx: Transaction, since: int) -> dict[str, Group]:
    """The groups that were changed, or whose members were, by folded DN."""
    ids = _changed(tx, user_group, since)
    members: dict[bytes, list[str]] = defaultdict(list)
    for group_id, folded in rows_by_keys(tx, _MEMBER, group_member.c.group_id, ids):
        members[group_id].append(folded)
    rows = rows_by_keys(tx, _GROUP, user_group.c.id, ids)
    return {
        folded: Group(dn, title, frozenset(members[uid]), active=status == ACTIVE)
        for uid, folded, dn, title, status in rows
    }


def _changed(tx: Transaction, table: Table, since: int) -> list[bytes]:
    """The ids, as they are stored, of what has changed since a version."""
    return [uid for (uid,) in bare_rows(tx, _select_changed(tx.dialect, table), (since,))]


@lru_cache
def _select_changed(dialect: Dialect, table: Table) -> str:
    return str(select(table.c.id).where(table.c.changed > bindparam("since")).compile(dialect=dialect))


def _gone(
    tx: Transaction, table: Table, key: ColumnElement[str], known: Mapping[str, Any], read: Mapping[str, Any]
) -> set[str]:
    """Which of those that were read, and are all that there are or were, are no longer there."""
    stored = tx.execute(select(func.count()).select_from(table)).scalar_one()
    if stored == len(known) + sum(each not in known for each in read):
        return set()
    return {*known, *read} - set(tx.execute(select(key)).scalars())


def _stand_ins(tx: Transaction, query: Select[Any], now: datetime) -> list[StandIn]:
    """Who stands in for whom, or will."""
    return [
        StandIn(whose, who, from_at, to_at, category, None if definition is None else fold_dn(definition))
        for whose, who, from_at, to_at, category, definition in tx.execute(query, {"now": now})
    ]
