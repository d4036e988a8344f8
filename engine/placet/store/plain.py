"""Stored values as people read them: DNs for the numbers of names and definitions, labels for codes, times in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection

from placet.core.records import work_item_id
from placet.query.fields import Field
from placet.store.fields import Form, Stored
from placet.store.names import Names
from placet.store.world import World


def columns_of(stored: Stored) -> list[ColumnElement[Any]]:
    """What has to be selected of a field, so that `plain` can make its values of it."""
    return [stored.column, stored.more] if stored.form is Form.NTH and stored.more is not None else [stored.column]


def plain(tx: Connection, world: World, field: Field, stored: Stored, values: Sequence[Any]) -> list[Any]:
    """Values of the columns of one field, a pair for each row where there are two of them, as plain values."""
    match stored.form:
        case Form.NAME:
            names = Names(world.names)
            names.fetch(tx, set(values))
            names.committed()
            return [names.optional_dn(number) for number in values]
        case Form.DEFINITION:
            dns = {row: world.definition_dn(tx, row) for row in set(values)}
            return [dns[row] for row in values]
        case Form.CODE:
            return [None if code is None else field.label(code) or code for code in values]
        case Form.NTH:
            return [None if number is None else work_item_id(process_id, number) for process_id, number in values]
        case _:
            return list(values)
