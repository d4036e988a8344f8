"""Whose open items nobody may be able to answer any more, found from what has changed about people.

It may find somebody too many, whose items are then left as they are, and never somebody too few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, Table, exists, select, tuple_

from placet.core.names import fold_dn
from placet.core.people import Directory, Group, Person
from placet.core.statuses import WorkItemStatus
from placet.store import counters
from placet.store.bulk import AT_ONCE
from placet.store.database import aside
from placet.store.directory import changed_users
from placet.store.open_items import OPEN
from placet.store.tables import absence, name, role, user_account, user_group, work_item
from placet.store.types import from_millis, to_millis

#: After a change of more users than that it takes less to look at everybody in memory.
MOST_CHANGED = 1000
#: So many members may be kept from an answer by what they are to the process: its initiator and its recipient.
_PRINCIPALS = 2

_VERSION, _AT = "stranded", "stranded_at"

#: Where an item stands in the order in which those of an addressee are read: created_at, process_id, number.
Place: TypeAlias = tuple[datetime, str, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where has been looked: a version of the directory, and a time."""

    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Concerned:
    """Folded DNs of whose open items are looked at, and of groups of whose items only those that somebody holds."""

    all_items: frozenset[str] = frozenset()
    held_items: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.all_items or self.held_items)


def mark(tx: Connection) -> Mark:
    """Up to where any node has looked."""
    stored = counters.values(tx)
    return Mark(stored.get(_VERSION, 0), from_millis(stored.get(_AT, 0)))


def set_mark(tx: Connection, reached: Mark) -> None:
    """Store up to where has been looked; it never goes back."""
    counters.raise_to(tx, _VERSION, reached.version)
    counters.raise_to(tx, _AT, to_millis(reached.at))


def concerned(tx: Connection, directory: Directory, since: Mark, now: datetime) -> Concerned:
    """Who may have become unable to answer after a mark, by the people as they are `now`."""
    without_delegate = _without_delegate(tx, since.at, now)
    if directory.version <= since.version and now.date() == since.at.date() and not without_delegate:
        return Concerned()
    changed = None if _looks_at_everybody(tx, since, now) else _changed(tx, user_account, since)
    groups = _changed(tx, user_group, since)
    return aside(tx, lambda: _concerned(directory, changed, groups, without_delegate))


def _without_delegate(tx: Connection, since: datetime, now: datetime) -> set[str]:
    """Whose absence has ended, so that his delegate acts for him no more."""
    query = select(user_account.c.folded).join(absence, absence.c.user_id == user_account.c.id)
    return set(tx.execute(query.where(absence.c.to_at > since, absence.c.to_at <= now)).scalars())


def _looks_at_everybody(tx: Connection, since: Mark, now: datetime) -> bool:
    """Whether a role has changed, somebody's last day may have passed, or many users have changed."""
    roles = select(role.c.id).where(role.c.changed > since.version).limit(1)
    return (
        now.date() != since.at.date()
        or tx.execute(roles).first() is not None
        or changed_users(tx, since.version, MOST_CHANGED) == MOST_CHANGED
    )


def _changed(tx: Connection, table: Table, since: Mark) -> list[str]:
    return list(tx.execute(select(table.c.folded).where(table.c.changed > since.version)).scalars())


def _concerned(
    directory: Directory, changed: list[str] | None, changed_groups: Iterable[str], without_delegate: set[str]
) -> Concerned:
    people = set(_inactive(directory, directory.people if changed is None else changed))
    absent = _inactive(directory, {each.person for dn in people for each in directory.delegated.get(dn, ())})
    groups = {dn: group for dn in changed_groups if (group := directory.groups.get(dn)) is not None}
    groups |= {fold_dn(group.dn): group for dn in people for group in directory.groups_of(dn)}
    small = {dn for dn, group in groups.items() if _is_small(directory, group)}
    return Concerned(frozenset({*people, *absent, *without_delegate, *small}), frozenset(groups.keys() - small))


def _inactive(directory: Directory, dns: Iterable[str]) -> Iterator[str]:
    for dn in dns:
        person: Person | None = directory.people.get(dn)
        if person is None or not person.active:
            yield dn


def _is_small(directory: Directory, group: Group) -> bool:
    """Whether it may be that nobody of a group can answer."""
    return not group.active or len(directory.active_members(group)) <= _PRINCIPALS


def asked(tx: Connection, dns: Collection[str]) -> list[int]:
    """The numbers of those of these names (folded DNs) whom open items ask."""
    waiting = exists().where(work_item.c.addressee == name.c.id, OPEN)
    return list(tx.execute(select(name.c.id).where(name.c.folded.in_(dns), waiting)).scalars())


def open_items(tx: Connection, addressee: int, after: Place | None, *, held: bool, limit: int = AT_ONCE) -> list[Place]:
    """The open items of an addressee, oldest first, or only those `held` by somebody."""
    c = work_item.c
    order = c.created_at, c.process_id, c.number
    query = select(*order).where(c.addressee == addressee, OPEN).order_by(*order).limit(limit)
    if held:
        query = query.where(c.status == WorkItemStatus.CLAIMED.value)
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after, types=[column.type for column in order]))
    return [(row.created_at, row.process_id, row.number) for row in tx.execute(query)]
