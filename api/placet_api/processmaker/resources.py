"""Every resource of this service: its methods, who may use them, and what they are for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from placet.core.people import Person
from placet.core.permissions import Permission
from placet_api.answers import Answer
from placet_api.processmaker import groups, roles, users
from placet_api.processmaker.request import Request

Handler: TypeAlias = Callable[[Request], Awaitable[Answer]]

_ANYBODY: tuple[Permission, ...] = ()
_PEOPLE = (Permission.MANAGE_PEOPLE,)
_READ_USERS = (Permission.MANAGE_PEOPLE, Permission.DEFINE)  # who defines processes has to find people
_EDIT_USER = (Permission.MANAGE_PEOPLE, Permission.EDIT_ONESELF)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a resource; `needs` are permissions of which one is enough, none lets everybody in."""

    handler: Handler
    needs: tuple[Permission, ...] = _PEOPLE

    def allows(self, person: Person) -> bool:
        return not self.needs or any(permission in person.permissions for permission in self.needs)


@dataclass(frozen=True, slots=True)
class Resource:
    """Operations by method; HEAD and OPTIONS go without saying."""

    methods: Mapping[str, Operation]

    @property
    def allowed(self) -> list[str]:
        """What the `Allow` header says."""
        reading = ["GET", "HEAD"] if "GET" in self.methods else []
        return [*reading, *(method for method in self.methods if method != "GET"), "OPTIONS"]


_ROLES = Resource({"GET": Operation(roles.every_role), "POST": Operation(roles.add_role)})
_ROLE = Resource(
    {"GET": Operation(roles.one_role), "PUT": Operation(roles.change_role), "DELETE": Operation(roles.remove_role)}
)
_USERS = Resource({"GET": Operation(users.every_user, _READ_USERS), "POST": Operation(users.add_user)})
_USER = Resource(
    {
        "GET": Operation(users.one_user, _READ_USERS),
        "PUT": Operation(users.change_user, _EDIT_USER),
        "DELETE": Operation(users.remove_user),
    }
)
_GROUPS = Resource({"GET": Operation(groups.every_group), "POST": Operation(groups.add_group)})
_GROUP = Resource(
    {
        "GET": Operation(groups.one_group),
        "PUT": Operation(groups.change_group),
        "DELETE": Operation(groups.remove_group),
    }
)

#: By the path below the workspace, with the names of its uids; both the singular and the plural of a collection work.
RESOURCES: Mapping[str, Resource] = {
    "roles": _ROLES,
    "role": _ROLES,
    "roles/{rol_uid}": _ROLE,
    "role/{rol_uid}": _ROLE,
    "role/{rol_uid}/users": Resource({"GET": Operation(roles.users_of_role)}),
    "role/{rol_uid}/available-users": Resource({"GET": Operation(roles.users_of_other_roles)}),
    "role/{rol_uid}/user": Resource({"POST": Operation(roles.assign_user)}),
    "role/{rol_uid}/user/{usr_uid}": Resource({"DELETE": Operation(roles.unassign_user)}),
    "role/{rol_uid}/permissions": Resource({"GET": Operation(roles.permissions_of_role, _ANYBODY)}),
    "role/{rol_uid}/available-permissions": Resource({"GET": Operation(roles.other_permissions, _ANYBODY)}),
    "role/{rol_uid}/permission": Resource({"POST": Operation(roles.assign_permission)}),
    "role/{rol_uid}/permission/{per_uid}": Resource({"DELETE": Operation(roles.unassign_permission)}),
    "users": _USERS,
    "user": _USERS,
    "users/{usr_uid}": _USER,
    "user/{usr_uid}": _USER,
    "groups": _GROUPS,
    "group": _GROUPS,
    "groups/{grp_uid}": _GROUP,
    "group/{grp_uid}": _GROUP,
    "group/{grp_uid}/users": Resource({"GET": Operation(groups.users_of_group)}),
    "group/{grp_uid}/available-users": Resource({"GET": Operation(groups.users_outside)}),
    "group/{grp_uid}/user": Resource({"POST": Operation(groups.assign_user)}),
    "group/{grp_uid}/user/{usr_uid}": Resource({"DELETE": Operation(groups.unassign_user)}),
}


def _shape(pattern: str) -> tuple[str, ...]:
    return tuple("*" if part.startswith("{") else part for part in pattern.split("/"))


_BY_SHAPE = {
    _shape(pattern): (resource, [part[1:-1] for part in pattern.split("/")[1::2]])
    for pattern, resource in RESOURCES.items()
}


_PATTERNS = {_shape(pattern): pattern for pattern in RESOURCES}


def pattern_of(segments: list[str]) -> str | None:
    """The path of a resource with the names of its uids; None where there is none."""
    return _PATTERNS.get(tuple("*" if place % 2 else segment for place, segment in enumerate(segments)))


def find(segments: list[str]) -> tuple[Resource, dict[str, str]] | None:
    """The resource of a path below the workspace, and its uids by their names; None where there is none."""
    shape = tuple("*" if place % 2 else segment for place, segment in enumerate(segments))
    found = _BY_SHAPE.get(shape)
    if found is None:
        return None
    resource, names = found
    return resource, dict(zip(names, segments[1::2], strict=True))
