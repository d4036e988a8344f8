"""A result on the screen: its rows as far as they have been read, and which of them have changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from placet.core.records import split_work_item_id
from placet.query.fields import RESOURCES
from placet.query.query import Path, Table
from placet_api.cli.columns import Column
from placet_api.cli.output import Cell
from placet_api.cli.query_desk import KEYS, OF_A_PROCESS, Found, QueryDesk, Question, every_page, of_processes
from placet_api.cli.results import columns_for_people, in_columns, rows_for_people

PAGE = 100  # rows that are read at once
#: What is known of each row besides what is shown, so that it leads to what it is about.
_LEADS = KEYS | {"events": "ProcessId", "definitions": "DefinitionId", "users": "UserId"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is shown; `lead` is the id of what it is about, `process` that of its process."""

    key: str
    lead: str
    process: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Changes:
    """What has become of rows: those that are otherwise now, the keys of those that are gone, and how many are new."""

    changed: Sequence[Row]
    gone: Sequence[str]
    new: int


class Listing:
    """The rows of a query, page after page."""

    def __init__(self, queries: QueryDesk, asked: Question) -> None:
        self._queries, self.resource = queries, asked.resource
        self.is_grouped = bool(asked.query.group)
        asked = in_columns(asked)
        self._columns = tuple(path.name for path in asked.query.fields)
        self._asked = asked if self.is_grouped else _with_lead(asked)
        self._after, self._left = asked.query.cursor, asked.query.limit
        self._new: set[str] = set()
        self.columns: Sequence[Column] = ()
        self.rows: dict[str, Row] = {}
        self.is_whole = False

    async def more(self) -> list[Row]:
        """The rows of the next page; none once the result is whole."""
        if self.is_whole:
            return []
        size = PAGE if self._left is None else min(PAGE, self._left)
        found = await self._queries.page(self._asked, size, self._after) if size else Found(Table((), ()), {})
        self._after = found.table.cursor
        self._left = None if self._left is None else self._left - len(found.table.rows)
        self.is_whole = self._after is None or self._left == 0
        fresh = [row for row in self._read(found) if row.key not in self.rows]
        self.rows |= {row.key: row for row in fresh}
        return fresh

    async def again(self, processes: Iterable[str]) -> Changes:
        """Look again at the rows of these processes; what is new is counted and not put in."""
        if self.is_grouped or self.resource not in KEYS:
            return Changes((), (), 0)
        ids = set(processes)
        pages = [page async for page in every_page(self._queries, of_processes(self._asked, ids), None)]
        now = {row.key: row for page in pages for row in self._read(page)}
        touched = {id_[:OF_A_PROCESS] for id_ in ids}
        gone = [key for key, row in self.rows.items() if key[:OF_A_PROCESS] in touched and key not in now]
        changed = [row for key, row in now.items() if key in self.rows and self.rows[key] != row]
        self._new = {key for key in self._new if key[:OF_A_PROCESS] not in touched}
        self._new |= {key for key in now if key not in self.rows}
        for key in gone:
            del self.rows[key]
        self.rows |= {row.key: row for row in changed}
        return Changes(changed, gone, len(self._new))

    # -- rows ------------------------------------------------------------------------------------

    def _read(self, found: Found) -> list[Row]:
        """A page as it is shown: without the columns that nobody asked for, ids behind everything else."""
        table = found.table
        if self.is_grouped:
            self.columns = self.columns or columns_for_people(table.columns)
            return [Row(str(len(self.rows) + n), "", "", cells) for n, cells in enumerate(rows_for_people(found))]
        shown = Table(self._columns, [row[len(row) - len(self._columns) :] for row in table.rows])
        columns = columns_for_people(self._columns)
        order = sorted(range(len(columns)), key=lambda place: columns[place].title == "ID")
        self.columns = [columns[place] for place in order]
        rows: list[Row] = []
        for values, cells in zip(table.rows, rows_for_people(Found(shown, found.names)), strict=True):
            lead = str(values[0])
            key = lead if self.resource != "events" else f"{len(self.rows) + len(rows)}"
            rows.append(Row(key, lead, self._process_of(lead), [cells[place] for place in order]))
        return rows

    def _process_of(self, lead: str) -> str:
        match self.resource:
            case "processes" | "events":
                return lead
            case "workitems" | "incidents":
                return split_work_item_id(lead)[0]
        return ""


def _with_lead(asked: Question) -> Question:
    """The same question with the id of what each row is about before the columns that are shown."""
    query = asked.query
    lead = Path(RESOURCES[asked.resource].field(_LEADS[asked.resource]))
    return replace(asked, query=replace(query, fields=(lead, *query.fields)))
