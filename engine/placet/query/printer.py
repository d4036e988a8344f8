"""A tree as text: as legacy criteria where they can say it, and in the typed language always."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import assert_never

from placet.query.ast import ME, And, Comparison, In, IsNull, Node, Not, Operator, Or, Related, Relative, Value
from placet.query.criterion import TIME_OPERATORS
from placet.query.fields import Field, FieldType
from placet.query.query import Group, Query, Sort
from placet.query.times import date_text, format_time

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
        case Comparison(field, Operator.EQ, value) if not isinstance(value, (datetime, Relative, Field)):
            return f"{field.name}={'self' if value is ME else value}"
        case _:
            return None


def query_text(query: Query) -> str:
    """The query in the typed language: its condition, then what else it says, in the order of the grammar."""
    return " ".join(_parts(query))


def _parts(query: Query) -> Iterator[str]:
    if query.where is not None:
        yield to_text(query.where)
    if query.group:
        yield f"group by {', '.join(map(_group, query.group))}"
    if query.sort:
        yield f"sort {', '.join(map(_sort, query.sort))}"
    if query.fields:
        yield f"fields {', '.join(path.name for path in query.fields)}"
    if query.limit is not None:
        yield f"limit {query.limit}"
    if query.cursor is not None:
        yield f"cursor {_quoted(query.cursor)}"


def _group(group: Group) -> str:
    return group.path.name if group.bucket is None else f"{group.bucket}({group.path.name})"


def _sort(sort: Sort) -> str:
    return f"{sort.path.name} desc" if sort.descending else sort.path.name


def to_text(node: Node) -> str:
    """The tree in the typed language: `ProcessStatus = Running and CreationTime >= 2008-07-23T08:47:15.000Z`.

    What stands in quotes is text, escaped as in JSON; numbers, true, false, me, times, fields and status names stand
    bare. `parse_condition` reads it as the same tree.
    """
    match node:
        case Comparison() | In() | IsNull():
            return _test(node)
        case Related(relation, part):
            test = _single(part)
            return f"{relation.name}({to_text(part)})" if test is None else f"{relation.name}.{test}"
        case Not(part):
            return _negated(part) or f"not ({to_text(part)})"
        case And(parts):
            return " and ".join(_conjuncts(parts))
        case Or(parts):
            return " or ".join(_within(part, Or) for part in parts)
        case _:
            assert_never(node)


def _test(node: Comparison | In | IsNull, negation: str = "") -> str:
    match node:
        case Comparison(field, operator, value):
            return f"{field.name} {negation}{operator.value} {_value(field, value)}"
        case In(field, values):
            return f"{field.name} {negation}in ({', '.join(_value(field, value) for value in values)})"
        case IsNull(field):
            return f"{field.name} is {negation}null"
        case _:
            assert_never(node)


def _negated(node: Node) -> str | None:
    """The negation of a test that has a word of its own for it, as `not in`."""
    match node:
        case In() | IsNull() | Comparison(operator=Operator.CONTAINS | Operator.STARTSWITH):
            return _test(node, "not ")
        case _:
            return None


def _single(node: Node) -> str | None:
    """A tree as one test of one field, or None where it is more than that."""
    match node:
        case Comparison() | In() | IsNull():
            return _test(node)
        case Not(part):
            return _negated(part)
        case And((first, second)):
            return _between(first, second)
        case _:
            return None


def _conjuncts(parts: Sequence[Node]) -> Iterator[str]:
    rest = iter(range(len(parts)))
    for n in rest:
        between = _between(parts[n], parts[n + 1]) if n + 1 < len(parts) else None
        if between is not None:
            next(rest)
        yield between or _within(parts[n], And, Or)


def _between(lowest: Node, highest: Node) -> str | None:
    match lowest, highest:
        case Comparison(field, Operator.GE, low), Comparison(other, Operator.LE, high) if field == other:
            return f"{field.name} between {_value(field, low)} and {_value(field, high)}"
        case _:
            return None


def _within(node: Node, *bracketed: type[Node]) -> str:
    return f"({to_text(node)})" if isinstance(node, bracketed) else to_text(node)


def _value(field: Field, value: Value) -> str:
    match value:
        case datetime():
            return date_text(value)
        case Relative(text):
            return text
        case Field():
            return value.name
        case int() if field.type is FieldType.STATUS:
            return field.label(value) or str(value)
        case _:
            return "me" if value is ME else _quoted(value)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
