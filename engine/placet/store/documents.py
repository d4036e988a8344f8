"""Data items in conditions: by the document of each process, and where every definition has them indexed by that first.

What an index gives is only ever more than is asked for, so that the document has the last word.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select

from placet.query.ast import Operator, Value
from placet.query.fields import Field
from placet.query.folding import fold_text
from placet.query.times import date_text
from placet.store.comparing import ORDERS, TEXT_ORDERS
from placet.store.data_values import LONGEST
from placet.store.database.either import by_character, has_part, is_like, without_case
from placet.store.database.json_values import JsonNumber, JsonValue, any_value, is_nothing
from placet.store.fields import Columns
from placet.store.tables import data_value
from placet.store.types import to_double

_TIME = "0000-00-00T00:00:00.000Z"  # the form in which data items keep a time
_NOT_LESS = {Operator.LT: Operator.LE, Operator.GT: Operator.GE}  # what still holds once values have been shortened


def compared(
    columns: Columns, field: Field, operator: Operator, value: Value, indexed: Collection[str]
) -> ColumnElement[bool]:
    """The condition that a data item stands to a value or to another data item as an operator says.

    `indexed` are the items that may be looked up in an index first.
    """
    document, item = _document(columns), name_of(field)
    if isinstance(value, Field):
        other = name_of(value)
        return any_value(document, item, lambda one: any_value(document, other, lambda two: _alike(operator, one, two)))
    exact = any_value(document, item, lambda one: _stands(operator, one, value))
    return and_(exact, *_indexed(columns, item, indexed, [_near(operator, value)]))


def one_of(columns: Columns, field: Field, values: Sequence[Value], indexed: Collection[str]) -> ColumnElement[bool]:
    """The condition that a data item equals one of some values."""
    item = name_of(field)
    exact = any_value(_document(columns), item, lambda one: _among(one, values))
    return and_(exact, *_indexed(columns, item, indexed, _near_any(values)))


def is_null(columns: Columns, field: Field) -> ColumnElement[bool]:
    """The condition that a data item has no value."""
    return is_nothing(_document(columns), name_of(field))


def name_of(field: Field) -> str:
    """What a process calls a data item."""
    return field.name.partition(".")[2]


def _document(columns: Columns) -> ColumnElement[Any]:
    assert columns.document is not None, f"{columns.resource.name} have no data items"
    return columns.document


# -- by the document -----------------------------------------------------------------------------


def _stands(operator: Operator, one: JsonValue, value: Value) -> ColumnElement[bool]:
    match value:
        case str():
            return and_(one.is_text, TEXT_ORDERS[operator](without_case(one.text), fold_text(value)))
        case datetime():
            return and_(*_is_time(one), TEXT_ORDERS[operator](by_character(one.text), date_text(value)))
        case _ if operator not in ORDERS:
            return false()
        case bool():
            return and_(one.is_flag, ORDERS[operator](one.flag, literal(int(value))))
        case int() | float():
            return and_(one.is_number, ORDERS[operator](one.number, literal(value, JsonNumber())))
        case _:
            return false()


def _among(one: JsonValue, values: Sequence[Value]) -> ColumnElement[bool]:
    texts = [fold_text(value) for value in values if isinstance(value, str)]
    times = [date_text(value) for value in values if isinstance(value, datetime)]
    flags = [int(value) for value in values if isinstance(value, bool)]
    numbers = [literal(value, JsonNumber()) for value in values if _is_number(value)]
    return or_(
        and_(one.is_text, without_case(one.text).in_(texts)) if texts else false(),
        and_(*_is_time(one), one.text.in_(times)) if times else false(),
        and_(one.is_flag, one.flag.in_(flags)) if flags else false(),
        and_(one.is_number, one.number.in_(numbers)) if numbers else false(),
    )


def _alike(operator: Operator, one: JsonValue, two: JsonValue) -> ColumnElement[bool]:
    order = ORDERS.get(operator)
    texts = and_(one.is_text, two.is_text, TEXT_ORDERS[operator](without_case(one.text), without_case(two.text)))
    if order is None:
        return texts
    numbers = and_(one.is_number, two.is_number, order(one.number, two.number))
    return or_(texts, numbers, and_(one.is_flag, two.is_flag, order(one.flag, two.flag)))


def _is_time(one: JsonValue) -> tuple[ColumnElement[bool], ...]:
    return one.is_text, is_like(one.text, _TIME)


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# -- by the index --------------------------------------------------------------------------------


def _indexed(
    columns: Columns, item: str, indexed: Collection[str], near: Sequence[ColumnElement[bool]]
) -> list[ColumnElement[bool]]:
    """The condition, if there is one, that a process is among those that an index gives."""
    if item not in indexed:
        return []
    c = data_value.c
    return [columns.process_id.in_(select(c.process_id).where(c.item == item, or_(false(), *near)))]


def _near(operator: Operator, value: Value) -> ColumnElement[bool]:
    """What holds of an indexed value wherever the value itself stands to another as an operator says."""
    if operator not in ORDERS and not isinstance(value, (str, datetime)):
        return false()
    order = ORDERS.get(_NOT_LESS.get(operator, operator))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        assert order is not None
        return order(data_value.c.number_value, to_double(value))
    text = _text(value)
    if order is not None:
        return order(data_value.c.text_value, text[:LONGEST])
    if operator is Operator.STARTSWITH:
        return and_(data_value.c.text_value >= text[:LONGEST], *_before_next(text[:LONGEST]))
    cut = func.length(data_value.c.text_value) >= LONGEST
    return or_(has_part(data_value.c.text_value, text), cut)


def _before_next(text: str) -> list[ColumnElement[bool]]:
    """That a text comes before all that are behind those that begin with another."""
    head = text.rstrip(chr(0x10FFFF))
    if not head:
        return []
    following = ord(head[-1]) + 1
    following = 0xE000 if following == 0xD800 else following  # no text has half of a surrogate pair
    return [data_value.c.text_value < head[:-1] + chr(following)]


def _near_any(values: Sequence[Value]) -> list[ColumnElement[bool]]:
    texts = [_text(value)[:LONGEST] for value in values if not _is_number(value)]
    numbers = [to_double(value) for value in values if isinstance(value, (int, float)) and _is_number(value)]
    near: list[ColumnElement[bool]] = [data_value.c.text_value.in_(texts)] if texts else []
    return [*near, data_value.c.number_value.in_(numbers)] if numbers else near


def _text(value: Value) -> str:
    match value:
        case datetime():
            return fold_text(date_text(value))
        case bool():
            return "true" if value else "false"
        case _:
            return fold_text(str(value))
