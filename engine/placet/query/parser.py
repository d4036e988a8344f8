"""The typed language: text to tree. The reference of the language has its grammar, which a test holds equal to this.

A query is read from left to right, each character a fixed number of times, and its bounds are checked on the way.
"""

from __future__ import annotations

from dataclasses import replace

from placet.errors import InvalidFilter
from placet.query.ast import Node
from placet.query.clauses import Clauses
from placet.query.conditions import Conditions
from placet.query.fields import Resource
from placet.query.query import Query
from placet.query.reader import Reader
from placet.query.values import check_text

MAX_LENGTH = 10_000
_ONESELF = frozenset({"me", "self"})


def parse_query(text: str, resource: Resource) -> Query:
    """The query that a text states: a condition, clauses, both or neither; raises `InvalidFilter`.

    For example `ProcessStatus = Running and Data.amount > 1000 sort CreationTime desc limit 20`.
    """
    check_text(text, MAX_LENGTH)
    return read_query(Reader(text), resource)


def parse_condition(text: str, resource: Resource) -> Node | None:
    """The condition that a text states, None for an empty one; raises `InvalidFilter`, also for a clause behind it."""
    check_text(text, MAX_LENGTH)
    reader = Reader(text)
    if reader.at_end:
        return None
    node = None if Clauses(reader, resource).stands_here() else Conditions(reader).read(resource)
    if Clauses(reader, resource).stands_here():
        clause = reader.token.text.casefold()
        raise reader.refusal(
            f"Only a condition stands here, and {clause} is no part of one; leave it out.", reader.token
        )
    reader.finish()
    return node


def placed(refusal: InvalidFilter, text: str, resource: Resource) -> InvalidFilter:
    """The same refusal of a value, now with its place; who is meant, say, is found out when a text has been read."""
    reader = Reader(text)
    read_query(reader, resource)
    spellings = _ONESELF if refusal.given == "me" else {refusal.given}
    found = next(
        (token for token in reader.values if token.text in spellings or token.text.casefold() in spellings), None
    )
    return refusal if found is None else refusal.at(found.start, text, found.end)


def read_query(reader: Reader, resource: Resource) -> Query:
    """The whole query that a reader has before it."""
    clauses = Clauses(reader, resource)
    is_bare = reader.at_end or clauses.stands_here()
    where = None if is_bare else Conditions(reader).read(resource)
    return replace(clauses.read(), where=where)
