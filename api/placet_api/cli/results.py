"""How results of queries are printed: as tables for people, as JSON, NDJSON and CSV for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from placet.query.fields import RESOURCES
from placet.query.query import Count, Explanation, Path, Table
from placet_api.cli.columns import Column
from placet_api.cli.output import (
    Cell,
    day,
    moment,
    note,
    plain,
    print_fields,
    print_json,
    print_table,
    say,
    status,
    write,
)
from placet_api.cli.query_desk import Found, QueryDesk, Question, every_page
from placet_api.cli.tables import PROCESS_COLUMNS
from placet_api.tables import parts

if TYPE_CHECKING:
    from placet_api.cli.query import Shown


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of a table, and the fields that each shows: of two the second, once it says something."""

    columns: Sequence[Column]
    fields: Sequence[tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for fields in self.fields for name in fields)


_ID = Column("ID")
#: What is shown where a query names no fields, the ones that matter most first.
_LAYOUTS: Mapping[str, _Layout] = {
    "processes": _Layout(
        PROCESS_COLUMNS,
        [
            ("ProcessId",), ("Definition",), ("ProcessStatus", "ApprovalStatus"), ("Initiator",), ("CreationTime",),
            ("Recipient",), ("CompletionTime",),
        ],
    ),
    "workitems": _Layout(
        [
            _ID, Column("Definition", least=12), Column("Activity", least=8, rank=1),
            Column("Addressee", least=10, rank=1), Column("Since", rank=1), Column("Status", rank=1),
            Column("Initiator", rank=2), Column("Due", rank=2),
        ],
        [
            ("WorkId",), ("Definition",), ("ActivityId",), ("Addressee",), ("CreationTime",), ("Status",),
            ("Initiator",), ("DueTime",),
        ],
    ),
    "events": _Layout(
        [Column("At"), Column("What", least=16), Column("Process"), Column("By", rank=1), Column("Activity", rank=2)],
        [("Time",), ("Kind",), ("ProcessId",), ("Actor",), ("ActivityId",)],
    ),
    "incidents": _Layout(
        [_ID, Column("Since"), Column("Reason", least=20), Column("Activity", rank=1), Column("Resolved", rank=2)],
        [("IncidentId",), ("OpenTime",), ("Reason",), ("ActivityId",), ("ResolutionTime",)],
    ),
    "definitions": _Layout(
        [
            Column("Name", least=12), Column("Version", right=True), Column("Category", least=8, rank=1),
            Column("Retired", rank=1),
        ],
        [("Name",), ("Version",), ("Category",), ("Retired",)],
    ),
    "users": _Layout(
        [
            Column("User", least=10), Column("First name", least=8), Column("Last name", least=8),
            Column("Email", rank=1), Column("Status", rank=1), Column("Role", rank=2),
        ],
        [("UserName",), ("FirstName",), ("LastName",), ("Email",), ("Status",), ("Role",)],
    ),
}  # fmt: skip
_BY_NAMES = {each.names: each for each in _LAYOUTS.values()}
_NOTHING_YET = (None, "Processing")
_IDS = frozenset({"ProcessId", "WorkId", "IncidentId", "UserId", "DefinitionId", "Time"})
_ALWAYS, _MOSTLY = 2, 5  # columns that stay in a narrow terminal; that go before any is cut short


def in_columns(asked: Question) -> Question:
    """The same question, with the columns for people where it names none."""
    query = asked.query
    if query.fields or query.group:
        return asked
    return replace(asked, query=replace(query, fields=fields_for_people(asked.resource)))


def fields_for_people(resource: str) -> tuple[Path, ...]:
    return tuple(Path(RESOURCES[resource].field(name)) for name in _LAYOUTS[resource].names)


async def print_result(desk: QueryDesk, asked: Question, shown: Shown) -> None:
    """The rows of a result, in the form that is asked for, as they come."""
    if shown.form != "table":
        tables = _tables(every_page(desk, asked, shown.at_most))
        async for part in parts(shown.form, tables):
            write(part)
        return
    pages = [page async for page in every_page(desk, in_columns(asked), shown.at_most)]
    rows = [row for page in pages for row in rows_for_people(page)]
    if not rows:
        note("There are none.")
        return
    print_table(columns_for_people(pages[0].table.columns), rows)
    if pages[-1].table.cursor is not None:
        note(f"Shown are {len(rows)}; there may be more: --limit 0 shows all.")


async def _tables(pages: AsyncIterator[Found]) -> AsyncIterator[Table]:
    async for page in pages:
        yield page.table


def print_count(count: Count, form: str) -> None:
    if form != "table":
        print_json({"value": count.value, "exact": count.exact})
        return
    say(f"{count.value}" if count.exact else f"about {count.value}")


def print_explanation(found: Explanation, form: str) -> None:
    if form != "table":
        print_json(asdict(found))
        return
    print_fields(
        [
            ("Query", found.text),
            ("Indexes", ", ".join(found.indexes) or "none"),
            ("Warning", Text(found.warning or "", style="yellow")),
        ]
    )
    say()
    say(found.sql)
    say()
    for line in found.plan:
        say(line)


# -- rows for people -----------------------------------------------------------------------------


def columns_for_people(names: Sequence[str]) -> Sequence[Column]:
    return _layout_of(names).columns


def rows_for_people(page: Found) -> list[list[Cell]]:
    layout = _layout_of(page.table.columns)
    rows = [dict(zip(page.table.columns, row, strict=True)) for row in page.table.rows]
    return [[_shown(row, fields, page.names) for fields in layout.fields] for row in rows]


def _layout_of(names: Sequence[str]) -> _Layout:
    """That of a resource, or of the columns that a query names.

    Ids are never cut short, and of the others those behind go first where there is little room.
    """
    columns = [
        Column(
            name,
            least=0 if name in _IDS else 10,
            rank=0 if place < _ALWAYS else 1 if place < _MOSTLY else 2,
            right=name in ("count", "median", "Version"),
        )
        for place, name in enumerate(names)
    ]
    return _BY_NAMES.get(tuple(names)) or _Layout(columns, [(name,) for name in names])


def _shown(row: Mapping[str, Any], fields: Sequence[str], names: Mapping[str, str]) -> Cell:
    said = [name for name in reversed(fields) if row[name] not in _NOTHING_YET]
    column = said[0] if said else fields[0]
    return _cell(column, row[column], names)


def _cell(column: str, value: Any, names: Mapping[str, str]) -> Cell:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return moment(value) if column == "Time" else day(value)  # of events the second matters
        case float() | int() if column == "median":
            return _duration(value)
        case str():
            return status(plain(names.get(value, value)))
        case _:
            return str(value)


def _duration(seconds: float) -> str:
    """A time that something takes, in its two largest units: `3d 4h`, `12m 5s`."""
    left, said = round(seconds), list[str]()
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or said:
            said.append(f"{count}{unit}")
    return " ".join(said[:2]) or "0s"
