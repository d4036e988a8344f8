"""The directory as decisions see it: a read-only picture of people and groups, held in memory."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self, TypeVar

from placet.core.names import common_name, fold_dn, fold_user_name
from placet.core.parted import PartedMap
from placet.core.permissions import Permission

ADMINISTRATOR = "cn=admin,ou=users,o=placet"
_MANAGERS_UP = 6  # how far `initiator.manager.manager…` reaches in an expression

_MOST_REMEMBERED = 100_000

T = TypeVar("T")

#: What somebody may who is nothing in particular: sign in, and start processes.
ORDINARY: frozenset[str] = frozenset({Permission.LOGIN, Permission.START})


@dataclass(frozen=True, slots=True)
class Role:
    """One role; `permissions` are the codes of the active ones that it holds."""

    id: str
    code: str
    name: str
    active: bool = True
    permissions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """One user; `manager` is a DN, `role` the uid of his role, `due_on` the last day on which he may act.

    He is `active` if his own status (`enabled`) says so, his role, without which he is not, and his last day has not
    passed. `permissions` are his role's.
    """

    dn: str
    user_name: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    manager: str | None = None
    active: bool = True
    id: str = ""
    role: str | None = None
    permissions: frozenset[str] = ORDINARY
    enabled: bool = True
    due_on: date | None = None

    def with_role(self, role: Role | None, today: date) -> Person:
        """The same person with what a role allows, on a day; without one he may do nothing."""
        permissions: frozenset[str] = frozenset() if role is None else role.permissions
        return replace(self, active=active_on(today, self.enabled, role, self.due_on), permissions=permissions)

    @property
    def full_name(self) -> str:
        """First and last name, else the user name."""
        return f"{self.first_name} {self.last_name}".strip() or self.user_name


def active_on(today: date, enabled: bool, role: Role | None, due_on: date | None) -> bool:
    """Whether somebody with this role may do anything on a day."""
    return enabled and role is not None and role.active and (due_on is None or today <= due_on)


@dataclass(frozen=True, slots=True)
class Group:
    """One group; `members` are folded DNs of its users."""

    dn: str
    title: str
    members: frozenset[str] = field(default_factory=frozenset)
    active: bool = True


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody who stands in for another for a time; all are folded DNs, times are aware UTC, no end means for good.

    As a delegate during an absence he gets the other's work items, of all definitions, of one category or of one
    definition; as a proxy he may start processes in the other's name.
    """

    person: str
    stand_in: str
    from_at: datetime
    to_at: datetime | None = None
    category: str | None = None
    definition: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is so at a time."""
        return self.from_at <= now and (self.to_at is None or now < self.to_at)


class Directory:
    """Who there is, as of one version of the stored directory and one day; never changed after it is made."""

    def __init__(
        self,
        people: Iterable[Person] = (),
        groups: Iterable[Group] = (),
        version: int = 0,
        *,
        roles: Iterable[Role] = (),
        absences: Iterable[StandIn] = (),
        proxies: Iterable[StandIn] = (),
    ) -> None:
        self.version = version
        self.roles = {role.id: role for role in roles}
        self.people: PartedMap[Person] = PartedMap()
        self.groups: dict[str, Group] = {}
        self.ends_at: datetime | None = None  # when somebody's last day will have passed
        self._by_id: PartedMap[Person] = PartedMap()
        self._by_user_name: PartedMap[Person] = PartedMap()
        self._groups_of: PartedMap[tuple[str, ...]] = PartedMap()  # folded DNs of both
        self._put(((fold_dn(person.dn), person) for person in people), ((fold_dn(group.dn), group) for group in groups))
        self._start_anew(absences, proxies)

    def next(
        self,
        version: int,
        people: Iterable[tuple[str, Person]] = (),
        groups: Iterable[tuple[str, Group]] = (),
        *,
        roles: Iterable[Role] = (),
        gone_groups: Collection[str] = (),
        gone_roles: Collection[str] = (),
        absences: Iterable[StandIn] = (),
        proxies: Iterable[StandIn] = (),
    ) -> Directory:
        """The directory of another version: this one with other `people` and `groups`, each with his folded DN.

        `gone_groups` are folded DNs, `gone_roles` uids; of absences and proxies all that there are have to be given.
        """
        made = self._copy()
        made.version = version
        made.roles |= {role.id: role for role in roles}
        for uid in gone_roles:
            made.roles.pop(uid, None)
        made._put(people, groups, gone_groups)
        made._start_anew(absences, proxies)
        return made

    def as_of(self, now: datetime) -> Directory:
        """This directory on another day: whose last one has passed is active no more."""
        made = self._copy()
        made._put(
            (dn, replace(person, active=False))
            for dn, person in self.people.items()
            if person.active and person.due_on is not None and _end_of(person.due_on) <= now
        )
        made.ends_at = min(
            (_end_of(person.due_on) for person in made.people.values() if person.active and person.due_on is not None),
            default=None,
        )
        return made

    def _copy(self) -> Self:
        made = object.__new__(type(self))
        made.__dict__ |= self.__dict__
        for name in ("roles", "people", "groups", "_by_id", "_by_user_name", "_groups_of"):
            setattr(made, name, getattr(self, name).copy())
        made._forget()
        return made

    def _start_anew(self, absences: Iterable[StandIn], proxies: Iterable[StandIn]) -> None:
        self.absences, self.proxies = _by_person(absences), _by_person(proxies)
        self.delegated: dict[str, list[StandIn]] = {}  # the same absences by delegate
        for each in (each for found in self.absences.values() for each in found):
            self.delegated.setdefault(each.stand_in, []).append(each)
        self._forget()

    def _forget(self) -> None:
        """Keep nothing in mind of what follows from the people."""
        self._facts: dict[str, Mapping[str, Any]] = {}
        self.resolved: dict[Hashable, Any] = {}

    def _put(
        self,
        people: Iterable[tuple[str, Person]],
        groups: Iterable[tuple[str, Group]] = (),
        gone_groups: Collection[str] = (),
    ) -> None:
        """Lay people and groups over those that are there; only while this directory is being made."""
        changed = dict(people)
        for dn, person in (
            changed.items() if self.people else ()
        ):  # all before the first new name: two may have swapped theirs
            if person.id and (former := self._by_id.get(person.id)) is not None:
                if fold_dn(former.dn) != dn:
                    self.people.pop(fold_dn(former.dn), None)
                if former.user_name != person.user_name:
                    self._by_user_name.pop(fold_user_name(former.user_name), None)
        self.people.fill(changed.items())
        self._by_id.fill((person.id, person) for person in changed.values() if person.id)
        named = (person for person in changed.values() if person.user_name)
        self._by_user_name.fill((fold_user_name(person.user_name), person) for person in named)
        ends = {person.due_on for person in changed.values() if person.active and person.due_on is not None}
        for end in map(_end_of, ends):
            self.ends_at = end if self.ends_at is None else min(end, self.ends_at)
        self._put_groups(dict(groups), gone_groups)

    def _put_groups(self, changed: Mapping[str, Group], gone: Collection[str]) -> None:
        nobody: frozenset[str] = frozenset()
        for dn in {*changed, *gone}:
            before = self.groups[dn].members if dn in self.groups else nobody
            after = changed[dn].members if dn in changed else nobody
            for member in before - after:
                self._groups_of[member] = tuple(each for each in self._groups_of[member] if each != dn)
            for member in after - before:
                self._groups_of[member] = (*self._groups_of.get(member, ()), dn)
            self.groups.pop(dn, None)
        self.groups |= changed

    def person(self, dn_or_user_name: str) -> Person | None:
        """A user by DN or user name, active or not."""
        person: Person | None = self.resolved.get(dn_or_user_name)
        if person is None:
            person = self._by_user_name.get(fold_user_name(dn_or_user_name)) or self.people.get(
                fold_dn(dn_or_user_name)
            )
            if person is not None:
                self.remember(dn_or_user_name, person)
        return person

    def user(self, uid: str) -> Person | None:
        """A user by uid, active or not."""
        return self._by_id.get(uid)

    def group(self, dn: str) -> Group | None:
        """A group by DN, active or not."""
        return self.groups.get(fold_dn(dn))

    def groups_of(self, dn: str) -> list[Group]:
        """The active groups that a user belongs to."""
        return [group for key in self._groups_of.get(fold_dn(dn), ()) if (group := self.groups[key]).active]

    def active_members(self, group: Group) -> list[Person]:
        """The members of a group who can act."""
        people = (self.people.get(member) for member in group.members)
        return [person for person in people if person is not None and person.active]

    def allows(self, dn: str, permission: Permission) -> bool:
        """Whether a DN is of somebody active whose role holds a permission."""
        person = self.people.get(fold_dn(dn))
        return person is not None and person.active and permission in person.permissions

    def is_administrator(self, dn: str) -> bool:
        """Whether a DN is the administrator's and he is active."""
        person = self.people.get(fold_dn(dn))
        return person is not None and person.active and fold_dn(dn) == fold_dn(ADMINISTRATOR)

    def display_name(self, dn: str) -> str:
        """What people call a DN: a full name, a group's title, else its common name."""
        folded = fold_dn(dn)
        if (person := self.people.get(folded)) is not None:
            return person.full_name
        if (group := self.groups.get(folded)) is not None:
            return group.title
        return common_name(dn)

    def facts(self, dn: str) -> Mapping[str, Any]:
        """A person as expressions see one: dn, user_name, names, email, groups and, nested, the manager."""
        folded = fold_dn(dn)
        if folded not in self._facts:
            self._facts[folded] = self._describe(dn, _MANAGERS_UP)
        return self._facts[folded]

    def remember(self, key: Hashable, found: T) -> T:
        """Keep in `resolved` what follows from these people alone; a bounded number of such answers is kept."""
        if len(self.resolved) >= _MOST_REMEMBERED:
            self.resolved.clear()
        self.resolved[key] = found
        return found

    def _describe(self, dn: str, managers_up: int) -> Mapping[str, Any]:
        person = self.person(dn)
        if person is None:
            return {"dn": dn, "user_name": "", "name": common_name(dn), "email": "", "groups": []}
        facts: dict[str, Any] = {
            "dn": person.dn,
            "user_name": person.user_name,
            "name": person.full_name,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
            "groups": sorted(group.dn for group in self.groups_of(person.dn)),
        }
        if person.manager and managers_up:
            facts["manager"] = self._describe(person.manager, managers_up - 1)
        return facts


def _end_of(day: date) -> datetime:
    return (
        datetime.combine(day, time.max, UTC)
        if day == date.max
        else datetime.combine(day + timedelta(days=1), time(), UTC)
    )


def _by_person(stand_ins: Iterable[StandIn]) -> dict[str, list[StandIn]]:
    found: dict[str, list[StandIn]] = {}
    for each in stand_ins:
        found.setdefault(each.person, []).append(each)
    return found
