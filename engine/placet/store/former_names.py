"""User names that somebody had: they stay his, for definitions and files go on naming him by them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from placet.core.names import fold_user_name
from placet.store.bulk import AT_ONCE
from placet.store.database import insert_into
from placet.store.tables import former_name


def keep(tx: Connection, names: Iterable[tuple[str, str]]) -> None:
    """Remember user names with the ids of those who had them."""
    rows = [{"folded": folded, "user_id": uid} for folded, uid in sorted((fold_user_name(n), u) for n, u in names)]
    for start in range(0, len(rows), AT_ONCE):
        tx.execute(insert_into(tx, former_name).on_conflict_do_nothing(), rows[start : start + AT_ONCE])


def holder(tx: Connection, name: str) -> str | None:
    """The id of who had a user name before; None where nobody has given it up."""
    query = select(former_name.c.user_id).where(former_name.c.folded == fold_user_name(name))
    found: str | None = tx.execute(query).scalar()
    return found
