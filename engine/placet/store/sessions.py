"""Sessions as rows, each under the SHA-256 of its secret; the secret itself is nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from placet.store.tables import session, user_account


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session; `expires_at` is its last moment, however much it is used, `password_hash` its user's of now."""

    hash: bytes = field(repr=False)
    user_id: str
    dn: str
    user_name: str
    address: str = ""
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    password_hash: str | None = field(default=None, repr=False)


_NAMES = [column.key for column in session.c]
_FOUND = select(session, user_account.c.dn, user_account.c.user_name, user_account.c.password_hash).join(
    user_account, user_account.c.id == session.c.user_id
)


def add(tx: Connection, row: SessionRow) -> None:
    """Keep a session, and forget those that have expired by then."""
    tx.execute(delete(session).where(session.c.expires_at <= row.created_at))
    tx.execute(insert(session).values({name: getattr(row, name) for name in _NAMES}))


def find(tx: Connection, secret_hash: bytes) -> SessionRow | None:
    """A session, expired or not, with whom it is of."""
    row = tx.execute(_FOUND.where(session.c.hash == secret_hash)).mappings().first()
    return None if row is None else SessionRow(**row)


def move_seen(tx: Connection, secret_hash: bytes, to: datetime) -> None:
    """Note that a session was used, unless somebody has done so for a later time."""
    change = update(session).where(session.c.hash == secret_hash, session.c.seen_at < to)
    tx.execute(change.values(seen_at=to))


def end(tx: Connection, secret_hash: bytes) -> bool:
    """End a session; False where there is none."""
    return tx.execute(delete(session).where(session.c.hash == secret_hash)).rowcount == 1


def end_of_user(tx: Connection, user_id: str) -> int:
    """End all sessions of a user; gives how many there were."""
    return tx.execute(delete(session).where(session.c.user_id == user_id)).rowcount
