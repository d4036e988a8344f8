"""The legacy filter of the contract (section 24.2.2): `Name=Value`, a time followed by EQ, LT, LE, GT or GE."""

from __future__ import annotations

from collections.abc import Sequence

from placet.errors import InvalidFilter
from placet.query.ast import Comparison, Node, Operator, all_of
from placet.query.fields import Field, FieldType, Resource
from placet.query.values import check_text, read_value, shown

MAX_LENGTH = 4096
MAX_CRITERIA = 100  # SQLite refuses expressions deeper than 1,000

TIME_OPERATORS = {
    "EQ": Operator.EQ,
    "LT": Operator.LT,
    "LE": Operator.LE,
    "GT": Operator.GT,
    "GE": Operator.GE,
}


def parse_filters(texts: Sequence[str], resource: Resource) -> Node | None:
    """One tree that asks for all of the criteria, or None where there are none; raises `InvalidFilter`."""
    if len(texts) > MAX_CRITERIA:
        raise InvalidFilter(f"{len(texts)} filters are too many; at most {MAX_CRITERIA} are read.")
    return all_of(parse_criterion(text, resource) for text in texts) if texts else None


def parse_criterion(text: str, resource: Resource) -> Comparison:
    """One criterion: `Recipient=cn=anna,ou=users,o=placet`, `CreationTime=20080723044715000-0400GE`."""
    check_text(text, MAX_LENGTH)
    name, equals, value = text.partition("=")
    if not equals:
        example = resource.fields[0].name
        raise InvalidFilter(f"The filter {shown(text)} has no =; write Name=Value, for example {example}=…")
    field = resource.field(name.strip())
    if field.type is FieldType.TIME:
        return _parse_time_criterion(field, value.strip())
    return Comparison(field, Operator.EQ, read_value(field, value))


def _parse_time_criterion(field: Field, text: str) -> Comparison:
    operator = TIME_OPERATORS.get(text[-2:].upper())
    if operator is None:
        raise InvalidFilter(
            f"{field.name}: {shown(text)} does not end in an operator; put one of {', '.join(TIME_OPERATORS)} "
            "behind the time, for example 20080723044715000-0400GE.",
            field.name,
        )
    return Comparison(field, operator, read_value(field, text[:-2]))
