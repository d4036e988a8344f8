"""Proxy grants as rows: who may start processes in whose name. A change moves the directory's version on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select

from placet.store.directory_version import bump
from placet.store.tables import proxy_grant, user_account


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRow:
    """A proxy may start processes in the name of a user; no end is for good."""

    id: str
    user_id: str
    proxy_id: str
    from_at: datetime
    to_at: datetime | None = None
    created_at: datetime
    person: str = ""  # the DNs of both, where the row was read
    proxy: str = ""


_person, _other = user_account.alias(), user_account.alias()
_NAMES = [column.key for column in proxy_grant.c]
_FOUND = (
    select(proxy_grant, _person.c.dn.label("person"), _other.c.dn.label("proxy"))
    .join(_person, _person.c.id == proxy_grant.c.user_id)
    .join(_other, _other.c.id == proxy_grant.c.proxy_id)
)


def lock(tx: Connection) -> None:
    """Let nobody else change anything of the directory until this transaction ends; comes before reading."""
    bump(tx)


def add(tx: Connection, row: ProxyRow) -> None:
    """Store a row; `lock` comes before it."""
    tx.execute(insert(proxy_grant).values({name: getattr(row, name) for name in _NAMES}))


def remove(tx: Connection, grant_id: str) -> bool:
    """Take a grant back; False where there is none."""
    lock(tx)
    return tx.execute(delete(proxy_grant).where(proxy_grant.c.id == grant_id)).rowcount == 1


def find(tx: Connection, grant_id: str) -> ProxyRow | None:
    row = tx.execute(_FOUND.where(proxy_grant.c.id == grant_id)).mappings().first()
    return None if row is None else ProxyRow(**row)


def proxies(
    tx: Connection, *, concerning: str | None = None, after: str | None = None, limit: int | None = None
) -> list[ProxyRow]:
    """Those behind an id, in the order in which they were made; no limit gives all.

    With `concerning`, the id of a user, only those that he is one of the two of.
    """
    query = _FOUND.order_by(proxy_grant.c.id).limit(limit)
    if concerning is not None:
        query = query.where(or_(proxy_grant.c.user_id == concerning, proxy_grant.c.proxy_id == concerning))
    if after is not None:
        query = query.where(proxy_grant.c.id > after)
    return [ProxyRow(**row) for row in tx.execute(query).mappings()]


def of_user(tx: Connection, user_id: str) -> list[ProxyRow]:
    """Those in whose name it is."""
    return [ProxyRow(**row) for row in tx.execute(_FOUND.where(proxy_grant.c.user_id == user_id)).mappings()]
