"""The public fields of each resource: one table, the only place that says what can be asked.

Public names are those of the contract; no column is known here. Codes repeat the integers of `placet.core.statuses`,
which this package must not import; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum

from placet.errors import InvalidFilter


class FieldType(Enum):
    """How a field's values are written and compared."""

    DN = "dn"  # without case and without spaces round `,` and `=`
    ID = "id"  # 32 hex digits
    TEXT = "text"  # without case
    EXACT = "exact"  # to the letter: an identifier that a client has chosen
    STATUS = "status"  # an integer with a name
    TIME = "time"  # to the millisecond


@dataclass(frozen=True, slots=True)
class Field:
    """One public field; `codes` are the names and integers of a STATUS, a `person` can also be asked for as oneself."""

    name: str
    type: FieldType
    aliases: tuple[str, ...] = ()
    person: bool = False
    codes: Mapping[str, int] = field(default_factory=dict, compare=False)

    def label(self, code: int) -> str | None:
        """The name of one of the field's integers."""
        return next((name for name, number in self.codes.items() if number == code), None)


class Resource:
    """A collection that can be searched, and its fields."""

    def __init__(self, name: str, fields: Iterable[Field]) -> None:
        self.name = name
        self.fields = tuple(fields)
        self._by_name = {name.casefold(): each for each in self.fields for name in (each.name, *each.aliases)}

    def field(self, name: str) -> Field:
        """The field of that name or alias, in any case."""
        found = self._by_name.get(name.casefold())
        if found is None:
            raise self._unknown(name)
        return found

    def _unknown(self, name: str) -> InvalidFilter:
        key = name[:40]
        near = get_close_matches(key.casefold(), self._by_name, n=1)
        hint = f" Did you mean {self._by_name[near[0]].name}?" if near else ""
        known = ", ".join(each.name for each in self.fields)
        return InvalidFilter(f"{key!r} is not a field of {self.name}.{hint} The fields are {known}.", key)


def _person(name: str, *aliases: str) -> Field:
    return Field(name, FieldType.DN, aliases, person=True)


def _status(name: str, **codes: int) -> Field:
    return Field(name, FieldType.STATUS, codes=codes)


_PROCESS_ID = Field("ProcessId", FieldType.ID, aliases=("ProcesstId",))  # the second as the contract prints it
_DEFINITION = Field("Definition", FieldType.DN)
_CREATION_TIME = Field("CreationTime", FieldType.TIME)
_COMPLETION_TIME = Field("CompletionTime", FieldType.TIME)

PROCESSES = Resource(
    "processes",
    [
        _DEFINITION,
        _PROCESS_ID,
        Field("EngineId", FieldType.TEXT),
        _person("Recipient"),
        _person("Initiator"),
        _status("ApprovalStatus", Processing=0, Denied=1, Approved=2, Retracted=3, Error=4),
        _status("ProcessStatus", Running=0, Stopped=1, Terminated=2, Completed=3),
        _CREATION_TIME,
        _COMPLETION_TIME,
        Field("CorrelationId", FieldType.EXACT),
    ],
)

WORK_ITEMS = Resource(
    "work items",
    [
        Field("WorkId", FieldType.ID),
        _PROCESS_ID,
        _DEFINITION,
        _person("Recipient"),
        _person("Initiator"),
        _person("Addressee", "AssignedTo"),
        _person("Owner"),
        _person("ProxyFor"),
        Field("ActivityId", FieldType.EXACT),
        _status("Status", Open=0, Claimed=1, Completed=2, Cancelled=3, Timedout=4),
        _status("Priority", High=1, Medium=2, Low=3),
        _CREATION_TIME,
        Field("ExpTime", FieldType.TIME),
        _COMPLETION_TIME,
    ],
)

COMMENTS = Resource("comments", [_status("Type", User=0, System=1)])
