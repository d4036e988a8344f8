"""Collections: a page of them where a `limit` is given, else all of it, page after page as it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from placet import FoundProcess, FoundWorkItem, cursor_of
from placet.query.ast import Node
from placet.query.criterion import parse_filters
from placet.query.fields import Resource
from placet_api.answers import Answer, Headers, to_json
from placet_api.params import MOST_ROWS, PAGING, Paging, Query, encode_cursor, parse_paging
from placet_api.ris.request import Request

F = TypeVar("F", FoundProcess, FoundWorkItem)


class Find(Protocol[F]):
    """A search of the engine."""

    def __call__(
        self, filters: Node | None, *, actor: str, limit: int, after: tuple[Any, ...] | None, newest_first: bool
    ) -> Awaitable[list[F]]: ...


@dataclass(frozen=True, slots=True)
class Collection(Generic[F]):
    """One collection: what it is called, what can be asked of it, how it is found and how a row of it is written."""

    kind: str
    fields: Resource
    newest_first: bool
    of_items: bool
    find: Callable[[Request], Find[F]]
    value: Callable[[Request, F], Any]

    async def answer(self, request: Request) -> Answer:
        query = request.query(PAGING)
        wanted = parse_filters(query.all("filter"), self.fields)
        paging = parse_paging(query, newest_first=self.newest_first, of_items=self.of_items)
        if paging.limit is not None:
            return await self._page(request, query, wanted, paging, paging.limit)
        first = await self._read(request, wanted, paging, MOST_ROWS)
        if len(first) < MOST_ROWS:
            return request.answer([self.value(request, row) for row in first])
        empty = request.answer([])
        return Answer(200, b"[", empty.headers, self._parts(request, wanted, paging, first))

    async def _page(self, request: Request, query: Query, wanted: Node | None, paging: Paging, limit: int) -> Answer:
        rows = await self._read(request, wanted, paging, limit + 1)  # one more tells whether there is another page
        headers: Headers = ()
        if len(rows) > limit:
            rows.pop()
            pairs = [pair for pair in query.pairs if pair[0] != "cursor"]
            pairs.append(("cursor", encode_cursor(cursor_of(rows[-1]))))
            headers = ((b"link", request.render.links.next_page(self.kind, pairs)),)
        return request.answer([self.value(request, row) for row in rows], headers=headers)

    async def _parts(
        self, request: Request, wanted: Node | None, paging: Paging, rows: list[F]
    ) -> AsyncIterator[bytes]:
        """The JSON array without its first bracket; each page is read when the one before has been sent."""
        debug = request.target.debug
        ending = b"\n]" if debug else b"]"
        while True:
            written = to_json([self.value(request, row) for row in rows], indented=debug)
            yield written[1 : -len(ending)]
            if len(rows) < MOST_ROWS:
                break
            rows = await self._read(request, wanted, Paging(None, paging.newest_first, cursor_of(rows[-1])), MOST_ROWS)
            if not rows:
                break
            yield b","
        yield ending

    async def _read(self, request: Request, wanted: Node | None, paging: Paging, limit: int) -> list[F]:
        find = self.find(request)
        return await find(
            wanted, actor=request.actor.dn, limit=limit, after=paging.after, newest_first=paging.newest_first
        )
