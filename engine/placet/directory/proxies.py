"""Proxy grants: somebody may start processes in another's name for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.directory.stand_ins import FOR_OTHERS, ids, may_see, pair, period, require_may_arrange, require_room
from placet.errors import NotFound
from placet.store import proxies
from placet.store.directory_version import Transaction
from placet.store.proxies import ProxyRow

__all__ = ["NewProxy", "ProxyRow", "add", "find", "page", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProxy:
    """What is asked for: people by user name or DN, without a `person` the caller gives it in his own name.

    Without a beginning it holds from now on, without an end until it is removed.
    """

    proxy: str
    person: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


async def add(database: Database, caller: Caller, wanted: NewProxy) -> ProxyRow:
    """Let a proxy start processes in somebody's name; in another's than one's own as `absences.add`.

    Raises `InvalidInput` for people or times that cannot be meant; `NotAllowed`; `Conflict` where he may already.
    """
    person, proxy = pair(caller, wanted.person, wanted.proxy)
    begins, ends = period(caller, wanted.from_at, wanted.to_at)
    row = ProxyRow(
        id=ids.make(caller.at),
        user_id=person.id,
        proxy_id=proxy.id,
        from_at=begins,
        to_at=ends,
        created_at=caller.at,
        person=person.dn,
        proxy=proxy.dn,
    )

    def work(tx: Transaction) -> None:
        proxies.lock(tx)
        require_may_arrange(tx, caller, person, proxy)
        known = proxies.of_user(tx, row.user_id)
        same = [each for each in known if each.proxy_id == row.proxy_id]
        require_room(caller, known, same, begins, ends)
        proxies.add(tx, row)
        note(tx, caller, "proxy.granted", row.person, after=_described(row))

    await database.write(work)
    return row


async def remove(database: Database, caller: Caller, grant_id: str) -> None:
    """Take a grant back: one's own, with PM_SUPERVISOR everybody's; raises `NotFound` and `NotAllowed`."""

    def work(tx: Transaction) -> None:
        proxies.lock(tx)
        by = caller.as_stored(tx)
        by.require_active()
        row = _visible(proxies.find(tx, grant_id), by, grant_id)
        if not by.is_(row.person):
            by.require(FOR_OTHERS)
        proxies.remove(tx, grant_id)
        note(tx, caller, "proxy.revoked", row.person, before=_described(row))

    await database.write(work)


async def find(database: Database, caller: Caller, grant_id: str) -> ProxyRow:
    """One grant; raises `NotFound`, also where it is of others and the caller may not see it."""
    return _visible(await database.read(lambda tx: proxies.find(tx, grant_id)), caller, grant_id)


async def page(
    database: Database, caller: Caller, *, after: str | None = None, limit: int | None = None
) -> list[ProxyRow]:
    """Those that the caller may see, in the order in which they were made: given and received, or all."""
    concerning = None if caller.actor is None or caller.has(FOR_OTHERS) else caller.actor.id
    return await database.read(lambda tx: proxies.page(tx, concerning=concerning, after=after, limit=limit))


def _visible(row: ProxyRow | None, caller: Caller, grant_id: str) -> ProxyRow:
    if row is None or not may_see(caller, row.person, row.proxy):
        raise NotFound(f"There is no proxy grant {grant_id}.")
    return row


def _described(row: ProxyRow) -> dict[str, Any]:
    ends = row.to_at and row.to_at.isoformat()
    return {"id": row.id, "proxy": row.proxy, "from": row.from_at.isoformat(), "to": ends}
