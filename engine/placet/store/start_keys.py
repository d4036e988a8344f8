"""Idempotency keys of starts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from placet.commands import StartProcess
from placet.store.bulk import Bulk, Inserts
from placet.store.tables import start_key

_INSERT = Bulk(insert(start_key), ("key", "fingerprint", "process_id", "at"))

#: How many keys go in one transaction.
AT_ONCE = 2_000


def digest(*parts: str | None) -> bytes:
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).digest()


def key_of(command: StartProcess) -> bytes | None:
    """The stored form of a start's idempotency key, which holds for its caller alone."""
    return None if command.idempotency_key is None else digest(command.actor, command.idempotency_key)


def load(tx: Connection, keys: Collection[bytes]) -> dict[bytes, tuple[bytes, str]]:
    """For each known key the fingerprint of its request and the process that it started."""
    if not keys:
        return {}
    c = start_key.c
    rows = tx.execute(select(c.key, c.fingerprint, c.process_id).where(c.key.in_(keys))).all()
    return {row.key: (row.fingerprint, row.process_id) for row in rows}


def add(inserts: Inserts, rows: Sequence[tuple[bytes, bytes, str, datetime]]) -> None:
    inserts.add(_INSERT, [dict(zip(_INSERT.columns, row, strict=True)) for row in sorted(rows)])


def forget(tx: Connection, before: datetime) -> bool:
    """Drop some of the keys that are older than they are kept; gives whether there may be more of them."""
    old = select(start_key.c.key).where(start_key.c.at < before).order_by(start_key.c.at).limit(AT_ONCE)
    return tx.execute(delete(start_key).where(start_key.c.key.in_(old))).rowcount == AT_ONCE
