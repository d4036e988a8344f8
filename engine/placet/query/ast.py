"""The tree that every filter and query is read into; both the legacy filters and the typed language end here.

A tree is a value: it can be compared, hashed and shared. Fields in it are those of `placet.query.fields`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeAlias, assert_never

from placet.query.fields import Field


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

#: What a field is compared with; times are aware, UTC and whole milliseconds.
Value: TypeAlias = "str | int | float | bool | datetime | Me"


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


Node: TypeAlias = "Comparison | In | IsNull | Not | And | Or"


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


def resolve_me(node: Node, dn: str) -> Node:
    """The same tree with `dn` wherever it says `ME`."""
    match node:
        case Comparison(field, operator, value):
            return Comparison(field, operator, dn) if value is ME else node
        case In(field, values):
            return In(field, tuple(dn if value is ME else value for value in values))
        case IsNull():
            return node
        case Not(part):
            return Not(resolve_me(part, dn))
        case And(parts):
            return And(tuple(resolve_me(part, dn) for part in parts))
        case Or(parts):
            return Or(tuple(resolve_me(part, dn) for part in parts))
        case _:
            assert_never(node)


def fields_of(node: Node) -> frozenset[Field]:
    """Every field that a tree asks about."""
    match node:
        case Comparison() | In() | IsNull():
            return frozenset({node.field})
        case Not(part):
            return fields_of(part)
        case And(parts) | Or(parts):
            return frozenset().union(*(fields_of(part) for part in parts))
        case _:
            assert_never(node)
