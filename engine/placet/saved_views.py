"""Saved views: queries by name, each of its owner, who may share it with everybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from placet.connectors.changes import require_revision
from placet.connectors.checks import name_fault, unknown
from placet.core.ids import IdMaker
from placet.core.people import Person
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.errors import Conflict, InvalidInput, NotAllowed, NotFound
from placet.query.fields import RESOURCES
from placet.query.parser import parse_query
from placet.store import saved_views as store
from placet.store.directory_version import Transaction
from placet.store.saved_views import SavedViewRow as SavedView

__all__ = ["NewView", "SavedView", "SavedViews"]

T = TypeVar("T")

MOST = 200  # of one owner

_ids = IdMaker()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewView:
    """What is asked for of a view: a name, and a query (`text`) on one of `placet.query.fields.RESOURCES`."""

    name: str
    text: str
    resource: str = "processes"
    shared: bool = False


class SavedViews:
    """Everybody has views of his own, and sees those that others share; only its owner changes or removes a view.

    What a view shows is up to whoever looks: his own rights hold, and `me` is he.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def every(self, caller: Caller) -> Sequence[SavedView]:
        """The caller's own by name, then those of others; raises `NotAllowed` where he is inactive."""
        caller.require_active()
        return await self._database.read(lambda tx: store.seen_by(tx, _id_of(caller)))

    async def one(self, caller: Caller, name_or_id: str) -> SavedView:
        """One of them, of two with one name the caller's own.

        Raises `NotFound`; `Conflict` where several people share one of that name; `NotAllowed`.
        """
        return _found(await self.every(caller), caller, name_or_id)

    async def add(self, caller: Caller, wanted: NewView) -> SavedView:
        """Keep a view of the caller's.

        Raises `InvalidInput`, `InvalidFilter`, `NotAllowed`, and `Conflict` where he has one of that name or too many.
        """
        owner = _owner(caller)
        row = SavedView(id=_ids.make(caller.at), owner=owner.id, dn=owner.dn, created_at=caller.at, **_checked(wanted))

        def work(tx: Transaction) -> SavedView:
            own = _own(tx, owner.id)
            _require_free(own, row)
            if len(own) >= MOST:
                raise Conflict(f"You have {MOST} views already; remove one first.")
            store.add(tx, row)
            return row

        return await self._changed(caller, work)

    async def change(self, caller: Caller, view_id: str, wanted: NewView, *, revision: int | None = None) -> SavedView:
        """Put another in its place; raises what `add` raises, `NotFound`, and `RevisionMismatch`."""
        owner, checked = _owner(caller), _checked(wanted)

        def work(tx: Transaction) -> SavedView:
            stored = _owned(tx, caller, view_id)
            require_revision(stored, revision)
            made = replace(stored, **checked)
            if made == stored:
                return stored
            made = replace(made, revision=stored.revision + 1, updated_at=caller.at)
            _require_free(_own(tx, owner.id), made)
            store.change(tx, made)
            return made

        return await self._changed(caller, work)

    async def remove(self, caller: Caller, view_id: str, *, revision: int | None = None) -> None:
        """Remove a view of the caller's; raises `NotFound`, `NotAllowed` and `RevisionMismatch`."""

        def work(tx: Transaction) -> None:
            stored = _owned(tx, caller, view_id)
            require_revision(stored, revision)
            store.remove(tx, stored.id)

        await self._changed(caller, work)

    async def _changed(self, caller: Caller, work: Callable[[Transaction], T]) -> T:
        """Change something as whoever is active at that moment, whatever is held in memory."""

        def permitted(tx: Transaction) -> T:
            store.lock(tx)
            caller.as_stored(tx).require_active()
            return work(tx)

        return await self._database.write(permitted)


def _id_of(caller: Caller) -> str | None:
    return None if caller.actor is None else caller.actor.id


def _owner(caller: Caller) -> Person:
    if caller.actor is None:
        raise InvalidInput("A view belongs to somebody, and nobody is named; say who saves it.")
    return caller.actor


def _checked(wanted: NewView) -> dict[str, Any]:
    """The members of a view that may change; raises `InvalidInput` and `InvalidFilter`."""
    if (fault := name_fault(wanted.name)) is not None:
        raise InvalidInput(f"{wanted.name[:100]!r} {fault}.")
    if wanted.resource not in RESOURCES:
        raise InvalidInput(unknown("resource", wanted.resource, list(RESOURCES)))
    parsed = parse_query(wanted.text, RESOURCES[wanted.resource])
    if parsed.cursor is not None:
        raise InvalidInput("The query has a cursor, which leads to one page of one day; leave it out of a view.")
    name = wanted.name
    return {
        "name": name, "folded": name.casefold(), "resource": wanted.resource, "text": wanted.text,
        "shared": wanted.shared,
    }  # fmt: skip


def _own(tx: Transaction, owner: str) -> Sequence[SavedView]:
    return [each for each in store.seen_by(tx, owner) if each.owner == owner]


def _owned(tx: Transaction, caller: Caller, view_id: str) -> SavedView:
    """A view that the caller may change."""
    found = _found(store.seen_by(tx, _id_of(caller)), caller, view_id)
    if caller.actor is not None and found.owner != caller.actor.id:
        raise NotAllowed(f"The view {found.name!r} is of somebody else, who shares it; save your own of that query.")
    return found


def _found(known: Sequence[SavedView], caller: Caller, name_or_id: str) -> SavedView:
    folded, own = name_or_id.casefold(), _id_of(caller)
    for each in known:
        if each.id == folded:
            return each
    named = [each for each in known if each.folded == folded]
    if not named:
        raise NotFound(unknown("view", name_or_id, sorted({each.name for each in known})))
    if len(named) > 1 and named[0].owner != own:
        ids = ", ".join(f"{each.id} of {each.dn}" for each in named)
        raise Conflict(f"Several people have a view {name_or_id[:100]!r}; name one by its id: {ids}.")
    return named[0]


def _require_free(own: Sequence[SavedView], row: SavedView) -> None:
    for each in own:
        if each.folded == row.folded and each.id != row.id:
            raise Conflict(f"You have a view {each.name!r} already; choose another name, or change that one.")
