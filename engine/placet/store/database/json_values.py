"""JSON documents in SQL: the values of a member, each with its kind, spelled for both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Dialect,
    Double,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from placet.store.database.either import either
from placet.store.types import Document, to_double


class JsonNumber(TypeDecorator[Any]):
    """A number as JSON has it: any integer or decimal, compared by its digits."""

    impl = Double
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else NullType())  # SQLite knows best

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name == "postgresql" and value is not None:
            return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return to_double(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


@dataclass(frozen=True, slots=True, eq=False)
class JsonValue:
    """One value in a document: what kind it is, and what it is as each of the kinds that can be compared."""

    is_text: ColumnElement[bool]
    text: ColumnElement[str]
    is_number: ColumnElement[bool]
    number: ColumnElement[Any]
    is_flag: ColumnElement[bool]
    flag: ColumnElement[int]


Test = Callable[[JsonValue], ColumnElement[bool]]


def member(document: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """The member of a document as JSON, NULL where there is none."""
    on_postgresql = func.jsonb_extract_path(document, literal(name, Text()), type_=Document)
    return either(sqlite=document.op("->", return_type=JSON())(_path(name)), postgresql=on_postgresql)


def any_value(document: ColumnElement[Any], name: str, test: Test) -> ColumnElement[bool]:
    """Whether a member, or one of the values that it is a list of, passes a test."""
    return either(sqlite=_any_on_sqlite(document, name, test), postgresql=_any_on_postgresql(document, name, test))


def first_value(document: ColumnElement[Any], name: str) -> JsonValue:
    """A member, or the first of the values that it is a list of."""
    kind, value = _on_sqlite(document, _path(name))
    first_kind, first = _on_sqlite(document, _path(name) + "[0]")
    is_list = kind == "array"
    here = _sqlite_value(case((is_list, first_kind), else_=kind), case((is_list, first), else_=value))
    there = _jsonb(document, name)
    there = case((func.jsonb_typeof(there) == "array", func.jsonb_extract_path(there, "0", type_=JSONB())), else_=there)
    return _of_both(here, _postgresql_value(there))


def is_nothing(document: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether there is no such member, or it is null or a list without values."""
    kind, path = func.json_type(document, _path(name)), _path(name)
    here = or_(kind.is_(None), kind == "null", and_(kind == "array", func.json_array_length(document, path) == 0))
    there = _jsonb(document, name)
    empty = there == literal([], JSONB())
    return either(sqlite=here, postgresql=or_(there.is_(None), func.jsonb_typeof(there) == "null", empty))


def _of_both(here: JsonValue, there: JsonValue) -> JsonValue:
    names = JsonValue.__dataclass_fields__
    return JsonValue(*(either(sqlite=getattr(here, name), postgresql=getattr(there, name)) for name in names))


def _path(name: str) -> str:
    return f'$."{name}"'


def _on_sqlite(document: ColumnElement[Any], path: str) -> tuple[ColumnElement[str], ColumnElement[Any]]:
    return func.json_type(document, path, type_=Text()), func.json_extract(document, path)


def _any_on_sqlite(document: ColumnElement[Any], name: str, test: Test) -> ColumnElement[bool]:
    kind, value = _on_sqlite(document, _path(name))
    each = func.json_each(document, _path(name)).table_valued(column("type", Text()), column("value"))
    passing = select(literal(1)).select_from(each).where(test(_sqlite_value(each.c.type, each.c.value)))
    return or_(test(_sqlite_value(kind, value)), and_(kind == "array", exists(passing.correlate_except(each))))


def _sqlite_value(kind: ColumnElement[str], value: ColumnElement[Any]) -> JsonValue:
    return JsonValue(
        is_text=kind == "text",
        text=type_coerce(value, Text()),
        is_number=kind.in_(["integer", "real"]),
        number=type_coerce(value, JsonNumber()),
        is_flag=kind.in_(["true", "false"]),
        flag=type_coerce(value, Integer()),
    )


def _jsonb(document: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return func.jsonb_extract_path(document, literal(name, Text()), type_=JSONB())


def _any_on_postgresql(document: ColumnElement[Any], name: str, test: Test) -> ColumnElement[bool]:
    value = _jsonb(document, name)
    is_list = func.jsonb_typeof(value) == "array"
    values = case((is_list, value), else_=literal([], JSONB()))
    each = func.jsonb_array_elements(values).table_valued(column("value", JSONB()))
    passing = select(literal(1)).select_from(each).where(test(_postgresql_value(each.c.value)))
    return case((is_list, exists(passing.correlate_except(each))), else_=test(_postgresql_value(value)))


def _postgresql_value(value: ColumnElement[Any]) -> JsonValue:
    kind, text = func.jsonb_typeof(value), value.op("#>>", return_type=Text())(literal_column("'{}'"))
    return JsonValue(
        is_text=kind == "string",
        text=text,
        is_number=kind == "number",
        number=type_coerce(case((kind == "number", cast(text, Numeric()))), JsonNumber()),
        is_flag=kind == "boolean",
        flag=case((kind == "boolean", case((text == "true", 1), else_=0))),
    )
