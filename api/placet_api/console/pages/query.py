"""The query page: a bar, what it finds, and how to narrow it down. Its address is the query."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from placet.core.access import Act, is_same
from placet.core.names import common_name
from placet.errors import InvalidFilter, InvalidInput, NotAllowed, NotFound, PlacetError, QueryTooSlow
from placet.query.caret import caret_lines
from placet.query.fields import Field, FieldType
from placet.query.paths import find
from placet.query.query import Count, Path, Table
from placet_api.answers import Answer, json_answer
from placet_api.console.page import SAFE, Page
from placet_api.console.results.asked import Asked, asked_of, equal_to, of_page, parse_asked, query_url
from placet_api.console.results.bars import bars_of, group_addresses
from placet_api.console.results.columns import FACETS, PAGES, Column, columns_of, columns_of_groups, title_of
from placet_api.console.results.examples import EXAMPLES, NOTHING_YET
from placet_api.console.results.views import views_of
from placet_api.console.routes import get
from placet_api.errors import status_of

ROWS = 50  # of a page, unless the query has a limit
_MOST_ROWS = 500
TITLES = {
    "processes": "Processes",
    "workitems": "Work items",
    "events": "Events",
    "incidents": "Incidents",
    "definitions": "Definitions",
    "users": "Users",
}
_MOST_VALUES = 12  # of a facet
_BY_ID = frozenset({"processes", "workitems", "definitions", "users"})  # of these no two rows have the same id
_NEEDS = {"incidents": Act.RETRY, "users": Act.MANAGE_PEOPLE}
#: What happens to rows of these is told by events, so that a page of them can be kept up to date.
_LIVE = frozenset({"processes", "workitems", "events", "incidents"})


async def show(page: Page) -> Answer:
    """The whole page; what is wrong with a query is shown beside it."""
    of, text = of_page(page), page.asked("q")
    values: dict[str, Any] = {"of": of, "text": text, "asked": None, "fault": None, "titles": TITLES}
    values |= {
        "tabs": _tabs(page, of),
        "views": await views_of(page),
        "examples": EXAMPLES[of],
        "nothing_yet": NOTHING_YET[of],
    }
    try:
        asked = parse_asked(of, text)
        values |= {"asked": asked} | await _found(page, asked)
    except (InvalidInput, NotAllowed, QueryTooSlow) as failure:
        if page.is_partial:
            raise
        values["fault"] = _fault(page, of, failure)
        return page.render("query/query.html", status=status_of(failure), **values)
    return page.render("query/query.html", **values)


async def rows(page: Page) -> Answer:
    """The rows of one page of a result, for a script that has the ones before; to anybody else the page itself."""
    if not page.is_partial:
        return await show(page)
    asked = asked_of(page)
    return page.fragment("query/rows.html", **await _table(page, asked))


async def count(page: Page) -> Answer:
    """How many rows a result has."""
    asked = asked_of(page)
    return page.fragment("query/count.html", of=asked.of, titles=TITLES, count=await _count(page, asked))


async def facet(page: Page) -> Answer:
    """How often each value of a field occurs in a result."""
    asked = asked_of(page)
    field = asked.resource.field(page.asked("field"))
    found = await page.engine.facet(
        field.name, asked.besides(field), asked.of, actor=page.person.dn, limit=_MOST_VALUES, zone=page.zone.key
    )
    entries = [(value, many, *await _choice(page, asked, field, value)) for value, many in found.values]
    values: dict[str, Any] = {"column": columns_of([Path(field)])[0], "entries": entries, "exact": found.exact}
    if page.is_partial:
        return page.fragment("query/facet.html", **values)
    return page.render("query/values.html", of=asked.of, text=asked.text, **values)


async def _choice(page: Page, asked: Asked, field: Field, value: Any) -> tuple[bool, str]:
    """Whether a query asks for this value by now, and where it leads to choose it, or not to choose it any more."""
    wanted = field.codes.get(value, await _written(page, field, value))
    if wanted is not None and wanted == asked.chosen(field):
        return True, query_url(page, asked.of, asked.without(field))
    return False, query_url(page, asked.of, asked.where(equal_to(field, wanted)))


async def explain(page: Page) -> Answer:
    """How the database runs a query."""
    of, text = of_page(page), page.asked("q")
    found = await page.engine.explain(text, of, actor=page.person.dn, zone=page.zone.key)
    if page.is_partial:
        return page.fragment("query/explanation.html", found=found)
    return page.render("query/explain.html", found=found, of=of, text=text)


async def complete(page: Page) -> Answer:
    """How a query may go on, for the bar's script."""
    text, at = page.asked_raw("q"), page.asked("at")
    place = min(int(at), len(text)) if at.isdecimal() and len(at) < 6 else len(text)
    found = await page.engine.complete(text, place, of_page(page), actor=page.person.dn)
    return json_answer(
        [{"start": each.start, "text": each.text, "kind": each.kind, "hint": each.hint} for each in found],
        headers=SAFE,
    )


async def choose_columns(page: Page) -> Answer:
    """The same query with the columns that were ticked, and those that were named besides."""
    asked = asked_of(page)
    named = [each for each in page.asked("more").replace(",", " ").split() if each]
    paths: dict[Path, None] = {}
    for name in [*page.query.all("column"), *named]:
        found = find(name, asked.resource)
        if found.relation is not None and not found.relation.single:
            raise InvalidInput(f"{name[:60]!r} cannot be a column: there are several for each row.")
        paths[Path(found.field, found.relation)] = None
    return page.redirect(query_url(page, asked.of, asked.with_columns(list(paths))))


