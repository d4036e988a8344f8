"""Which operators fit which fields, and which fields can be compared with each other."""

from __future__ import annotations

from collections.abc import Mapping

from placet.query.ast import Operator
from placet.query.fields import Field, FieldType

_EQUAL = (Operator.EQ, Operator.NE)
_ORDER = (*_EQUAL, Operator.LT, Operator.LE, Operator.GT, Operator.GE)
_TEXT = (*_ORDER, Operator.CONTAINS, Operator.STARTSWITH)

#: The operators of each type of field; `in`, `between` and `is null` follow from them.
OPERATORS: Mapping[FieldType, tuple[Operator, ...]] = {
    FieldType.DN: _TEXT,
    FieldType.ID: _EQUAL,
    FieldType.NAME: _TEXT,
    FieldType.TEXT: _TEXT,
    FieldType.EXACT: _TEXT,
    FieldType.STATUS: _ORDER,
    FieldType.TIME: _ORDER,
    FieldType.NUMBER: _ORDER,
    FieldType.FLAG: _EQUAL,
    FieldType.DATA: _TEXT,
}


def comparable(left: Field, right: Field) -> bool:
    """Whether two fields of a row mean the same kind of thing: two people, two times, two data items, one status."""
    if left.type is not right.type or left.type is FieldType.ID:
        return False
    return left.person == right.person and dict(left.codes) == dict(right.codes)
