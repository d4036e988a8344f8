"""Whether a tree holds for given facts: the yardstick that the SQL of a filter is tested against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

from placet.query.ast import ME, And, Comparison, In, IsNull, Node, Not, Operator, Or, Related, Relative, Value
from placet.query.fields import Field, FieldType
from placet.query.folding import fold_text
from placet.query.names import fold_dn
from placet.query.times import cut, date_text

#: How a data item keeps a time, so that the order of texts is the order of times.
STORED_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def holds(node: Node, facts: Mapping[str, Any]) -> bool:
    """Whether a tree holds for `facts`, which map the public name of each field to its value or None.

    Data items stand under `Data.name` and may be missing; the rows of a relation stand under its name, as a list of
    facts. There is no third answer as in SQL: a comparison with None or between two kinds of values is false, `Not` is
    exactly the negation, and `!=` is the negation of `=` (so `!=` holds where there is no value).
    Text is compared as `folded` says and ordered by code point. A data item of several values is compared by any of
    them, one without values is null; with a time it is compared where it is a text in the form `STORED_TIME`.
    `ME` and moments of the asking must have been resolved.
    """
    match node:
        case Comparison(field, Operator.NE, value):
            return not _compares(field, Operator.EQ, value, facts)
        case Comparison(field, operator, value):
            return _compares(field, operator, value, facts)
        case In(field, values):
            return any(_compares(field, Operator.EQ, value, facts) for value in values)
        case IsNull(field):
            return _fact(field, facts) in (None, [], ())
        case Related(relation, part):
            return any(holds(part, row) for row in facts[relation.name])
        case Not(part):
            return not holds(part, facts)
        case And(parts):
            return all(holds(part, facts) for part in parts)
        case Or(parts):
            return any(holds(part, facts) for part in parts)
        case _:
            assert_never(node)


def folded(field: Field, text: str) -> str:
    """The form in which a field's texts are compared, for facts and for values alike."""
    match field.type:
        case FieldType.DN:
            return fold_dn(text)
        case FieldType.NAME:
            return text.casefold()
        case FieldType.TEXT | FieldType.DATA:
            return fold_text(text)
        case _:
            return text


def _compares(field: Field, operator: Operator, value: Value, facts: Mapping[str, Any]) -> bool:
    if value is ME or isinstance(value, Relative):
        raise ValueError(f"{field.name} is compared with what only the asking tells; resolve_me or resolve comes first")
    asked = _each(_fact(value, facts)) if isinstance(value, Field) else [value]
    return any(_compare(field, operator, fact, other) for fact in _each(_fact(field, facts)) for other in asked)


def _fact(field: Field, facts: Mapping[str, Any]) -> Any:
    return facts.get(field.name) if field.type is FieldType.DATA else facts[field.name]


def _each(fact: Any) -> Any:
    return fact if isinstance(fact, (list, tuple)) else [fact]


def _compare(field: Field, operator: Operator, fact: Any, value: Any) -> bool:
    """Whether one fact stands in the relation `operator` to one value, both as the field's values are compared."""
    if field.type is FieldType.DATA and isinstance(value, datetime) and isinstance(fact, str):
        return STORED_TIME.fullmatch(fact) is not None and _ordered(operator, fact, date_text(value))
    fact, value = _comparable(field, fact), _comparable(field, value)
    return _kind(fact) is _kind(value) and _ordered(operator, fact, value)


def _ordered(operator: Operator, fact: Any, value: Any) -> bool:
    match operator:
        case Operator.EQ:
            return bool(fact == value)
        case Operator.NE:
            return bool(fact != value)
        case Operator.LT:
            return bool(fact < value)
        case Operator.LE:
            return bool(fact <= value)
        case Operator.GT:
            return bool(fact > value)
        case Operator.GE:
            return bool(fact >= value)
        case Operator.CONTAINS:
            return isinstance(fact, str) and value in fact
        case Operator.STARTSWITH:
            return isinstance(fact, str) and fact.startswith(value)
        case _:
            assert_never(operator)


def _comparable(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        return folded(field, value)
    return cut(value) if isinstance(value, datetime) else value


def _kind(value: object) -> object:
    """What may be compared with what: integers, statuses and decimals with each other, but none with a boolean.

    What is nothing, an object or a list is like nothing, itself included.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float
    return type(value) if isinstance(value, (str, bool, datetime)) else object()
