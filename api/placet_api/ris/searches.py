"""Collections by `q=`: what a query finds, in its order, as the objects that the collection has anyway."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from placet.errors import InvalidInput
from placet.query.ast import Node, all_of
from placet.query.criterion import parse_filters
from placet.query.fields import RESOURCES
from placet.query.parser import parse_query
from placet.query.query import Path, Query, Sort, Table
from placet_api import params
from placet_api.answers import Answer, Headers
from placet_api.params import PAGING, parse_limit
from placet_api.ris.request import Request

#: What may be given beside `q`.
PARAMETERS = PAGING | {"q", "zone"}

#: The objects with these ids as JSON text, by their ids.
Fetch: TypeAlias = "Callable[[Request, Sequence[str]], Awaitable[Mapping[str, str]]]"


@dataclass(frozen=True, slots=True)
class Search:
    """A collection at `path` whose rows are those of a `resource`, told apart by the field `key`.

    `always` is what holds of each of its rows, given what is asked; `order` is theirs where the query gives none.
    """

    path: str
    resource: str
    key: str
    fetch: Fetch
    order: str
    always: Callable[[Node | None], Node | None] = lambda wanted: None

    async def answer(
        self, request: Request, given: params.Query, beside: Node | None = None, *, rows: int | None = None
    ) -> Answer:
        """A page where a limit is given, else all or so many `rows`; `beside` is what other parameters ask for."""
        query = self._query(given, beside)
        query = replace(query, limit=query.limit or rows)
        zone = given.one("zone") or "UTC"
        if query.limit is None:
            return await self._whole(request, query, zone)
        table = await request.engine.query(query, self.resource, actor=request.actor.dn, zone=zone)
        headers = next_page(request, self.path, table.cursor)
        return request.answer_text(b"[%b]" % await self._texts(request, table), headers=headers)

    async def _whole(self, request: Request, query: Query, zone: str) -> Answer:
        pages = request.engine.query_pages(query, self.resource, actor=request.actor.dn, zone=zone)
        first = await anext(pages, None)  # so that what is wrong with the query is answered as for any other
        if first is None or first.cursor is None:
            await pages.aclose()
            return request.answer_text(b"[%b]" % (b"" if first is None else await self._texts(request, first)))
        return Answer(200, b"[", request.answer([]).headers, self._parts(request, first, pages))

    async def _parts(
        self, request: Request, first: Table, pages: AsyncGenerator[Table, None]
    ) -> AsyncGenerator[bytes, None]:
        async with aclosing(pages):
            yield await self._texts(request, first)
            async for page in pages:
                if texts := await self._texts(request, page):
                    yield b",%b" % texts
            yield b"]"

    async def _texts(self, request: Request, table: Table) -> bytes:
        ids = [row[0] for row in table.rows]
        found = await self.fetch(request, ids) if ids else {}
        return ",".join(found[id_] for id_ in ids if id_ in found).encode()

    def _query(self, given: params.Query, beside: Node | None) -> Query:
        """The query of the parameters together, for the ids alone."""
        query = asked_of(self.resource, given, self.order)
        wanted = [node for node in (query.where, beside) if node is not None]
        if (always := self.always(all_of(wanted) if wanted else None)) is not None:
            wanted.append(always)
        key = Path(RESOURCES[self.resource].field(self.key))
        return replace(query, where=all_of(wanted) if wanted else None, fields=(key,))


def next_page(request: Request, path: str, cursor: str | None) -> Headers:
    """The header that leads to the next page of a query; none behind the last."""
    if cursor is None:
        return ()
    asked = [part for part in request.query_string.decode().split("&") if part and not part.startswith("cursor=")]
    return ((b"link", request.render.links.next_page(path, "&".join([*asked, f"cursor={cursor}"]))),)


def asked_of(name: str, given: params.Query, order: str) -> Query:
    """What `q` and the parameters beside it ask of a resource together; `order` is where neither gives one.

    Raises `InvalidInput` for what is given twice, and for a query whose rows are not those of the resource.
    """
    resource = RESOURCES[name]
    query = parse_query(given.one("q") or "", resource)
    if query.group or query.fields:
        raise InvalidInput(
            "q: this collection has whole objects, so that neither `group by` nor `fields` mean anything in it; "
            f"ask /v1/query/{name} for them."
        )
    wanted = [node for node in (query.where, parse_filters(given.all("filter"), resource)) if node is not None]
    return replace(
        query,
        where=all_of(wanted) if wanted else None,
        sort=query.sort or _sort(given.one("sort") or order, name),
        limit=_once("limit", query.limit, parse_limit(given.one("limit"))),
        cursor=_once("cursor", query.cursor, given.one("cursor")),
    )


def _once(name: str, in_query: Any, beside: Any) -> Any:
    if in_query is not None and beside is not None:
        raise InvalidInput(f"{name} is given in q and as a parameter; give it once.")
    return beside if in_query is None else in_query


def _sort(text: str, resource: str) -> tuple[Sort, ...]:
    """The order of a parameter or of a collection: `CreationTime`, or `-CreationTime` for the newest first."""
    field = RESOURCES[resource].field(text.removeprefix("-"))
    return (Sort(Path(field), descending=text.startswith("-")),)
