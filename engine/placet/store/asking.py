"""A condition before it is asked: whether somebody may ask it at all, and what it leaves open, filled in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from placet.core.access import Act, permits, require_act
from placet.core.names import common_name
from placet.core.people import Directory, Person
from placet.errors import NotFound
from placet.query.ast import Node, Relative, with_values
from placet.query.fields import INCIDENTS, USERS, Field, Resource
from placet.query.moments import moment_of, resolve
from placet.query.people import resolve_people
from placet.query.weight import check_weight
from placet.store.rows import relations_in
from placet.store.world import World

UTC_ZONE = ZoneInfo("UTC")
_MOST_NAMES = 2_000  # among which the nearest is looked for


def require_allowed(directory: Directory, dn: str | None, resource: Resource, where: Node | None) -> None:
    """Refuse what somebody may not list, also where he asks for it as rows that belong to others; see `NotAllowed`."""
    if resource is USERS:
        require_act(directory, dn, Act.MANAGE_PEOPLE)
    if resource is INCIDENTS or (where is not None and "Incidents" in relations_in(where)):
        require_act(directory, dn, Act.RETRY)


def may_know_people(directory: Directory, dn: str | None) -> bool:
    """Whether somebody may be told which users there are: he sees all processes, or lists users anyway."""
    return dn is None or permits(directory, dn, Act.READ) or permits(directory, dn, Act.MANAGE_PEOPLE)


def own_entry(directory: Directory, dn: str | None) -> list[Person]:
    """Somebody himself, if he is in the directory: the one user that anybody may be told of."""
    own = directory.person(dn or "")
    return [] if own is None else [own]


def resolved(where: Node, world: World, dn: str | None, now: datetime, zone: ZoneInfo = UTC_ZONE) -> Node:
    """A condition with DNs for the names of people and definitions, and times for relative ones.

    `me` goes on to stand for somebody; where nobody asks (`dn` None) it is refused. Raises `InvalidFilter`.
    """
    check_weight(where)
    where = resolve_people(
        where, lambda field, name: _named(world, field, name), lambda field: _names(world, field, dn)
    )
    if dn is None:
        return resolve(where, me=None, now=now, zone=zone)
    return with_values(
        where, lambda _, __, value: moment_of(value, now, zone) if isinstance(value, Relative) else value
    )


def _named(world: World, field: Field, name: str) -> str | None:
    """The DN of a person, a group or a definition by another name or by its id."""
    if field.name == "Definition":
        try:
            return world.catalog.find(name).dn
        except NotFound:
            return None
    found = world.directory.person(name) or world.directory.user(name.lower())
    return None if found is None else found.dn


def _names(world: World, field: Field, dn: str | None) -> Iterable[str]:
    """What somebody may be told that he can have meant."""
    if field.name == "Definition":
        return [common_name(version.dn) for version in world.catalog.latest()]
    if not may_know_people(world.directory, dn):
        return [each.user_name for each in own_entry(world.directory, dn)]
    people = world.directory.people
    return [each.user_name for each in people.values()] if len(people) <= _MOST_NAMES else ()
