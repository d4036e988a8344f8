"""`/v1/query/…`: the query language over everything that can be searched, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from placet.connectors.checks import unknown
from placet.errors import InvalidInput, NotFound
from placet.query.fields import RESOURCES
from placet.query.query import Completion, Explanation, Facet
from placet_api.answers import Answer, Headers
from placet_api.body import flag_of, name_of, text_of
from placet_api.negotiation import LONGEST_ACCEPT, content_type
from placet_api.params import MOST_ROWS, parse_limit
from placet_api.ris.request import Request
from placet_api.tables import CONTENT_TYPES, cell, cells, names_in, parts_from

OFFERED = ("application/json", "text/csv", "application/x-ndjson")
_FORMATS = {"text/csv": "csv", "application/x-ndjson": "ndjson"}
_COUNTS = ("exact", "estimated")
_NAMES = frozenset({"q", "limit", "cursor", "count", "facet", "explain", "zone"})
_ROWS = 100
_MOST_FACETS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """One query as a client puts it."""

    resource: str
    text: str = ""
    limit: int | None = None
    cursor: str | None = None
    count: str | None = None
    facets: Sequence[str] = ()
    explain: bool = False
    zone: str = "UTC"


async def run(request: Request) -> Answer:
    """A page of what a query finds, with what else is asked of it; as CSV or NDJSON all of it."""
    resource = resource_of(request)
    asked = await _of_body(request, resource) if request.method == "POST" else _of_query(request, resource)
    form = _FORMATS.get(content_type(request.header(b"accept")[:LONGEST_ACCEPT], OFFERED) or "")
    return await _page(request, asked) if form is None else await _whole(request, asked, form)


async def complete(request: Request) -> Answer:
    """How a query may go on at a place in it."""
    resource, query = resource_of(request), request.query({"q", "at"})
    text = query.one("q") or ""
    found = await request.engine.complete(text, _at(query.one("at"), text), resource, actor=request.actor.dn)
    return request.answer({"completions": [_completion(each) for each in found]})


def resource_of(request: Request) -> str:
    """The resource that the path names; raises `NotFound` for what cannot be searched."""
    if request.target.id not in RESOURCES:
        raise NotFound(unknown("resource", request.target.id, list(RESOURCES)))
    return request.target.id


# -- what is asked -------------------------------------------------------------------------------


def _of_query(request: Request, resource: str) -> Asked:
    query = request.query(_NAMES)
    return _checked(
        Asked(
            resource,
            query.one("q") or "",
            parse_limit(query.one("limit")),
            query.one("cursor"),
            query.one("count"),
            query.all("facet"),
            _flag(query.one("explain")),
            query.one("zone") or "UTC",
        )
    )


def _flag(text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise InvalidInput(f"explain: {text[:40]!r} does not work; give true or false.")
    return text == "true"


async def _of_body(request: Request, resource: str) -> Asked:
    request.query()
    body = await request.body()
    for name in body:
        if name not in _NAMES:
            raise InvalidInput(f"The body has {name[:40]!r}, which means nothing here; it takes {', '.join(_NAMES)}.")
    return _checked(
        Asked(
            resource,
            text_of(body, "q") or "",
            _limit(body.get("limit")),
            text_of(body, "cursor"),
            text_of(body, "count"),
            _texts(body, "facet"),
            flag_of(body, "explain") is True,
            text_of(body, "zone") or "UTC",
        )
    )


def _limit(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidInput(f"limit is {name_of(value)}; give a number from 1 to {MOST_ROWS}.")
    return parse_limit(None if value is None else str(value))


def _texts(body: Mapping[str, Any], name: str) -> Sequence[str]:
    value = body.get(name)
    listed = [value] if isinstance(value, str) else value or []
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise InvalidInput(f"{name} is {name_of(value)}; give the name of a field, or several in an array.")
    return listed


def _checked(asked: Asked) -> Asked:
    if asked.count not in (None, *_COUNTS):
        raise InvalidInput(f"count: {asked.count[:40]!r} does not work; give {' or '.join(_COUNTS)}.")
    if len(asked.facets) > _MOST_FACETS:
        raise InvalidInput(f"{len(asked.facets)} facets are too many; ask for {_MOST_FACETS} at most.")
    return asked


def _at(text: str | None, query: str) -> int:
    if text is None:
        return len(query)
    if not (text.isdecimal() and text.isascii() and len(text) < 7 and int(text) <= len(query)):
        raise InvalidInput(f"at: {text[:40]!r} is no place in the query; give a number from 0 to {len(query)}.")
    return int(text)


# -- what is answered ----------------------------------------------------------------------------


async def _page(request: Request, asked: Asked) -> Answer:
    with request.engine.in_one_limit():
        return request.answer(await _told(request, asked))


async def _told(request: Request, asked: Asked) -> dict[str, Any]:
    engine, resource, actor = request.engine, asked.resource, request.actor.dn
    text, zone = asked.text, asked.zone
    table = await engine.query(text, resource, actor=actor, limit=asked.limit or None, after=asked.cursor, zone=zone)
    value: dict[str, Any] = {
        "columns": table.columns,
        "rows": list(map(cells, table.rows)),
        "next": table.cursor,
        "names": names_in(table, RESOURCES[resource], engine.directory),
    }
    if asked.count is not None:
        count = await engine.count(text, resource, actor=actor, exact=asked.count == "exact", zone=zone)
        value["count"] = {"value": count.value, "exact": count.exact}
    if asked.facets:
        value["facets"] = [
            _facet(await engine.facet(each, text, resource, actor=actor, zone=zone)) for each in asked.facets
        ]
    if asked.explain:
        value["explanation"] = _explanation(await engine.explain(text, resource, actor=actor, zone=zone))
    return value


def _facet(facet: Facet) -> dict[str, Any]:
    values = [{"value": cell(value), "count": count} for value, count in facet.values]
    return {"field": facet.field, "values": values, "exact": facet.exact}


def _explanation(found: Explanation) -> dict[str, Any]:
    return {
        "text": found.text,
        "sql": found.sql,
        "indexes": found.indexes,
        "warning": found.warning,
        "plan": found.plan,
    }


def _completion(each: Completion) -> dict[str, Any]:
    return {"start": each.start, "text": each.text, "kind": each.kind, "hint": each.hint}


async def _whole(request: Request, asked: Asked, form: str) -> Answer:
    """Everything that a query finds, as it is read."""
    if asked.count or asked.facets or asked.explain:
        raise InvalidInput("count, facet and explain are answered as JSON alone; accept application/json for them.")
    pages = request.engine.query_pages(asked.text, asked.resource, actor=request.actor.dn, zone=asked.zone)
    first = await anext(pages, None)  # so that what is wrong with the query is answered as for any other
    headers: Headers = (
        (b"content-type", CONTENT_TYPES[form].encode()),
        (b"content-disposition", f'attachment; filename="{asked.resource}.{form}"'.encode()),
        (b"cache-control", b"no-store"),
    )
    if request.method == "HEAD":
        await pages.aclose()
        return Answer(200, headers=headers)
    return Answer(200, b"", headers, parts_from(form, first, pages))
