"""Proxy grants as rows: who may start processes in whose name. A change moves the directory's version on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from placet.store.stand_ins import StandIns
from placet.store.tables import proxy_grant


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


_stored = StandIns(proxy_grant, "proxy", ProxyRow)
lock, add, remove = _stored.lock, _stored.add, _stored.remove
find, page, of_user = _stored.find, _stored.page, _stored.of_user
