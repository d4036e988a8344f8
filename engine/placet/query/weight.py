"""How much work the SQL of a condition makes before it is run: a bound beside those that the parser has."""

from __future__ import annotations

from typing import assert_never

from placet.errors import InvalidFilter
from placet.query.ast import And, Comparison, In, IsNull, Node, Not, Or, Related
from placet.query.fields import Field, FieldType

#: Tests of data items in one condition; each becomes a page of SQL, because an item may be of any kind or a list.
MOST_DATA = 20
_BESIDE_ANOTHER = 10  # what a comparison of two data items counts


def check_weight(node: Node) -> None:
    """Refuse a condition that asks for more data items than can be looked at."""
    if (weight := _weight(node)) > MOST_DATA:
        raise InvalidFilter(
            f"This asks about data items {weight} times, where one that is compared with another counts "
            f"{_BESIDE_ANOTHER} times; at most {MOST_DATA} are answered. Ask for several values of one with in (…)."
        )


def _weight(node: Node) -> int:
    match node:
        case Comparison(field, _, value):
            fields = [field, *([value] if isinstance(value, Field) else [])]
            return _BESIDE_ANOTHER if len(fields) == 2 and _has_data(fields) else int(_has_data(fields))
        case In(field, values):
            others = [value for value in values if isinstance(value, Field)]
            beside = [other for other in others if _has_data([field, other])]
            return _BESIDE_ANOTHER * len(beside) + int(_has_data([field]))
        case IsNull(field):
            return int(_has_data([field]))
        case Related(_, part) | Not(part):
            return _weight(part)
        case And(parts) | Or(parts):
            return sum(map(_weight, parts))
        case _:
            assert_never(node)


def _has_data(fields: list[Field]) -> bool:
    return any(field.type is FieldType.DATA for field in fields)
