"""What a field is compared with: a written value as one of the field's type, or an error that says what fits."""

from __future__ import annotations

import re
from typing import assert_never

from placet.errors import InvalidFilter, InvalidInput
from placet.query.ast import ME, Operator, Relative, Value
from placet.query.fields import Field, FieldType, Resource
from placet.query.fitting import comparable
from placet.query.moments import is_relative
from placet.query.paths import look_up
from placet.query.times import parse_time
from placet.query.values import FLAGS, number_of, read_value, refusal

_SELF = frozenset({"me", "self"})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{17}[+-]")  # begins like a time, so it is meant as one


def quoted_value(field: Field, text: str) -> Value:
    """The value that a quoted text is for a field; a person's may be any name, and none of them is oneself."""
    if field.type is FieldType.DN:
        return text
    if field.type is FieldType.TIME:
        return Relative(text.casefold()) if is_relative(text) else _time(field, text)
    return read_value(field, text)


def bare_value(field: Field, text: str, resource: Resource, through: str | None) -> Value:
    """The value that a word without quotes is for a field of `resource`, which was asked for `through` a relation."""
    word = text.casefold()
    if word in _SELF:
        return _oneself(field, text)
    if field.type is FieldType.STATUS:
        return _status(field, text, resource, through)
    other = _other_field(text, resource, through)
    if other is not None:
        return _checked(field, other, text)
    match field.type:
        case FieldType.DN | FieldType.NAME | FieldType.TEXT | FieldType.EXACT:
            return text
        case FieldType.TIME:
            return Relative(word) if is_relative(text) else _time(field, text)
        case FieldType.DATA:
            return _data_value(field, text)
        case FieldType.ID | FieldType.NUMBER | FieldType.FLAG:
            return read_value(field, text)
        case _:
            assert_never(field.type)


def codes_like(field: Field, operator: Operator, text: str) -> tuple[int, ...]:
    """The integers of a status whose names contain a text, or start with it: `Kind startswith work_item.`"""
    asked = text.casefold()
    is_like = str.startswith if operator is Operator.STARTSWITH else str.__contains__
    return tuple(code for name, code in field.codes.items() if is_like(name.casefold(), asked))


def _oneself(field: Field, text: str) -> Value:
    if not field.person and field.type is not FieldType.DATA:
        raise refusal(field, text, "means whoever asks, and this is no person; quote it if it is meant as text")
    return ME


def _status(field: Field, text: str, resource: Resource, through: str | None) -> Value:
    try:
        return read_value(field, text)
    except InvalidFilter:
        other = _other_field(text, resource, through)
        if other is None:
            raise
    return _checked(field, other, text)


def _data_value(field: Field, text: str) -> Value:
    word = text.casefold()
    if word in FLAGS:
        return FLAGS[word]
    if is_relative(text):
        return Relative(word)
    if _DATE.match(text):
        return _time(field, text)
    number = number_of(text)
    return text if number is None else number


def _time(field: Field, text: str) -> Value:
    try:
        return parse_time(text)
    except InvalidInput as failure:
        ways = "Relative times are now, today, -7d or today-2w"
        ways += "; quote it if it is meant as text." if field.type is FieldType.DATA else "."
        raise InvalidFilter(f"{field.name}: {failure.message} {ways}", field.name) from None


def _other_field(text: str, resource: Resource, through: str | None) -> Field | None:
    """The field of the same row that a word names; the relation may be said again, since the row is the same."""
    head, dot, rest = text.partition(".")
    if through is not None and dot and head.casefold() == through.casefold():
        text = rest
    found = look_up(text, resource)
    if found is not None and found.relation is not None:
        raise InvalidFilter(f"{text} is of another row; a field is compared with one of its own row.", text[:40])
    return None if found is None else found.field


def _checked(field: Field, other: Field, text: str) -> Field:
    if not comparable(field, other):
        wrong = (
            f"is the name of a field ({other.type.value}), which {field.name} ({field.type.value}) is not compared with"
        )
        raise refusal(field, text, f"{wrong}; quote it if it is meant as text")
    return other
