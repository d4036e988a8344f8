"""Absences: for a time somebody's work items go to a delegate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from placet.core.definition import Definition
from placet.core.names import common_name, fold_dn
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.directory.stand_ins import FOR_OTHERS, ids, may_see, pair, period, require_may_arrange, require_room
from placet.errors import InvalidInput, NotFound
from placet.store import absences
from placet.store.absences import AbsenceRow
from placet.store.directory_version import Transaction

__all__ = ["AbsenceRow", "NewAbsence", "add", "find", "page", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAbsence:
    """What is asked for: people by user name or DN, without a `person` the caller; a definition by name, DN or GUID.

    Without a category and a definition it is of all definitions; without a beginning from now on, without an end until
    it is removed.
    """

    delegate: str
    person: str | None = None
    category: str | None = None
    definition: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


async def add(database: Database, caller: Caller, wanted: NewAbsence, definitions: Sequence[Definition]) -> AbsenceRow:
    """Let somebody's work go to a delegate; for others it takes PM_SUPERVISOR, and no less than their role holds.

    Only who may see everything makes himself the delegate of others.

    Raises `InvalidInput` for people, times, a category or a definition that cannot be meant; `NotAllowed`; `Conflict`
    where it overlaps with one for the same work.
    """
    person, delegate = pair(caller, wanted.person, wanted.delegate)
    begins, ends = period(caller, wanted.from_at, wanted.to_at)
    row = AbsenceRow(
        id=ids.make(caller.at),
        user_id=person.id,
        delegate_id=delegate.id,
        category=_category(wanted, definitions),
        definition=_definition(wanted, definitions),
        from_at=begins,
        to_at=ends,
        created_at=caller.at,
        person=person.dn,
        delegate=delegate.dn,
    )

    def work(tx: Transaction) -> None:
        absences.lock(tx)
        require_may_arrange(tx, caller, person, delegate)
        known = absences.of_user(tx, row.user_id)
        same = [each for each in known if (each.category, each.definition) == (row.category, row.definition)]
        require_room(caller, known, same, begins, ends)
        absences.add(tx, row)
        note(tx, caller, "absence.added", row.person, after=_described(row))

    await database.write(work)
    return row


async def remove(database: Database, caller: Caller, absence_id: str) -> None:
    """Take an absence back: one's own, with PM_SUPERVISOR everybody's; raises `NotFound` and `NotAllowed`."""

    def work(tx: Transaction) -> None:
        absences.lock(tx)
        by = caller.as_stored(tx)
        by.require_active()
        row = _visible(absences.find(tx, absence_id), by, absence_id)
        if not by.is_(row.person):
            by.require(FOR_OTHERS)
        absences.remove(tx, absence_id)
        note(tx, caller, "absence.removed", row.person, before=_described(row))

    await database.write(work)


async def find(database: Database, caller: Caller, absence_id: str) -> AbsenceRow:
    """One absence; raises `NotFound`, also where it is of others and the caller may not see it."""
    return _visible(await database.read(lambda tx: absences.find(tx, absence_id)), caller, absence_id)


async def page(
    database: Database, caller: Caller, *, after: str | None = None, limit: int | None = None
) -> list[AbsenceRow]:
    """Those that the caller may see, in the order in which they were made: his own, as either of the two, or all."""
    concerning = None if caller.actor is None or caller.has(FOR_OTHERS) else caller.actor.id
    return await database.read(lambda tx: absences.page(tx, concerning=concerning, after=after, limit=limit))


def _visible(row: AbsenceRow | None, caller: Caller, absence_id: str) -> AbsenceRow:
    if row is None or not may_see(caller, row.person, row.delegate):
        raise NotFound(f"There is no absence {absence_id}.")
    return row


def _category(wanted: NewAbsence, definitions: Sequence[Definition]) -> str | None:
    """A category as it is spelled in the definitions."""
    if wanted.category is None:
        return None
    if wanted.definition is not None:
        raise InvalidInput("An absence is of one category or of one definition; leave one of them out.")
    known = {each.category.casefold(): each.category for each in definitions if each.category}
    found = known.get(wanted.category.casefold())
    if found is None:
        raise InvalidInput(_unknown("category", wanted.category, list(known.values())))
    return found


def _definition(wanted: NewAbsence, definitions: Sequence[Definition]) -> str | None:
    """The DN of a definition by its name, DN or GUID."""
    asked = wanted.definition
    if asked is None:
        return None
    folded = fold_dn(asked)
    for matches in (
        [each for each in definitions if folded == fold_dn(each.dn) or asked.lower() == each.guid],
        [each for each in definitions if folded in (each.name.casefold(), common_name(fold_dn(each.dn)))],
    ):
        if len(matches) == 1:
            return matches[0].dn
    raise InvalidInput(_unknown("definition", asked, [each.name for each in definitions]))


def _unknown(what: str, asked: str, known: Sequence[str]) -> str:
    folded = {each.casefold(): each for each in known}
    near = [folded[each] for each in get_close_matches(asked.casefold()[:100], folded, n=2)]
    if near:
        ways = f"did you mean {' or '.join(map(repr, near))}?"
    else:
        ways = f"there are: {', '.join(sorted(known)[:20])}." if known else "there are none yet."
    return f"There is no {what} {asked[:100]!r}; {ways}"


def _described(row: AbsenceRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "delegate": row.delegate,
        "category": row.category,
        "definition": row.definition,
        "from": row.from_at.isoformat(),
        "to": row.to_at and row.to_at.isoformat(),
    }
