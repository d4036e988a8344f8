"""Who had a work item before it went to somebody else: he may go on reading its process."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from placet.store.database import insert_into
from placet.store.names import Names
from placet.store.tables import former_addressee


def add(tx: Connection, former: Collection[tuple[str, str]], names: Names) -> None:
    """Remember process ids with the DNs of former addressees."""
    if former:
        rows = sorted((process_id, names.number(dn)) for process_id, dn in former)
        values = [{"process_id": process_id, "addressee": number} for process_id, number in rows]
        tx.execute(insert_into(tx, former_addressee).on_conflict_do_nothing(), values)
