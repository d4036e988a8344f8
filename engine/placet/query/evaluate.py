"""Whether a tree holds for given facts: the yardstick that the SQL of a filter is tested against."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, assert_never

from placet.query.ast import ME, And, Comparison, In, IsNull, Node, Not, Operator, Or
from placet.query.fields import Field, FieldType
from placet.query.names import fold_dn


def holds(node: Node, facts: Mapping[str, Any]) -> bool:
    """Whether a tree holds for `facts`, which map the public name of each field to its value or None.

    There is no third answer as in SQL: a comparison with None or between two kinds of values is false, `Not` is
    exactly the negation, and `!=` is the negation of `=` (so `!=` holds where there is no value).
    Text is compared without case, except where a field is EXACT, and ordered by code point.
    `ME` must have been resolved.
    """
    match node:
        case Comparison(field, operator, value):
            return compare(operator, _comparable(field, facts[field.name]), _comparable(field, value))
        case In(field, values):
            fact = _comparable(field, facts[field.name])
            return any(compare(Operator.EQ, fact, _comparable(field, value)) for value in values)
        case IsNull(field):
            return facts[field.name] is None
        case Not(part):
            return not holds(part, facts)
        case And(parts):
            return all(holds(part, facts) for part in parts)
        case Or(parts):
            return any(holds(part, facts) for part in parts)
        case _:
            assert_never(node)


def compare(operator: Operator, fact: Any, value: Any) -> bool:
    """Whether one folded fact stands in the relation `operator` to one folded value."""
    if operator is Operator.NE:
        return not compare(Operator.EQ, fact, value)
    if _kind(fact) is not _kind(value):
        return False
    match operator:
        case Operator.EQ:
            return bool(fact == value)
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
    if value is ME:
        raise ValueError(f"{field.name} is compared with whoever asks; resolve_me must come first")
    if isinstance(value, str):
        if field.type is FieldType.EXACT:
            return value
        return fold_dn(value) if field.type is FieldType.DN else value.casefold()
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=value.microsecond // 1000 * 1000)
    return value


def _kind(value: object) -> type[object]:
    """What may be compared with what: integers, statuses and decimals with each other, but none with a boolean."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float
    return type(value)
