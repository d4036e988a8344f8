"""What the two databases spell differently: one expression that is one thing on SQLite and another on PostgreSQL."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Boolean, ColumnElement, UnaryExpression, case, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import Text

from placet.store.types import Folded


class either(FunctionElement[Any]):  # noqa: N801  # it reads as one of SQLAlchemy's own
    """An expression with its spelling for each database."""

    name = "either"
    inherit_cache = True

    def __init__(self, *, sqlite: ColumnElement[Any], postgresql: ColumnElement[Any]) -> None:
        super().__init__(sqlite, postgresql)
        self.type = postgresql.type


@compiles(either, "sqlite")
def _on_sqlite(element: either, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(next(iter(element.clauses)), **kw)})"


@compiles(either, "postgresql")
def _on_postgresql(element: either, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(list(element.clauses)[1], **kw)})"


def unordered(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column of which SQLite does not think that an index gives it in order: it would rather read all of that."""
    plus = UnaryExpression(column, operator=custom_op("+"), type_=column.type)
    return either(sqlite=plus, postgresql=column)


def by_character(text: ColumnElement[Any]) -> ColumnElement[str]:
    """A text that is ordered by the numbers of its characters, whatever the language of the database."""
    return text if text.type is Folded else either(sqlite=text, postgresql=text.collate("C"))


def without_case(text: ColumnElement[Any]) -> ColumnElement[str]:
    """A text as `placet.query.folding.fold_text` folds it."""
    return by_character(func.placet_fold(text, type_=Text()))


def has_part(text: ColumnElement[Any], part: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a text has another in it."""
    return either(sqlite=func.instr(text, part) > 0, postgresql=func.strpos(text, part) > 0)


def begins_with(text: ColumnElement[Any], part: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a text begins with another."""
    return either(
        sqlite=func.substr(text, 1, func.length(part)) == part, postgresql=func.starts_with(text, part, type_=Boolean())
    )


def is_like(text: ColumnElement[Any], digits: str) -> ColumnElement[bool]:
    """Whether a text has the form of another in which each 0 stands for any digit."""
    return either(
        sqlite=text.op("GLOB", is_comparison=True)(digits.replace("0", "[0-9]")),
        postgresql=text.op("~", is_comparison=True)(f"^{re.escape(digits).replace('0', '[0-9]')}$"),
    )


def id_text(key: ColumnElement[Any]) -> ColumnElement[str]:
    """An id as hex digits."""
    return either(
        sqlite=func.lower(func.hex(key), type_=Text()), postgresql=func.encode(key, literal("hex"), type_=Text())
    )


def hex_text(number: ColumnElement[Any]) -> ColumnElement[str]:
    """A small number as four hex digits."""
    return either(
        sqlite=case((number.is_not(None), func.printf("%04x", number, type_=Text()))),
        postgresql=func.lpad(func.to_hex(number), 4, "0", type_=Text()),
    )
