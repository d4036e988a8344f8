"""Pages of these collections: at most so many rows, and a link to the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from placet.errors import InvalidInput
from placet_api.answers import Headers
from placet_api.params import Query, parse_limit
from placet_api.ris.request import Request

T = TypeVar("T")

PAGING = frozenset({"limit", "cursor"})
ROWS = 100  # of a page, unless a limit says otherwise


def limit_of(query: Query) -> int:
    return parse_limit(query.one("limit")) or ROWS


def cursor_of(query: Query, form: str) -> str | None:
    """The cursor of a query string, if it has one; `form` is the regular expression of what was given out."""
    cursor = query.one("cursor")
    if cursor is not None and not re.fullmatch(form, cursor):
        raise InvalidInput("This cursor was not given out for this collection; follow the link of the page before.")
    return cursor


def part(request: Request, found: Sequence[T], limit: int, cursor: Callable[[T], str]) -> tuple[Sequence[T], Headers]:
    """The rows of a page of which one more was read, and the header that leads to the next."""
    if len(found) <= limit:
        return found, ()
    asked = [each for each in request.query_string.decode().split("&") if each and not each.startswith("cursor=")]
    query = "&".join([*asked, f"cursor={cursor(found[limit - 1])}"])
    path = request.target.shape.replace("*", request.target.id)
    return found[:limit], ((b"link", request.render.links.next_page(path, query)),)
