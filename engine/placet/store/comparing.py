"""One field compared with a value or with another field of its row, in SQL that agrees with `query.evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import BigInteger, ColumnElement, Double, Text, and_, case, false, func, literal, or_, select, tuple_

from placet.core.ids import is_id
from placet.core.names import dn_guid
from placet.core.records import split_work_item_id
from placet.query.ast import Comparison, Operator, Value
from placet.query.evaluate import folded, holds
from placet.query.fields import Field, FieldType
from placet.store.database.either import begins_with, by_character, has_part, hex_text, id_text, without_case
from placet.store.definitions import Catalog
from placet.store.fields import Form, Stored
from placet.store.tables import name
from placet.store.types import HexId, to_double

Compare = Callable[[Any, Any], ColumnElement[bool]]

ORDERS: dict[Operator, Compare] = {
    Operator.EQ: lambda one, other: one == other,
    Operator.LT: lambda one, other: one < other,
    Operator.LE: lambda one, other: one <= other,
    Operator.GT: lambda one, other: one > other,
    Operator.GE: lambda one, other: one >= other,
}
TEXT_ORDERS: dict[Operator, Compare] = {**ORDERS, Operator.CONTAINS: has_part, Operator.STARTSWITH: begins_with}

_MOST_PARTS = 100  # of one condition that are joined by OR, each of which may have an index of its own


def compared(field: Field, stored: Stored, operator: Operator, value: Value, catalog: Catalog) -> ColumnElement[bool]:
    """The condition that a field stands to one value as an operator says, which is not NE; no other kind of value does.

    It may be unknown where the field has no value.
    """
    match stored.form:
        case Form.CODE:
            return _code_compared(stored, operator, value)
        case Form.MOMENT:
            fits = isinstance(value, datetime) and operator in ORDERS
            return ORDERS[operator](stored.column, value) if fits else false()
        case _ if not isinstance(value, str):
            return false()
        case Form.DEFINITION:
            return stored.column.in_(_versions(field, operator, value, catalog))
        case Form.NAME:
            return _name_compared(stored, operator, folded(field, value))
        case Form.KEY | Form.NTH if is_id(value) and operator in ORDERS:
            return _id_compared(stored, operator, value)
        case Form.TEXT if stored.more is not None and operator is Operator.EQ and value.isascii():
            same = same_text(stored, field, catalog) == folded(field, value)
            return and_(stored.more == value.lower(), same)  # the first by an index; of other letters it folds more
        case Form.KEY | Form.NTH | Form.TEXT | Form.FOLDED | Form.EXACT if operator is Operator.EQ:
            return same_text(stored, field, catalog) == folded(field, value)
        case Form.KEY | Form.NTH | Form.TEXT | Form.FOLDED | Form.EXACT:
            return TEXT_ORDERS[operator](text_of(stored, field, catalog), folded(field, value))
        case Form.DATA:
            raise ValueError(f"{field.name} is a data item; see `documents`")
        case _:
            assert_never(stored.form)


def one_of(field: Field, stored: Stored, values: Sequence[Value], catalog: Catalog) -> ColumnElement[bool]:
    """The condition that a field equals one of some values."""
    few = len(values) <= _MOST_PARTS
    texts = [folded(field, value) for value in values if isinstance(value, str)]
    match stored.form:
        case Form.CODE:
            codes = [value for value in values if _is_code(value)]
            return and_(stored.column.in_(codes), *_hint(stored, codes))
        case Form.MOMENT:
            return stored.column.in_([value for value in values if isinstance(value, datetime)])
        case Form.DEFINITION:
            rows = {row for value in values for row in _versions(field, Operator.EQ, value, catalog)}
            return stored.column.in_(sorted(rows))
        case Form.NAME if not few:
            return stored.column.in_(select(name.c.id).where(name.c.folded.in_(texts)))
        case Form.KEY:
            return stored.column.in_(list(filter(is_id, texts)))
        case Form.NTH:
            keys = [split_work_item_id(text) for text in texts if is_id(text)]
            return tuple_(stored.column, stored.more).in_(keys)
        case Form.EXACT:
            return stored.column.in_(texts)
        case Form.TEXT | Form.FOLDED:
            return same_text(stored, field, catalog).in_(texts)
        case _:
            return or_(false(), *(compared(field, stored, Operator.EQ, value, catalog) for value in values))


def fields_compared(
    field: Field, stored: Stored, operator: Operator, other: Stored, catalog: Catalog
) -> ColumnElement[bool]:
    """The condition that a field stands to another of the same row, as `compared` does to a value."""
    forms = {stored.form, other.form}
    if len(forms) == 1 and forms <= {Form.CODE, Form.MOMENT, Form.KEY}:
        return ORDERS[operator](stored.column, other.column) if operator in ORDERS else false()
    if forms == {Form.NAME} and operator is Operator.EQ:
        return stored.column == other.column
    if forms & {Form.CODE, Form.MOMENT}:
        return false()
    return TEXT_ORDERS[operator](text_of(stored, field, catalog), text_of(other, field, catalog))


def text_of(stored: Stored, field: Field, catalog: Catalog) -> ColumnElement[str]:
    """A stored text in the form in which texts of `field` are ordered: without case or to the letter, by character."""
    return by_character(same_text(stored, field, catalog))


def same_text(stored: Stored, field: Field, catalog: Catalog) -> ColumnElement[str]:
    """The same, for who asks whether texts are equal, for which an index in any order will do."""
    if field.type in (FieldType.DN, FieldType.NAME):
        return _folded_name(stored, catalog)
    raw = _raw_text(stored, catalog)
    return without_case(raw) if field.type is FieldType.TEXT else raw


def _folded_name(stored: Stored, catalog: Catalog) -> ColumnElement[Any]:
    match stored.form:
        case Form.NAME:
            return select(name.c.folded).where(name.c.id == stored.column).correlate_except(name).scalar_subquery()
        case Form.FOLDED:
            assert stored.more is not None
            return stored.more
        case Form.DEFINITION:
            return _by_version(stored, {row: dn for dn, rows in _folded_definitions(catalog) for row in rows})
        case _:
            raise ValueError(f"what is stored as {stored.form.value} is compared with no distinguished name")


def _raw_text(stored: Stored, catalog: Catalog) -> ColumnElement[Any]:
    match stored.form:
        case Form.NAME:
            return select(name.c.dn).where(name.c.id == stored.column).correlate_except(name).scalar_subquery()
        case Form.DEFINITION:
            latest = catalog.latest()
            return _by_version(stored, {row: each.dn for each in latest for row in catalog.rows_of(each.guid)})
        case Form.KEY:
            return id_text(stored.column)
        case Form.NTH:
            assert stored.more is not None
            return func.substr(id_text(stored.column), 1, 28, type_=Text()) + hex_text(stored.more)
        case _:
            return stored.column


def _by_version(stored: Stored, texts: dict[int, str]) -> ColumnElement[Any]:
    return case(texts, value=stored.column) if texts else literal(None, Text())


def _folded_definitions(catalog: Catalog) -> list[tuple[str, list[int]]]:
    return [(dn, catalog.rows_of(guid)) for dn, guid in catalog.guids.items()]


def _versions(field: Field, operator: Operator, value: Value, catalog: Catalog) -> list[int]:
    """The rows of all versions of the definitions that a condition is about, so that the database sees how few."""
    if operator is Operator.EQ:
        return catalog.rows_of(dn_guid(value)) if isinstance(value, str) else []
    asked = Comparison(field, operator, value)
    return [row for dn, rows in _folded_definitions(catalog) if holds(asked, {field.name: dn}) for row in rows]


def _name_compared(stored: Stored, operator: Operator, text: str) -> ColumnElement[bool]:
    if operator is Operator.EQ:
        return stored.column == select(name.c.id).where(name.c.folded == text).scalar_subquery()
    return stored.column.in_(select(name.c.id).where(TEXT_ORDERS[operator](by_character(name.c.folded), text)))


def _id_compared(stored: Stored, operator: Operator, value: str) -> ColumnElement[bool]:
    if stored.form is Form.KEY:
        return ORDERS[operator](stored.column, value)
    assert stored.more is not None
    process_id, number = split_work_item_id(value)
    if operator is Operator.EQ:
        return and_(stored.column == process_id, stored.more == number)
    place = tuple_(literal(process_id, HexId()), literal(number))
    return and_(ORDERS[operator](tuple_(stored.column, stored.more), place), stored.more.is_not(None))


def _code_compared(stored: Stored, operator: Operator, value: Value) -> ColumnElement[bool]:
    if operator not in ORDERS or isinstance(value, bool) or not isinstance(value, (int, float)):
        return false()
    if not _is_code(value):  # the driver would refuse to bind it to a column of small numbers
        wide = isinstance(value, int) and -(2**63) <= value < 2**63
        return ORDERS[operator](
            stored.column, literal(value, BigInteger()) if wide else literal(to_double(value), Double())
        )
    hint = _hint(stored, [value]) if operator is Operator.EQ else []
    return and_(ORDERS[operator](stored.column, value), *hint)


def _is_code(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**15


def _hint(stored: Stored, codes: Sequence[Value]) -> list[ColumnElement[bool]]:
    return [stored.hint.condition] if stored.hint is not None and set(codes) <= set(stored.hint.codes) else []
