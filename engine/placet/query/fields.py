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
    NAME = "name"  # an interned name: without case as DNs are, where ß equals ss
    TEXT = "text"  # without case, letter by letter: see `placet.query.folding`
    EXACT = "exact"  # to the letter: an identifier that a client has chosen
    STATUS = "status"  # an integer with a name
    TIME = "time"  # to the millisecond
    NUMBER = "number"  # integers and decimals, compared with each other
    FLAG = "flag"  # true or false
    DATA = "data"  # a data item: text without case, a number, a flag or a time, whichever it is compared with


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


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows that belong to each row of a resource: `Name.Field` asks of any of them, `Name(…)` several things of one.

    Of a `single` relation there is never more than one, so that its fields can also be shown and sorted by.
    """

    name: str
    to: Resource = field(compare=False)
    single: bool = False


class Resource:
    """A collection that can be searched, its fields, and what belongs to each of its rows.

    With `has_data`, `Data.name` asks for a data item.
    """

    def __init__(self, name: str, fields: Iterable[Field], *, has_data: bool = False) -> None:
        self.name = name
        self.fields = tuple(fields)
        self.relations: tuple[Relation, ...] = ()
        self.has_data = has_data
        self._by_name = {name.casefold(): each for each in self.fields for name in (each.name, *each.aliases)}

    def field(self, name: str) -> Field:
        """The field of that name or alias, in any case."""
        found = self.find(name)
        if found is None:
            raise self.unknown(name)
        return found

    def find(self, name: str) -> Field | None:
        """Like `field`, but None where there is none of that name."""
        return self._by_name.get(name.casefold())

    def unknown(self, name: str) -> InvalidFilter:
        """What to say of a name that no field has."""
        key = name[:40]
        near = next((self._by_name[each].name for each in get_close_matches(key.casefold(), self._by_name, n=1)), None)
        hint = f" Did you mean {near}?" if near else ""
        known = ", ".join(each.name for each in self.fields)
        return InvalidFilter(
            f"{key!r} is not a field of {self.name}.{hint} The fields are {known}.", key, suggestion=near
        )


def _person(name: str, *aliases: str) -> Field:
    return Field(name, FieldType.DN, aliases, person=True)


def _status(name: str, **codes: int) -> Field:
    return Field(name, FieldType.STATUS, codes=codes)


_PROCESS_ID = Field("ProcessId", FieldType.ID, aliases=("ProcesstId",))  # the second as the contract prints it
_WORK_ID = Field("WorkId", FieldType.ID)
_DEFINITION = Field("Definition", FieldType.DN)
_ACTIVITY_ID = Field("ActivityId", FieldType.EXACT)
_CREATION_TIME = Field("CreationTime", FieldType.TIME)
_COMPLETION_TIME = Field("CompletionTime", FieldType.TIME)

_EVENT_KINDS = {
    "process.started": 1, "process.completed": 2, "process.terminated": 3, "process.failed": 4, "process.paused": 5,
    "process.resumed": 6, "process.commented": 7, "process.status_set": 8, "process.logged": 9,
    "process.child_started": 10, "process.child_ended": 11, "process.data_changed": 12,
    "activity.entered": 20, "activity.left": 21, "work_item.assigned": 30, "work_item.claimed": 31,
    "work_item.released": 32, "work_item.reassigned": 33, "work_item.approved": 34, "work_item.denied": 35,
    "work_item.refused": 36, "work_item.returned": 37, "work_item.resubmitted": 38, "work_item.timed_out": 39,
    "work_item.reminded": 40, "work_item.escalated": 41, "work_item.cancelled": 42, "work_item.commented": 43,
    "work_item.redirected": 44, "work_item.stranded": 45, "call.requested": 50, "call.succeeded": 51,
    "call.failed": 52, "mail.requested": 53, "mail.sent": 54, "mail.failed": 55, "incident.opened": 60,
    "incident.retried": 61, "incident.skipped": 62, "incident.closed": 63,
}  # fmt: skip

PROCESSES = Resource(
    "processes",
    [
        _DEFINITION,
        _PROCESS_ID,
        Field("EngineId", FieldType.NAME),
        _person("Recipient"),
        _person("Initiator"),
        _person("Proxy"),
        _status("ApprovalStatus", Processing=0, Denied=1, Approved=2, Retracted=3, Error=4),
        _status("ProcessStatus", Running=0, Stopped=1, Terminated=2, Completed=3),
        _CREATION_TIME,
        _COMPLETION_TIME,
        Field("CorrelationId", FieldType.EXACT),
    ],
    has_data=True,
)

WORK_ITEMS = Resource(
    "work items",
    [
        _WORK_ID,
        _PROCESS_ID,
        _DEFINITION,
        _person("Recipient"),
        _person("Initiator"),
        _person("Addressee", "AssignedTo"),
        _person("Owner"),
        _person("ProxyFor"),
        _person("Actor"),
        _ACTIVITY_ID,
        _status("Status", Open=0, Claimed=1, Completed=2, Cancelled=3, Timedout=4),
        _status("Priority", High=1, Medium=2, Low=3),
        _CREATION_TIME,
        Field("DueTime", FieldType.TIME),
        Field("ExpTime", FieldType.TIME),
        _COMPLETION_TIME,
    ],
)

EVENTS = Resource(
    "events",
    [
        Field("Kind", FieldType.STATUS, codes=_EVENT_KINDS),
        _PROCESS_ID,
        Field("Time", FieldType.TIME),
        _person("Actor"),
        _ACTIVITY_ID,
        _WORK_ID,
    ],
)

INCIDENTS = Resource(
    "incidents",
    [
        Field("IncidentId", FieldType.ID),
        _PROCESS_ID,
        Field("Kind", FieldType.TEXT),  # connector or mail
        _ACTIVITY_ID,
        Field("OpenTime", FieldType.TIME),
        Field("Reason", FieldType.TEXT),
        Field("ResolutionTime", FieldType.TIME),
        Field("Resolution", FieldType.TEXT),
        _person("Actor"),
    ],
)

DEFINITIONS = Resource(
    "definitions",
    [
        _DEFINITION,
        Field("DefinitionId", FieldType.ID),
        Field("Name", FieldType.TEXT),
        Field("Category", FieldType.TEXT),
        Field("Version", FieldType.NUMBER),
        Field("Retired", FieldType.FLAG),
    ],
)

USERS = Resource(
    "users",
    [
        Field("UserId", FieldType.ID),
        _person("User"),
        Field("UserName", FieldType.TEXT),
        Field("FirstName", FieldType.TEXT),
        Field("LastName", FieldType.TEXT),
        Field("Email", FieldType.TEXT),
        Field("Status", FieldType.TEXT),  # ACTIVE, INACTIVE or VACATION
        Field("Role", FieldType.TEXT),  # its code
        _person("Manager"),
        _CREATION_TIME,
    ],
)

COMMENTS = Resource(
    "comments",
    [
        _status("Type", User=0, System=1),
        _person("User"),
        Field("Time", FieldType.TIME),
        _ACTIVITY_ID,
        Field("Text", FieldType.TEXT),
    ],
)

_PROCESS = Relation("Process", PROCESSES, single=True)
PROCESSES.relations = (
    Relation("WorkItems", WORK_ITEMS),
    Relation("Events", EVENTS),
    Relation("Incidents", INCIDENTS),
    Relation("Comments", COMMENTS),
)
WORK_ITEMS.relations = EVENTS.relations = INCIDENTS.relations = (_PROCESS,)

#: What the query language searches, by the name that a request or a command gives.
RESOURCES = {
    "processes": PROCESSES,
    "workitems": WORK_ITEMS,
    "events": EVENTS,
    "incidents": INCIDENTS,
    "definitions": DEFINITIONS,
    "users": USERS,
}
