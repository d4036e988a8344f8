"""By what the rows of a query are ordered: its own keys, or those of the resource, and always the primary key last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, case, func, literal

from placet.query.ast import And, Comparison, In, Node, Operator
from placet.query.fields import Field
from placet.query.query import Sort
from placet.store.comparing import text_of
from placet.store.database.either import by_character
from placet.store.database.json_values import first_value
from placet.store.definitions import Catalog
from placet.store.documents import name_of
from placet.store.fields import INCIDENT_COLUMNS, PROCESS_COLUMNS, USER_COLUMNS, WORK_ITEM_COLUMNS, Form, Stored
from placet.store.rows import Rows
from placet.store.sorting import Key
from placet.store.tables import incident, name, user_account, work_item

#: Texts that may be long are ordered by so many characters, and a cursor holds no more of them.
LONGEST = 200


def keys_of(rows: Rows, sort: Sequence[Sort], where: Node | None) -> list[Key]:
    """The keys of an order; without a `sort` the newest first, and users by name."""
    keys = [key for each in sort for key in _keys(each, rows, where)]
    if not keys:
        return _natural(rows, where)
    return [*keys, *(Key(column, keys[-1].descending) for column in rows.columns.key)]


def _natural(rows: Rows, where: Node | None) -> list[Key]:
    """In an order that an index has: that of open items is their creation, that of all items their processes'."""
    columns, key = rows.columns, list(rows.columns.key)
    if columns is USER_COLUMNS:
        return [Key(user_account.c.words, descending=False), Key(user_account.c.id, descending=False)]
    if columns is WORK_ITEM_COLUMNS and _are_open(where):
        key.insert(0, work_item.c.created_at)
    if columns is INCIDENT_COLUMNS:
        key.insert(0, incident.c.opened_at)
    return [Key(column, descending=True) for column in key]


def _keys(sort: Sort, rows: Rows, where: Node | None) -> list[Key]:
    stored, field = rows.stored(sort.path), sort.path.field
    is_firm = sort.path.through is None and stored.form is not Form.DATA  # of an item's two keys one has no value
    nullable = stored.nullable and not (is_firm and _has_value(where, field))
    if stored.form is Form.NAME:
        names = name.alias()
        return [Key(names.c.folded, sort.descending, nullable, (names, names.c.id == stored.column))]
    return [Key(column, sort.descending, nullable) for column in _columns(stored, field, rows.catalog)]


def _columns(stored: Stored, field: Field, catalog: Catalog) -> list[ColumnElement[Any]]:
    match stored.form:
        case Form.DEFINITION | Form.FOLDED | Form.EXACT:
            return [text_of(stored, field, catalog)]
        case Form.TEXT:
            return [_head(stored.column)]
        case Form.NTH:
            assert stored.more is not None
            return [text_of(stored, field, catalog)] if stored.nullable else [stored.column, stored.more]
        case Form.DATA:
            return _of_data(name_of(field))
        case _:
            return [stored.column]


def _of_data(item: str) -> list[ColumnElement[Any]]:
    """Numbers before texts, flags as the texts true and false, of several values the first; an object is no value."""
    assert PROCESS_COLUMNS.document is not None
    value = first_value(PROCESS_COLUMNS.document, item)
    flag = case((value.flag == 1, literal("true", Text())), else_=literal("false", Text()))
    text = case((value.is_text, _head(value.text)), (value.is_flag, flag))
    return [case((value.is_number, value.number)), by_character(text)]


def _head(text: ColumnElement[Any]) -> ColumnElement[str]:
    return by_character(func.substr(func.placet_fold(text, type_=Text()), 1, LONGEST, type_=Text()))


# -- what a condition tells of its rows ----------------------------------------------------------


def _are_open(where: Node | None) -> bool:
    """Whether a condition is about open and claimed items only."""
    hint = WORK_ITEM_COLUMNS.fields["Status"].hint
    assert hint is not None
    return any(
        part.field.name == "Status" and _values(part) and set(_values(part)) <= set(hint.codes)
        for part in _conjuncts(where)
        if isinstance(part, (Comparison, In))
    )


def _values(part: Comparison | In) -> tuple[Any, ...]:
    if isinstance(part, In):
        return part.values
    return (part.value,) if part.operator is Operator.EQ else ()


def _has_value(where: Node | None, field: Field) -> bool:
    """Whether a condition can hold only where a field has a value."""
    return any(
        part.field == field and not (isinstance(part, Comparison) and part.operator is Operator.NE)
        for part in _conjuncts(where)
        if isinstance(part, (Comparison, In))
    )


def _conjuncts(where: Node | None) -> Sequence[Node]:
    if where is None:
        return ()
    return where.parts if isinstance(where, And) else (where,)
