"""What callers give, in the form that is stored; what cannot be meant is refused before anything is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from placet.core.ids import is_id
from placet.core.records import split_work_item_id
from placet.core.statuses import Action
from placet.errors import InvalidInput, NotFound
from placet.query.ast import Node
from placet.query.criterion import parse_filters
from placet.query.fields import Resource
from placet.store.page import Page
from placet.store.trail import Position

#: One filter, several that all have to hold, or a tree of `placet.query`.
Filters: TypeAlias = "str | Sequence[str] | Node | None"

_MOST_ROWS = 2**31 - 1
_POSITION = re.compile(r"[0-9]{1,18}-[0-9]{1,18}")


def id_of(text: str, what: str = "process") -> str:
    """An id in its stored form; raises `NotFound` for what cannot be one, and `InvalidInput` for what is no text."""
    if not isinstance(text, str):
        raise InvalidInput(f"The id of a {what} is a text of 32 hex digits, not {text!a:.60}.")
    folded = text.lower()
    if not is_id(folded):
        raise NotFound(f"There is no {what} {text[:40]!r}; an id is 32 hex digits.")
    return folded


def place_of_item(item_id: str, what: str = "work item") -> tuple[str, int]:
    """The process id and the number behind the id of a work item or incident; raises `NotFound` for no such id."""
    return split_work_item_id(id_of(item_id, what))


def action_of(action: str | Action) -> Action:
    if isinstance(action, Action):
        return action
    try:
        return Action[action.upper()]
    except (KeyError, AttributeError):
        known = ", ".join(each.name.lower() for each in Action)
        raise InvalidInput(f"{action!r} is not an action; the actions are {known}.") from None


def filter_of(filters: Filters, resource: Resource) -> Node | None:
    if isinstance(filters, str):
        return parse_filters([filters], resource)
    return parse_filters(filters, resource) if isinstance(filters, Sequence) else filters


def page_of(limit: int, after: tuple[Any, ...] | None, newest_first: bool, *, of_items: bool) -> Page:
    if not 0 <= limit <= _MOST_ROWS:
        raise InvalidInput(f"limit: {limit} does not work; give a number from 0 to {_MOST_ROWS}.")
    if after is not None and not (_ends_items(after) if of_items else _ends_processes(after)):
        raise InvalidInput(
            f"after: {after!r} is no place in this collection; give what cursor_of gave for its last row."
        )
    return Page(limit, after, newest_first)


def _ends_processes(after: object) -> bool:
    match after:
        case (str(process_id),):
            return is_id(process_id)
        case _:
            return False


def _ends_items(after: object) -> bool:
    match after:
        case (datetime() as created_at, str(process_id), int(number)):
            return created_at.tzinfo is not None and is_id(process_id) and 0 <= number <= _MOST_ROWS
        case _:
            return False


def position_of(text: str) -> Position:
    if not _POSITION.fullmatch(text):
        raise InvalidInput(f"after: {text[:40]!r} is no position; give one that came with an event, or 0-0 for all.")
    return Position.parse(text)
