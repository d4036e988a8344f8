"""What is typed behind `placet query`, as a question."""

from __future__ import annotations

from collections.abc import Sequence

from placet.errors import InvalidFilter
from placet.query.criterion import parse_filters
from placet.query.fields import RESOURCES
from placet.query.parser import parse_query, placed
from placet.query.query import Query
from placet_api.cli.query_desk import Question
from placet_api.cli.zone import local_zone


def read_question(texts: Sequence[str], resource: str) -> Question:
    """The query that words are together, else the filters `Name=Value` that each of them is.

    Raises `InvalidFilter` for what is neither, as of the query.
    """
    return Question(_read(texts, resource), resource, local_zone())


def as_typed(refusal: InvalidFilter, text: str, resource: str) -> InvalidFilter:
    """A refusal with its place in what was typed; the query that was asked may have columns beside it."""
    refusal.position = refusal.text = None
    try:
        return placed(refusal, text, RESOURCES[resource])
    except InvalidFilter:  # it was filters `Name=Value` that were typed
        return refusal


def _read(texts: Sequence[str], resource: str) -> Query:
    try:
        return parse_query(" ".join(texts), RESOURCES[resource])
    except InvalidFilter as failure:
        try:
            return Query(where=parse_filters(texts, RESOURCES[resource]))
        except InvalidFilter:
            raise failure from None
