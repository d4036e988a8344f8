"""Lists: which part is wanted, and all of a long one page by page as it is read."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from placet.directory.records import Cut, Page
from placet.errors import InvalidInput
from placet_api.answers import Answer, to_json
from placet_api.processmaker import texts
from placet_api.processmaker.answers import answer

Row = TypeVar("Row")
Read: TypeAlias = "Callable[[Cut], Awaitable[Page[Row]]]"
Render: TypeAlias = "Callable[[Row], dict[str, Any]]"

AT_ONCE = 1000  # rows that are read at a time
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)", re.ASCII)
_MOST = 2**31


def parse_cut(query: Mapping[str, str], start: str = "start", limit: str = "limit") -> Cut:
    """Which part is wanted; `start` and `limit` are what a message calls them."""
    first = _number(query.get("start"), start)
    most = _number(query.get("limit"), limit)
    return Cut(first or 0, most)


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not _NUMBER.fullmatch(text) or len(text) > 20 or int(text) < 0:
        raise InvalidInput(texts.NUMBER.format(name))
    return min(int(text), _MOST)


async def answer_list(cut: Cut, read: Read[Row], render: Render[Row]) -> Answer:
    """The rows of a list as a JSON array."""
    if cut.limit == 0:
        return answer([])
    first = await read(Cut(cut.start, _at_most(cut.limit)))
    if len(first.rows) < AT_ONCE or len(first.rows) == cut.limit:
        return answer([render(row) for row in first.rows])
    empty = answer([])
    return Answer(200, b"[", empty.headers, _parts(cut.limit, first, read, render))


def _at_most(limit: int | None) -> int:
    return AT_ONCE if limit is None else min(limit, AT_ONCE)


async def _parts(
    limit: int | None, page: Page[Row], read: Read[Row], render: Render[Row]
) -> AsyncGenerator[bytes, None]:
    """The array without its first bracket; each page is read when the one before has been sent."""
    left = limit
    while True:
        yield to_json([render(row) for row in page.rows])[1:-1]
        left = None if left is None else left - len(page.rows)
        if len(page.rows) < AT_ONCE or left == 0:
            break
        page = await read(Cut(limit=_at_most(left), after=page.last))
        if not page.rows:
            break
        yield b","
    yield b"]"
