"""Who stands in for whom: delegates during an absence, and proxies who start processes."""

from __future__ import annotations

from datetime import datetime

from placet.core.definition import Definition
from placet.core.names import fold_dn
from placet.core.people import Directory, StandIn

#: So many delegates may follow one another; of a longer chain the work stays where it was.
LONGEST_CHAIN = 8


def covers(stand_in: StandIn, definition: Definition) -> bool:
    """Whether an absence is about this definition: it is for all, for its category or for itself."""
    if stand_in.definition is not None:
        return fold_dn(stand_in.definition) == fold_dn(definition.dn)
    return stand_in.category is None or stand_in.category.casefold() == definition.category.casefold()


def stands_in(directory: Directory, actor: str, absent: str, definition: Definition, now: datetime) -> bool:
    """Whether somebody is the delegate of somebody absent, for the processes of a definition."""
    me = fold_dn(actor)
    return any(
        each.stand_in == me and each.holds(now) and covers(each, definition)
        for each in directory.absences.get(fold_dn(absent), ())
    )


def stood_in_for(directory: Directory, actor: str, now: datetime) -> list[StandIn]:
    """The absences during which somebody is the delegate now."""
    return [each for each in directory.delegated.get(fold_dn(actor), ()) if each.holds(now)]


def is_proxy(directory: Directory, actor: str, name: str, now: datetime) -> bool:
    """Whether somebody may start processes in the name of another."""
    me = fold_dn(actor)
    return any(each.stand_in == me and each.holds(now) for each in directory.proxies.get(fold_dn(name), ()))


def delegate_of(directory: Directory, addressee: str, definition: Definition, now: datetime) -> str:
    """Who gets the work of somebody: himself, or where he is absent his delegate, or that one's, and so on.

    It stays with him where the delegates go round in a circle, or are more than `LONGEST_CHAIN`.
    """
    if not directory.absences:
        return addressee
    met, at = {fold_dn(addressee)}, addressee
    while (following := _next(directory, at, definition, now)) is not None:
        if fold_dn(following) in met or len(met) > LONGEST_CHAIN:
            return addressee
        met.add(fold_dn(following))
        at = following
    return at


def _next(directory: Directory, absent: str, definition: Definition, now: datetime) -> str | None:
    """The active delegate of somebody; of several absences the one that speaks most narrowly of the definition."""
    found = [
        each for each in directory.absences.get(fold_dn(absent), ()) if each.holds(now) and covers(each, definition)
    ]
    found.sort(key=lambda each: (each.definition is None, each.category is None, each.from_at))
    people = (directory.people.get(each.stand_in) for each in found)
    return next((person.dn for person in people if person is not None and person.active), None)
