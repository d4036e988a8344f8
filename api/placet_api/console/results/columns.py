"""The columns of results: which are shown unless others are asked for, what they are called, how a cell looks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from placet.query.fields import RESOURCES, Field, FieldType
from placet.query.query import Group, Path
from placet_api.console.data_words import in_words

#: The field whose value says which page a row leads to.
ID_FIELDS = {
    "processes": "ProcessId",
    "workitems": "WorkId",
    "events": "ProcessId",
    "incidents": "ProcessId",
    "definitions": "DefinitionId",
    "users": "UserId",
}
#: The page that an id leads to.
PAGES = {
    "ProcessId": "/processes",
    "WorkId": "/work-items",
    "DefinitionId": "/definitions",
    "UserId": "/people/users",
}
_DEFAULTS = {
    "processes": "Definition ProcessStatus ApprovalStatus Initiator Recipient CreationTime CompletionTime",
    "workitems": "Definition Status Addressee Initiator CreationTime DueTime CompletionTime",
    "events": "Kind Time Actor ActivityId ProcessId",
    "incidents": "Kind Reason ActivityId OpenTime ResolutionTime Resolution ProcessId",
    "definitions": "Name Category Version Retired",
    "users": "User UserName Email Status Role Manager",
}
#: The fields whose values are counted beside a result.
FACETS = {
    "processes": "ProcessStatus ApprovalStatus Definition Initiator Recipient EngineId",
    "workitems": "Status Definition Addressee Owner Priority ActivityId",
    "events": "Kind Actor ActivityId",
    "incidents": "Kind ActivityId Resolution",
    "definitions": "Category Retired",
    "users": "Status Role Manager",
}
_TITLES = {
    "ProcessStatus": "Status",
    "ApprovalStatus": "Approval",
    "CreationTime": "Created",
    "CompletionTime": "Completed",
    "OpenTime": "Opened",
    "ResolutionTime": "Resolved",
    "DueTime": "Due",
    "ExpTime": "Expires",
    "EngineId": "Engine",
    "ActivityId": "Activity",
    "WorkId": "Work item",
    "ProcessId": "Process",
    "DefinitionId": "Definition ID",
    "CorrelationId": "Correlation",
    "count": "Count",
    "median": "Median time",
}
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name that the language has for it, what people read, how its cells look, what it is sorted by."""

    name: str
    title: str
    look: str  # person, definition, id, status, time, number, flag, duration or text
    path: Path
    page: str | None = None  # where an id leads
    bucket: str | None = None


def _figure(name: str, look: str) -> Column:
    return Column(name, title_of(name), look, Path(Field(name, FieldType.NUMBER)))


@cache
def default_paths(of: str) -> tuple[Path, ...]:
    """The columns of a resource unless others are asked for."""
    return tuple(Path(RESOURCES[of].field(name)) for name in _DEFAULTS[of].split())


def title_of(name: str) -> str:
    """What people read for a name of the language: `Created` for `CreationTime`, `First day` for `Data.first_day`."""
    head, _, last = name.rpartition(".")
    if head in ("Data", "Process.Data"):
        return in_words(last)
    words = _TITLES.get(last) or _WORDS.sub(" ", last).capitalize()
    return f"{head} {words.lower()}" if head else words


def columns_of(paths: Sequence[Path]) -> list[Column]:
    return [_column(path) for path in paths]


def columns_of_groups(groups: Sequence[Group]) -> list[Column]:
    """The columns of groups, of which the last two are how many each has and how long they took."""
    found = [_column(each.path) if each.bucket is None else _bucket(each) for each in groups]
    return [*found, *_FIGURES]


def _bucket(group: Group) -> Column:
    title = f"{title_of(group.path.name)}, by {group.bucket}"
    return Column(group.path.name, title, "time", group.path, None, group.bucket)


def _column(path: Path) -> Column:
    return Column(path.name, title_of(path.name), _look(path), path, PAGES.get(path.field.name))


_FIGURES = (_figure("count", "number"), _figure("median", "duration"))
_LOOKS: Mapping[FieldType, str] = {
    FieldType.ID: "id",
    FieldType.STATUS: "status",
    FieldType.TIME: "time",
    FieldType.NUMBER: "number",
    FieldType.FLAG: "flag",
}


def _look(path: Path) -> str:
    field = path.field
    if field.type is FieldType.DN:
        return "person" if field.person else "definition"
    if field.name in ("Status", "Resolution"):
        return "status"
    return "text" if field.name == "Kind" else _LOOKS.get(field.type, "text")
