"""Users by `q=`: what a query finds, in its order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from placet.directory import users
from placet.directory.records import Cut, UserFilter, UserRow
from placet.errors import InvalidInput
from placet.query.fields import USERS
from placet.query.parser import parse_query
from placet.query.query import Path, Query, Sort, Table
from placet_api.answers import Answer, to_json
from placet_api.processmaker.answers import answer
from placet_api.processmaker.lists import Render
from placet_api.processmaker.request import Request
from placet_api.tables import first_rows

_TOGETHER = frozenset({"q", "start", "limit"})
_ID, _LAST_NAME = (Path(USERS.field(name)) for name in ("UserId", "LastName"))


async def answer_query(request: Request, text: str, cut: Cut, render: Render[UserRow]) -> Answer:
    """The users that a query finds, from `start` on, as a JSON array."""
    query = _read(request, text)
    pages = request.engine.query_pages(replace(query, limit=None), "users", actor=request.actor.dn)
    limits = [each for each in (cut.limit, query.limit) if each is not None]
    tables = first_rows(_behind(pages, cut.start), min(limits, default=None))
    first = await anext(tables, None)  # so that what is wrong with the query is answered as for any other
    return Answer(200, b"[", answer([]).headers, _parts(request, first, tables, render))


def _read(request: Request, text: str) -> Query:
    if others := sorted(set(request.query) - _TOGETHER):
        raise InvalidInput(f"q goes with start and limit alone, not with {', '.join(others)[:100]}.")
    query = parse_query(text, USERS)
    if query.group or query.fields or query.cursor:
        raise InvalidInput(
            "q: this list has whole users and no cursor, so that `group by`, `fields` and `cursor` mean nothing in it; "
            "ask /v1/query/users for them."
        )
    return replace(query, fields=(_ID,), sort=query.sort or (Sort(_LAST_NAME),))


async def _behind(pages: AsyncGenerator[Table, None], start: int) -> AsyncGenerator[Table, None]:
    """The pages without their first rows."""
    async with aclosing(pages):
        async for page in pages:
            yield replace(page, rows=page.rows[start:])
            start = max(0, start - len(page.rows))


async def _parts(
    request: Request, first: Table | None, tables: AsyncIterator[Table], render: Render[UserRow]
) -> AsyncGenerator[bytes, None]:
    is_first, table = True, first
    while table is not None:
        ids = [row[0] for row in table.rows]
        found = await users.page(request.database, UserFilter(ids=ids), Cut()) if ids else None
        by_id = {row.id: row for row in found.rows} if found is not None else {}
        text = to_json([render(by_id[id_]) for id_ in ids if id_ in by_id])[1:-1]
        if text:
            yield text if is_first else b"," + text
            is_first = False
        table = await anext(tables, None)
    yield b"]"
