"""The tree that every filter and query is read into; both the legacy filters and the typed language end here.

A tree is a value: it can be compared, hashed and shared. Fields in it are those of `placet.query.fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeAlias, assert_never

from placet.query.fields import Field, Relation


class Operator(Enum):
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    CONTAINS = "contains"
    STARTSWITH = "startswith"


class Me(Enum):
    """Stands for whoever asks, until `resolve_me` puts a name in its place."""

    ME = "me"


ME = Me.ME


@dataclass(frozen=True, slots=True)
class Relative:
    """A moment that is known only when a query is asked: `now`, `today`, `-7d`, as it was written."""

    text: str


#: What a field is compared with: a value, whoever asks, a moment of the asking, or another field of the same row.
#: Times are aware, UTC and whole milliseconds.
Value: TypeAlias = "str | int | float | bool | datetime | Me | Relative | Field"


@dataclass(frozen=True, slots=True)
class Comparison:
    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    """The field equals one of `values`."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    field: Field


@dataclass(frozen=True, slots=True)
class Related:
    """At least one row of a relation fulfils `part`, whose fields are those of the rows there."""

    relation: Relation
    part: Node


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more parts hold; `all_of` builds it flat."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more parts holds; `any_of` builds it flat."""

    parts: tuple[Node, ...]


Node: TypeAlias = "Comparison | In | IsNull | Related | Not | And | Or"


def all_of(nodes: Iterable[Node]) -> Node:
    """One tree for one or more that must all hold, with no And directly inside an And."""
    parts = tuple(part for node in nodes for part in (node.parts if isinstance(node, And) else (node,)))
    return _joined(And, parts)


def any_of(nodes: Iterable[Node]) -> Node:
    """One tree for one or more of which one must hold, with no Or directly inside an Or."""
    parts = tuple(part for node in nodes for part in (node.parts if isinstance(node, Or) else (node,)))
    return _joined(Or, parts)


def _joined(kind: type[And] | type[Or], parts: tuple[Node, ...]) -> Node:
    if not parts:
        raise ValueError(f"{kind.__name__} needs at least one part")
    return parts[0] if len(parts) == 1 else kind(parts)


def with_values(node: Node, change: Callable[[Field, Operator, Value], Value]) -> Node:
    """The same tree with each value replaced by what `change` makes of it, its field and its operator."""
    match node:
        case Comparison(field, operator, value):
            return Comparison(field, operator, change(field, operator, value))
        case In(field, values):
            return In(field, tuple(change(field, Operator.EQ, value) for value in values))
        case IsNull():
            return node
        case Related(relation, part):
            return Related(relation, with_values(part, change))
        case Not(part):
            return Not(with_values(part, change))
        case And(parts):
            return And(tuple(with_values(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(with_values(part, change) for part in parts))
        case _:
            assert_never(node)


def resolve_me(node: Node, dn: str) -> Node:
    """The same tree with `dn` wherever it says `ME`."""
    return with_values(node, lambda field, operator, value: dn if value is ME else value)


def fields_of(node: Node) -> frozenset[Field]:
    """Every field that a tree asks about."""
    match node:
        case Comparison() | In() | IsNull():
            return frozenset({node.field})
        case Related():
            return frozenset()  # its fields are those of other rows
        case Not(part):
            return fields_of(part)
        case And(parts) | Or(parts):
            return frozenset().union(*(fields_of(part) for part in parts))
        case _:
            assert_never(node)
