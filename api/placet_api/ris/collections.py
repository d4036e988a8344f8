"""Collections: a page of them where a `limit` is given, else all of it, page after page as it is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from placet.query.ast import Node
from placet.query.criterion import parse_filters
from placet.query.fields import Resource
from placet_api.answers import Answer, Headers, to_json
from placet_api.params import MOST_ROWS, Paging, encode_cursor, parse_paging
from placet_api.ris.request import Request
from placet_api.ris.searches import PARAMETERS, Search


@dataclass(frozen=True, slots=True)
class Rows:
    """Part of a collection: each row as JSON text, and the cursor behind each."""

    texts: Sequence[str]
    cursor: Callable[[int], tuple[Any, ...]]


#: Reads at most so many rows: of whom, which, from where on.
Read: TypeAlias = "Callable[[Request, Node | None, Paging, int], Awaitable[Rows]]"


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection: what it is called, what can be asked of it, and how it is read: by filters, or by a query."""

    kind: str
    fields: Resource
    newest_first: bool
    of_items: bool
    read: Read
    search: Search

    async def answer(self, request: Request) -> Answer:
        query = request.query(PARAMETERS)
        if any(query.one(name) is not None for name in ("q", "zone")):
            return await self.search.answer(request, query)
        wanted = parse_filters(query.all("filter"), self.fields)
        paging = parse_paging(query, newest_first=self.newest_first, of_items=self.of_items)
        if paging.limit is not None:
            return await self._page(request, wanted, paging, paging.limit)
        first = await self.read(request, wanted, paging, MOST_ROWS)
        if len(first.texts) < MOST_ROWS:
            return request.answer_text(_array(first.texts))
        empty = request.answer([])
        return Answer(200, b"[", empty.headers, self._parts(request, wanted, paging, first))

    async def _page(self, request: Request, wanted: Node | None, paging: Paging, limit: int) -> Answer:
        rows = await self.read(request, wanted, paging, limit + 1)  # one more tells whether there is another page
        headers: Headers = ()
        if len(rows.texts) > limit:
            asked = [part for part in request.query_string.decode().split("&") if not part.startswith("cursor=")]
            query = "&".join([*asked, f"cursor={encode_cursor(rows.cursor(limit - 1))}"])
            headers = ((b"link", request.render.links.next_page(self.kind, query)),)
        return request.answer_text(_array(rows.texts[:limit]), headers=headers)

    async def _parts(
        self, request: Request, wanted: Node | None, paging: Paging, rows: Rows
    ) -> AsyncGenerator[bytes, None]:
        """The JSON array without its first bracket; each page is read when the one before has been sent."""
        debug = request.target.debug
        ending = b"\n]" if debug else b"]"
        while True:
            written = _array(rows.texts)
            if debug:
                written = to_json(orjson.loads(written), indented=True)
            yield written[1 : -len(ending)]
            if len(rows.texts) < MOST_ROWS:
                break
            behind = Paging(None, paging.newest_first, rows.cursor(len(rows.texts) - 1))
            rows = await self.read(request, wanted, behind, MOST_ROWS)
            if not rows.texts:
                break
            yield b","
        yield ending


def _array(texts: Sequence[str]) -> bytes:
    return f"[{','.join(texts)}]".encode()
