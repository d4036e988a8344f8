"""What counts as one value where rows are grouped: all versions of a definition, all spellings of a name."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import case

from placet.store.definitions import Catalog
from placet.store.fields import Form, Stored


def as_one(stored: Stored, catalog: Catalog) -> Stored:
    """A field whose column is the same for all rows that have the same value."""
    match stored.form:
        case Form.DEFINITION:
            newest = {row: latest.row for latest in catalog.latest() for row in catalog.rows_of(latest.guid)}
            older = {row: latest for row, latest in newest.items() if row != latest}
            column = case(older, value=stored.column, else_=stored.column) if older else stored.column
            return replace(stored, column=column)
        case Form.NTH if stored.more is not None and stored.nullable:
            return replace(stored, column=case((stored.more.is_not(None), stored.column)))
        case Form.FOLDED if stored.more is not None:
            return replace(stored, column=stored.more)
        case _:
            return stored
