"""Results of queries as they leave the house: JSON, a JSON object on each line, and CSV, page after page."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from placet.core.people import Directory
from placet.errors import InvalidFilter
from placet.query.fields import PROCESSES, FieldType, Resource
from placet.query.query import Table

#: The formats of a whole result, by their content types.
CONTENT_TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def cell(value: Any) -> Any:
    """A value of a table as JSON has it: times in ISO 8601, to the millisecond."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def cells(row: Sequence[Any]) -> list[Any]:
    return list(map(cell, row))


def objects(table: Table) -> list[dict[str, Any]]:
    """The rows of a table as JSON objects, by the names of its columns."""
    return [dict(zip(table.columns, cells(row), strict=True)) for row in table.rows]


def names_in(table: Table, resource: Resource, directory: Directory) -> Mapping[str, str]:
    """What people call those whose DNs are in a table, and definitions, by their DNs."""
    places = [place for place, name in enumerate(table.columns) if _is_dn(resource, name)]
    dns = {row[place] for row in table.rows for place in places} - {None}
    return {dn: directory.display_name(dn) for dn in sorted(dns)}


def _is_dn(resource: Resource, column: str) -> bool:
    through, _, name = column.rpartition(".")
    try:
        field = (PROCESSES if through == "Process" else resource).field(name)
    except InvalidFilter:  # a data item, or a column of groups
        return False
    return through in ("", "Process") and field.type is FieldType.DN


# -- whole results -------------------------------------------------------------------------------


async def parts_from(form: str, first: Table | None, pages: AsyncGenerator[Table, None]) -> AsyncGenerator[bytes, None]:
    """As `parts`, where the first page has been read already; the pages are closed with it."""

    async def every() -> AsyncIterator[Table]:
        if first is not None:
            yield first
        async for page in pages:
            yield page

    async with aclosing(pages):
        async for part in parts(form, every()):
            yield part


async def first_rows(pages: AsyncIterator[Table], limit: int | None) -> AsyncGenerator[Table, None]:
    """The pages of a result up to so many rows; None is all of them."""
    left = limit
    async for page in pages:
        yield page if left is None else replace(page, rows=page.rows[:left])
        left = None if left is None else left - len(page.rows)
        if left is not None and left <= 0:
            return


async def parts(form: str, pages: AsyncIterator[Table], *, begins: bool = True) -> AsyncGenerator[bytes, None]:
    """A whole result in one of the formats, a part for each of its pages; one that goes on has no head again."""
    first = begins
    async for page in pages:
        yield _WRITERS[form](page, first)
        first = first and form == "json" and not page.rows  # an array is begun by its first row
    if form == "json":
        yield b"[]\n" if first else b"\n]\n"


def _json(page: Table, first: bool) -> bytes:
    rows = b",\n".join(map(orjson.dumps, objects(page)))
    return (b"[\n" if first else b",\n") + rows if rows else b""


def _ndjson(page: Table, first: bool) -> bytes:
    return b"".join(orjson.dumps(each) + b"\n" for each in objects(page))


def _csv(page: Table, first: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)  # as RFC 4180 has it
    if first:
        writer.writerow(page.columns)
    writer.writerows([_in_csv(value) for value in row] for row in page.rows)
    return text.getvalue().encode()


def _in_csv(value: Any) -> str:
    """A value as text; what a spreadsheet would take for a formula has an apostrophe before it."""
    match cell(value):
        case None:
            return ""
        case str(text):
            return f"'{text}" if text.startswith(_FORMULA) else text
        case other:
            return orjson.dumps(other).decode()


_WRITERS: Mapping[str, Callable[[Table, bool], bytes]] = {"json": _json, "ndjson": _ndjson, "csv": _csv}
