"""A tree as text: as legacy criteria where they can say it, and in the typed language always."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import assert_never

from placet.query.ast import ME, And, Comparison, In, IsNull, Node, Not, Operator, Or, Value
from placet.query.criterion import TIME_OPERATORS
from placet.query.fields import Field, FieldType
from placet.query.times import format_time

_TIME_LETTERS = {operator: letters for letters, operator in TIME_OPERATORS.items()}


def to_criteria(node: Node | None) -> list[str] | None:
    """The legacy criteria that `parse_filters` reads as this tree, or None where they cannot say it."""
    if node is None:
        return []
    criteria = [_criterion(part) for part in (node.parts if isinstance(node, And) else (node,))]
    said = [criterion for criterion in criteria if criterion is not None]
    return said if len(said) == len(criteria) else None


def _criterion(node: Node) -> str | None:
    match node:
        case Comparison(field, operator, datetime() as moment) if operator in _TIME_LETTERS:
            return f"{field.name}={format_time(moment)}{_TIME_LETTERS[operator]}"
        case Comparison(field, Operator.EQ, value) if not isinstance(value, datetime):
            return f"{field.name}={'self' if value is ME else value}"
        case _:
            return None


def to_text(node: Node) -> str:
    """The tree in the typed language: `ProcessStatus = Running and CreationTime >= 2008-07-23T08:47:15.000Z`.

    What stands in quotes is text, escaped as in JSON; numbers, true, false, me, times and status names stand bare.
    """
    match node:
        case Comparison(field, operator, value):
            return f"{field.name} {operator.value} {_value(field, value)}"
        case In(field, values):
            return f"{field.name} in ({', '.join(_value(field, value) for value in values)})"
        case IsNull(field):
            return f"{field.name} is null"
        case Not(part):
            return f"not ({to_text(part)})"
        case And(parts):
            return " and ".join(_within(part, And, Or) for part in parts)
        case Or(parts):
            return " or ".join(_within(part, Or) for part in parts)
        case _:
            assert_never(node)


def _within(node: Node, *bracketed: type[Node]) -> str:
    return f"({to_text(node)})" if isinstance(node, bracketed) else to_text(node)


def _value(field: Field, value: Value) -> str:
    if value is ME:
        return "me"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    if field.type is FieldType.STATUS and isinstance(value, int):
        return field.label(value) or str(value)
    return json.dumps(value, ensure_ascii=False)
