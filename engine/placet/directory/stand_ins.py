"""What absences and proxy grants have in common: between whom, for how long, and who may arrange them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from placet.core.ids import IdMaker
from placet.core.names import fold_dn
from placet.core.people import Person
from placet.core.permissions import Permission
from placet.directory.caller import Caller
from placet.directory.raising import beyond
from placet.errors import Conflict, InvalidInput, NotAllowed
from placet.store import people, roles
from placet.store.directory_version import Transaction

#: So many may one person have that are not over, of absences and of grants each.
MOST = 100
#: Who may arrange them for others: he may act for them already.
FOR_OTHERS = Permission.SUPERVISE

ids = IdMaker()


class Arranged(Protocol):
    """What is arranged for a time."""

    @property
    def id(self) -> str: ...

    @property
    def from_at(self) -> datetime: ...

    @property
    def to_at(self) -> datetime | None: ...


def active_person(caller: Caller, name: str) -> Person:
    """Somebody by user name or DN; raises `InvalidInput` where he is not known or not active."""
    person = caller.directory.person(name)
    if person is None:
        raise InvalidInput(f"There is no user {name[:100]!r}; give a user name or a DN of the directory.")
    if not person.active:
        raise InvalidInput(f"The user {person.user_name} is inactive; name somebody who is active.")
    return person


def pair(caller: Caller, name: str | None, other: str) -> tuple[Person, Person]:
    """In whose name something is arranged, without a `name` in the caller's own, and with whom."""
    if name is None and caller.dn is None:
        raise InvalidInput("Nobody is named for whom this is; give a user name or a DN.")
    person = active_person(caller, name or caller.dn or "")
    if not caller.is_(person.dn):
        caller.require(FOR_OTHERS)  # before anything is told of others
    stand_in = active_person(caller, other)
    if fold_dn(stand_in.dn) == fold_dn(person.dn):
        raise InvalidInput(f"Nobody stands in for himself, and both are {person.user_name}; name somebody else.")
    return person, stand_in


def require_may_arrange(tx: Transaction, caller: Caller, person: Person, stand_in: Person) -> None:
    """Refuse to arrange for others what would show the caller, as he is stored, more than he may see.

    That is himself as who stands in, unless he may see everything, and anybody for somebody whose role holds more.
    """
    caller = caller.as_stored(tx)
    caller.require_active()
    if caller.is_(person.dn):
        return
    caller.require(FOR_OTHERS)
    if caller.is_(stand_in.dn) and not caller.has(Permission.SEE_ALL):
        raise NotAllowed(
            f"To stand in for {person.user_name} yourself takes {Permission.SEE_ALL}; let him arrange it, or somebody "
            "who may see everything."
        )
    user = people.user_by_id(tx, person.id)
    role = None if user is None else roles.role_of(tx, user)
    if missing := beyond(caller, frozenset() if role is None else role.permissions):
        raise NotAllowed(
            f"The role of {person.user_name} holds {', '.join(missing)}, which yours does not; let him arrange it."
        )


def period(caller: Caller, from_at: datetime | None, to_at: datetime | None) -> tuple[datetime, datetime | None]:
    """From when to when; without a beginning from now on, without an end for good."""
    begins = from_at or caller.at
    if to_at is not None and to_at <= begins:
        raise InvalidInput(f"It would end at {_told(to_at)} and begin at {_told(begins)}; give an end after that.")
    if to_at is not None and to_at <= caller.at:
        raise InvalidInput(f"It would end at {_told(to_at)}, which is over; give an end that is still to come.")
    return begins, to_at


def require_room(
    caller: Caller, existing: Iterable[Arranged], same: Iterable[Arranged], begins: datetime, ends: datetime | None
) -> None:
    """Refuse what overlaps with one of the `same` that is there already, and more than there may be."""
    for row in same:
        if (ends is None or row.from_at < ends) and (row.to_at is None or begins < row.to_at):
            until = "for good" if row.to_at is None else f"to {_told(row.to_at)}"
            raise Conflict(
                f"It overlaps with {row.id}, which holds from {_told(row.from_at)} {until}; "
                "remove that one first, or give another time."
            )
    if sum(row.to_at is None or row.to_at > caller.at for row in existing) >= MOST:
        raise Conflict(f"There are {MOST} already that are not over; remove one first.")


def may_see(caller: Caller, *dns: str) -> bool:
    """Whether this is one of the caller's own, or he may see everybody's."""
    return caller.has(FOR_OTHERS) or any(caller.is_(dn) for dn in dns)


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes").replace("+00:00", "Z")
