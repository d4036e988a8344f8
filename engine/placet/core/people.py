"""The directory as decisions see it: a read-only picture of people and groups, held in memory."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from placet.core.names import common_name, fold_dn
from placet.core.permissions import Permission

ADMINISTRATOR = "cn=admin,ou=users,o=placet"
_MANAGERS_UP = 6  # how far `initiator.manager.manager…` reaches in an expression

_MOST_REMEMBERED = 100_000


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
    """One user; `manager` is a DN, `role` the uid of his role.

    He is `active` if his own status says so and his role, without which he is not. `permissions` are his role's.
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

    @property
    def full_name(self) -> str:
        """First and last name, else the user name."""
        return f"{self.first_name} {self.last_name}".strip() or self.user_name


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
    """Who there is, as of one version of the stored directory; never changed after it is made."""

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
        self.absences, self.proxies = _by_person(absences), _by_person(proxies)
        self.people = {fold_dn(person.dn): person for person in people}
        self.groups = {fold_dn(group.dn): group for group in groups}
        self._by_user_name = {person.user_name.casefold(): person for person in self.people.values()}
        self._groups_of: dict[str, list[Group]] = {}
        for group in self.groups.values():
            for member in group.members:
                self._groups_of.setdefault(member, []).append(group)
        self._facts: dict[str, Mapping[str, Any]] = {}
        self.resolved: dict[Hashable, list[str]] = {}

    def person(self, dn_or_user_name: str) -> Person | None:
        """A user by DN or user name, active or not."""
        found = self._by_user_name.get(dn_or_user_name.casefold())
        return found or self.people.get(fold_dn(dn_or_user_name))

    def group(self, dn: str) -> Group | None:
        """A group by DN, active or not."""
        return self.groups.get(fold_dn(dn))

    def groups_of(self, dn: str) -> list[Group]:
        """The active groups that a user belongs to."""
        return [group for group in self._groups_of.get(fold_dn(dn), ()) if group.active]

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

    def remember(self, key: Hashable, found: list[str]) -> list[str]:
        """Keep what follows from these people alone; a bounded number of such answers is kept."""
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


def _by_person(stand_ins: Iterable[StandIn]) -> dict[str, list[StandIn]]:
    found: dict[str, list[StandIn]] = {}
    for each in stand_ins:
        found.setdefault(each.person, []).append(each)
    return found
