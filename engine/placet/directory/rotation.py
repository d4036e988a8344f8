"""Changing the key of an installation: what is kept encrypted is encrypted anew, a few rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from placet.core.permissions import Permission
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.directory.secrets import Vault
from placet.errors import Unavailable
from placet.store import connectors, sealed
from placet.store.directory_version import Transaction
from placet.store.sealed import Sealed

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many secrets were encrypted anew, how many were as they should be, and the rows whose no key opens."""

    renewed: int = 0
    current: int = 0
    lost: Sequence[str] = ()

    def plus(self, other: Rotated) -> Rotated:
        return Rotated(self.renewed + other.renewed, self.current + other.current, (*self.lost, *other.lost))


async def rotate(database: Database, vault: Vault, caller: Caller, *, at_once: int = _AT_ONCE) -> Rotated:
    """Encrypt with the newest key what was encrypted with an older one; `at_once` rows in a transaction.

    It may be broken off and done again. Raises `NotAllowed`, and `Unavailable` without a key.
    """
    caller.require(Permission.OPERATE)
    done = Rotated()
    for kind in sealed.EVERY:
        after: str | None = None
        while True:
            work = partial(_batch, vault=vault, kind=kind, after=after, limit=at_once)
            batch, after = await database.write(work)
            done = done.plus(batch)
            if after is None:
                break
    if done.renewed:
        await database.write(lambda tx: _tell(tx, caller, done))
    return done


def _tell(tx: Transaction, caller: Caller, done: Rotated) -> None:
    connectors.lock(tx)  # nodes that run hold secrets as they were, and read them again
    note(tx, caller, "secrets.rotated", "secrets", after={"renewed": done.renewed, "lost": len(done.lost)})


def _batch(tx: Transaction, vault: Vault, kind: Sealed, after: str | None, limit: int) -> tuple[Rotated, str | None]:
    """The next rows of a kind, and the last of them where there are more."""
    done = Rotated()
    rows = kind.page(tx, after, limit)
    if not all(vault.is_current(secret) for _, secret in rows):
        kind.lock(tx)
        rows = kind.page(tx, after, limit)
    for row_id, secret in rows:
        done = done.plus(_renewed(tx, vault, kind, row_id, secret))
    return done, rows[-1][0] if len(rows) == limit else None


def _renewed(tx: Transaction, vault: Vault, kind: Sealed, row_id: str, secret: bytes) -> Rotated:
    name = kind.row_name(row_id)
    if vault.is_current(secret):
        return Rotated(current=1)
    try:
        text = vault.open(secret, of=name)
    except Unavailable:
        return Rotated(lost=(name,))
    if kind.replace(tx, row_id, secret, vault.seal(text, of=name)):
        return Rotated(renewed=1)
    return Rotated(current=1)  # somebody has just kept another
