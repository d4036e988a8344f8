"""`placet query --watch`: a result, and then each row of it that is new or has changed, as it happens.

Every change of a process leaves an event. The stream of them says which processes to look at again, so that nothing is
missed and no row is printed twice as it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from placet.query.fields import RESOURCES
from placet.query.printer import to_text
from placet.query.query import Path, Table
from placet_api.cli.exits import WrongUsage
from placet_api.cli.output import print_rows, print_table, write
from placet_api.cli.query_desk import KEYS, OF_A_PROCESS, Found, QueryDesk, Question, every_page, of_processes
from placet_api.cli.results import columns_for_people, fields_for_people, in_columns, rows_for_people
from placet_api.tables import parts

if TYPE_CHECKING:
    from placet_api.cli.query import Shown


async def watch(desk: QueryDesk, asked: Question, shown: Shown, after: str | None) -> None:
    """Print what is, and go on with what happens until somebody stops it."""
    _check(asked, shown)
    if asked.resource == "events":
        await _watch_events(desk, asked, shown, after)
        return
    async with aclosing(desk.events("", None)) as pages:
        await anext(pages)  # what happens from here on is told, and what was before is in the result
        rows = _Rows(desk, asked, shown)
        await rows.print_all()
        async for page in pages:
            if page.events:
                await rows.print_changed({event["ProcessId"] for _, event in page.events})


def _check(asked: Question, shown: Shown) -> None:
    query = asked.query
    if asked.resource != "events" and asked.resource not in KEYS:
        raise WrongUsage(f"--watch works for {', '.join(KEYS)} and events; {asked.resource} leave no events.")
    if query.group or (query.fields and asked.resource == "events"):
        raise WrongUsage("--watch prints whole rows as they change; leave `group by`, and `fields` of events, out.")
    if shown.form == "json":
        raise WrongUsage("--watch never comes to the end of an array; give --format ndjson.")


# -- events ----------------------------------------------------------------------------------------


async def _watch_events(desk: QueryDesk, asked: Question, shown: Shown, after: str | None) -> None:
    text = "" if asked.query.where is None else to_text(asked.query.where)
    printer = _Printer(shown.form)
    async with aclosing(desk.events(text, after)) as pages:
        async for page in pages:
            rows = [{"Position": position, **event} for position, event in page.events]
            if rows:
                await printer.print(_table_of(rows, shown.form))


def _table_of(rows: list[dict[str, Any]], form: str) -> Found:
    columns = tuple(path.name for path in fields_for_people("events")) if form == "table" else tuple(rows[0])
    return Found(Table(columns, [tuple(row[name] for name in columns) for row in rows]), {})


# -- rows ------------------------------------------------------------------------------------------


class _Rows:
    """The rows of a result as they were last printed, by their keys."""

    def __init__(self, desk: QueryDesk, asked: Question, shown: Shown) -> None:
        if shown.form == "table":
            asked = in_columns(asked)
        key = Path(RESOURCES[asked.resource].field(KEYS[asked.resource]))
        fields = asked.query.fields
        self._asked = replace(asked, query=replace(asked.query, fields=(key, *fields) if fields else ()))
        self._is_added = bool(fields)  # the key, which nobody asked for, before the columns
        self._key = key.name
        self._desk, self._at_most, self._printer = desk, shown.at_most, _Printer(shown.form)
        self._seen: dict[str, tuple[Any, ...]] = {}

    async def print_all(self) -> None:
        async for page in every_page(self._desk, self._asked, self._at_most):
            await self._print(page)

    async def print_changed(self, process_ids: Iterable[str]) -> None:
        """Look again at the rows of these processes, and print those that are not as they were."""
        ids = set(process_ids)
        again = of_processes(self._asked, ids)
        pages = [page async for page in every_page(self._desk, again, None)]
        here = {self._key_of(page, row) for page in pages for row in page.table.rows}
        touched = {id_[:OF_A_PROCESS] for id_ in ids}
        self._seen = {key: row for key, row in self._seen.items() if key in here or key[:OF_A_PROCESS] not in touched}
        for page in pages:
            await self._print(page)

    def _key_of(self, page: Found, row: tuple[Any, ...]) -> str:
        return str(row[page.table.columns.index(self._key)])

    async def _print(self, page: Found) -> None:
        fresh = {self._key_of(page, row): row for row in page.table.rows}
        fresh = {key: row for key, row in fresh.items() if self._seen.get(key) != row}
        self._seen |= fresh
        skipped = 1 if self._is_added else 0
        table = Table(page.table.columns[skipped:], [row[skipped:] for row in fresh.values()])
        await self._printer.print(Found(table, page.names))


class _Printer:
    """Prints rows behind those before; what begins a table or a file comes once."""

    def __init__(self, form: str) -> None:
        self._form, self._has_begun = form, False

    async def print(self, found: Found) -> None:
        if not found.table.rows:
            return
        if self._form == "table":
            print_ = print_rows if self._has_begun else print_table
            print_(columns_for_people(found.table.columns), rows_for_people(found))
        else:
            async for part in parts(self._form, _one(found.table), begins=not self._has_begun):
                write(part)
        self._has_begun = True


async def _one(table: Table) -> AsyncIterator[Table]:
    yield table
