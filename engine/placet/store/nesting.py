"""Trees as flat as they can be: SQLite's parser takes a statement no deeper than a hundred of its own steps."""

from __future__ import annotations

from typing import assert_never

from placet.errors import InvalidFilter
from placet.query.ast import And, Comparison, In, IsNull, Node, Not, Or, Related, all_of, any_of

#: Steps of the parser that a condition may take on the way to its deepest comparison.
DEEPEST = 64
_AND_OR, _NOT, _RELATED = 3, 4, 12


def flattened(node: Node) -> Node:
    """A tree that holds for the same rows, with `not` before single comparisons and relations only.

    Raises `InvalidFilter` for one that is too deep all the same.
    """
    flat = _flat(node)
    if _depth(flat) > DEEPEST:
        raise InvalidFilter(
            "The condition nests too deeply: about 20 changes between and and or, or 5 relations inside each other, "
            "are what the database takes. Write it flatter, for example with in (…), or ask in two steps."
        )
    return flat


def _flat(node: Node) -> Node:
    match node:
        case Not(part):
            return _negated(part)
        case And(parts):
            return all_of(map(_flat, parts))
        case Or(parts):
            return any_of(map(_flat, parts))
        case Related(relation, part):
            return Related(relation, _flat(part))
        case _:
            return node


def _negated(node: Node) -> Node:
    """What holds where a tree does not; there is no third answer."""
    match node:
        case Not(part):
            return _flat(part)
        case And(parts):
            return any_of(map(_negated, parts))
        case Or(parts):
            return all_of(map(_negated, parts))
        case _:
            return Not(_flat(node))


def _depth(node: Node) -> int:
    match node:
        case Comparison() | In() | IsNull():
            return 0
        case Not(part):
            return _NOT + _depth(part)
        case And(parts) | Or(parts):
            return _AND_OR + max(map(_depth, parts))
        case Related(_, part):
            return _RELATED + _depth(part)
        case _:
            assert_never(node)
