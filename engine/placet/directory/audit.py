"""The audit trail: noting what somebody changes, and reading it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from placet.core.permissions import Permission
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.errors import InvalidInput
from placet.query.storable import unstorable_in
from placet.store import audit
from placet.store.audit import KINDS, AuditFilter, AuditRow
from placet.store.directory_version import Transaction

__all__ = ["KINDS", "AuditRow", "Wanted", "note", "page"]


def note(
    tx: Transaction,
    caller: Caller,
    kind: str,
    target: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down in the audit trail what is changed in the same transaction."""
    audit.add(
        tx,
        at=caller.at,
        kind=kind,
        actor=caller.dn,
        address=caller.address,
        target=target,
        before=before,
        after=after,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries; what is None leaves all.

    `kind` is one of `KINDS`, or what stands before its dot for all of those; `actor` and `target` are as they are
    written in the entries, people also by user name; `from_at` is the first moment that counts, `to_at` the end.
    """

    kind: str | None = None
    actor: str | None = None
    target: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


async def page(
    database: Database, caller: Caller, wanted: Wanted, *, before_id: int | None = None, limit: int | None = 100
) -> list[AuditRow]:
    """Entries, the newest first, to whom PM_SETUP_ADVANCE is given; `before_id` is the last of the page before.

    Raises `NotAllowed`, and `InvalidInput` for a kind that there is not and for what no entry can hold.
    """
    caller.require(Permission.OPERATE)
    found = AuditFilter(
        kinds=_kinds(wanted.kind),
        actors=_names(caller, wanted.actor),
        targets=_names(caller, wanted.target),
        from_at=wanted.from_at,
        to_at=wanted.to_at,
    )
    return await database.read(lambda tx: audit.page(tx, found, before_id=before_id, limit=limit))


def _kinds(asked: str | None) -> Sequence[str]:
    if asked is None:
        return ()
    found = [kind for kind in KINDS if asked in (kind, kind.partition(".")[0])]
    if found:
        return found
    groups = list(dict.fromkeys(kind.partition(".")[0] for kind in KINDS))
    near = get_close_matches(asked[:100], [*KINDS, *groups], n=2)
    ways = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are: {', '.join(groups)}."
    raise InvalidInput(f"There is no kind of entry {asked[:100]!r}; {ways}")


def _names(caller: Caller, asked: str | None) -> Sequence[str]:
    """What somebody or something may be called in an entry."""
    if asked is None:
        return ()
    if (bad := unstorable_in(asked)) is not None:
        raise InvalidInput(f"What is looked for has {bad}, and no entry has one.")
    person = caller.directory.person(asked)
    return (asked,) if person is None else (asked, person.dn)