# -- what is found -------------------------------------------------------------------------------


async def _found(page: Page, asked: Asked) -> dict[str, Any]:
    """What the page shows of a query: its rows, how many there are, and what else one may ask."""
    found = await _table(page, asked)
    found["count"] = await _count(page, asked)
    if asked.query.group:
        bars, upright = bars_of(page, asked, found["table"])
        return found | {"bars": bars, "upright": upright}
    found["facets"] = [(name, title_of(name)) for name in FACETS[asked.of].split()]
    found["is_live"] = asked.of in _LIVE
    found["choosable"] = [(each.name, each.title, each.path in asked.shown) for each in _choosable(asked)]
    found["reset"] = query_url(page, asked.of, asked.with_columns(()))
    return found


async def _table(page: Page, asked: Asked) -> dict[str, Any]:
    """One page of rows, with where each of them leads, and where the next page is."""
    table = await page.engine.query(
        asked.run,
        asked.of,
        actor=page.person.dn,
        limit=_limit(page, asked),
        after=page.asked("cursor") or asked.query.cursor,
        zone=page.zone.key,
    )
    columns = columns_of_groups(asked.query.group) if asked.query.group else columns_of(asked.shown)
    return {
        "table": table,
        "columns": columns,
        "keys": [_key(asked, row) for row in table.rows],
        "addresses": _addresses(page, asked, table),
        "links": {each.name: query_url(page, asked.of, asked.sorted_by(each.path)) for each in columns},
        "next": _next(page, asked, table),
    }


def _limit(page: Page, asked: Asked) -> int:
    """How many rows a page has: what a script asks for that has so many before it, else what the query says."""
    wanted = page.asked("rows")
    known = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 0
    return min(known or asked.query.limit or ROWS, _MOST_ROWS)


def _key(asked: Asked, row: Sequence[Any]) -> str:
    """What tells a row from all others, before and after it has changed."""
    if asked.of in _BY_ID and not asked.query.group:
        return str(row[asked.run.fields.index(asked.id_path)])
    return sha256(repr(row).encode()).hexdigest()[:16]


def _addresses(page: Page, asked: Asked, table: Table) -> list[str | None]:
    """For each row the page that it leads to; groups lead to their rows."""
    if asked.query.group:
        return list(group_addresses(page, asked, table.rows))
    place = asked.run.fields.index(asked.id_path)
    return [page.url(PAGES[asked.id_path.field.name], row[place]) if row[place] else None for row in table.rows]


def _next(page: Page, asked: Asked, table: Table) -> tuple[str, str] | None:
    """The next page, for a reader and for a script that goes on with the rows of this one."""
    if table.cursor is None:
        return None
    given = {"of": asked.of, "q": asked.text or None, "view": page.asked("view") or None, "cursor": table.cursor}
    return page.url("/query", **given), page.url("/query/rows", **given)


def _choosable(asked: Asked) -> list[Column]:
    """The columns that can be ticked: all fields, and what is shown besides."""
    paths = dict.fromkeys([*asked.shown, *map(Path, asked.resource.fields)])
    return columns_of(list(paths))


async def _count(page: Page, asked: Asked) -> Count | None:
    """How many rows there are; None where even an estimate takes too long."""
    try:
        return await page.engine.count(asked.text, asked.of, actor=page.person.dn, zone=page.zone.key)
    except QueryTooSlow:
        return None


def _tabs(page: Page, of: str) -> list[tuple[str, str, bool, None]]:
    """One for each resource that the person may search; each begins without a query."""
    return [
        (title, page.url("/query", of=name), name == of, None)
        for name, title in TITLES.items()
        if name not in _NEEDS or page.may(_NEEDS[name])
    ]


# -- in words ------------------------------------------------------------------------------------


async def _written(page: Page, field: Field, value: Any) -> Any:
    """A value as one would write it: of a person his user name, of a definition its name if it alone has that."""
    if value is None or field.type is not FieldType.DN:
        return value
    if field.person:
        person = page.engine.directory.person(value)
        return value if person is None else person.user_name
    name = common_name(value)
    with suppress(NotFound):
        found = await page.engine.definition(name, actor=page.person.dn)
        return name if is_same(found.dn, value) else value
    return value


def _fault(page: Page, of: str, failure: PlacetError) -> dict[str, Any]:
    """What the page says of a query that does not work: the words, the place, and what was probably meant."""
    fault: dict[str, Any] = {"words": failure.message, "lines": None, "place": None, "fixed": None}
    fault["is_slow"] = isinstance(failure, QueryTooSlow)
    if isinstance(failure, InvalidFilter) and failure.text is not None and failure.position is not None:
        fault |= {"lines": caret_lines(failure.text, failure.position), "place": failure.position}
        if (fixed := failure.corrected) is not None:
            fault["fixed"] = (failure.suggestion, query_url(page, of, fixed))
    return fault


ROUTES = (
    get("/query", show),
    get("/query/rows", rows),
    get("/query/count", count),
    get("/query/facet", facet),
    get("/query/explain", explain),
    get("/query/complete", complete),
    get("/query/columns", choose_columns),
)
