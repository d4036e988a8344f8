"""Who plays the roles of the log: the people of `university.yaml`, the same ones for the same case every time."""

from __future__ import annotations

from collections.abc import Sequence

from placet.core.names import common_name, fold_dn, group_dn
from placet.core.people import ADMINISTRATOR, Directory, Person
from placet.demo.permits import EMPLOYEE, MISSING

#: The group of the people who play each role.
GROUPS = {
    EMPLOYEE: "Researchers",
    "PRE_APPROVER": "Pre-approvers",
    "ADMINISTRATION": "Travel administration",
    "BUDGET OWNER": "Budget owners",
    "SUPERVISOR": "Supervisors",
    "DIRECTOR": "Directors",
}
#: Roles whose group is asked as one; of the others it is one person.
_ASKED_AS_GROUP = {"PRE_APPROVER", "ADMINISTRATION"}


class Cast:
    """Finds for a case the people that its roles stand for."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._members = {role: _members(directory, title) for role, title in GROUPS.items()}

    def actor(self, case: str, role: str) -> str:
        """The DN of who acts in a role; the log does not know who MISSING is, so the administrator notes it."""
        if role == MISSING:
            return ADMINISTRATOR
        employee = _pick(self._members[EMPLOYEE], case)
        match role:
            case "EMPLOYEE":
                return employee.dn
            case "SUPERVISOR":
                return _manager(employee)
            case "DIRECTOR":
                supervisor = self._directory.person(_manager(employee))
                assert supervisor is not None
                return _manager(supervisor)
            case "BUDGET OWNER":
                return self._colleague(employee, role).dn
            case _:
                return _pick(self._members[role], case).dn

    def addressee(self, case: str, role: str) -> str:
        """The DN of whom a request goes to for a role: a group or a person."""
        return group_dn(GROUPS[role]) if role in _ASKED_AS_GROUP else self.actor(case, role)

    def _colleague(self, employee: Person, role: str) -> Person:
        """Who has a role in the faculty of an employee."""
        faculties = {group.dn for group in self._directory.groups_of(employee.dn)}
        return next(
            person
            for person in self._members[role]
            if any(group.dn in faculties for group in self._directory.groups_of(person.dn))
        )


def _members(directory: Directory, title: str) -> list[Person]:
    group = directory.group(group_dn(title))
    assert group is not None, f"{title} is a group of university.yaml"
    return sorted(directory.active_members(group), key=lambda person: fold_dn(person.dn))


def _pick(people: Sequence[Person], case: str) -> Person:
    return people[int(case) % len(people)]


def _manager(person: Person) -> str:
    assert person.manager is not None, f"{common_name(person.dn)} has a manager in university.yaml"
    return person.manager
