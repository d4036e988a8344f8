"""What stands behind each public field; the only place that knows the names of fields and those of columns.

A resource is stored as the rows of one table, most of which belong to a process. `of_processes` and its like give its
fields over a table or an alias of it, so that the same rows can be asked for as a result and as somebody's relation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, cast, literal_column, select

from placet.query.fields import COMMENTS, EVENTS, INCIDENTS, PROCESSES, USERS, WORK_ITEMS, Resource
from placet.store.tables import RARE_KINDS, comment, event, incident, is_rare, process, role, user_account, work_item


class Form(Enum):
    """How the values of a field are stored."""

    NAME = "the number of an interned name"
    DEFINITION = "the row of a definition's version"
    KEY = "the id of a row"
    NTH = "the id of a process, and a number within it"
    CODE = "an integer that has a name"
    MOMENT = "a time"
    TEXT = "a text, to be folded when it is compared"
    FOLDED = "a distinguished name, with its folded form beside it"
    EXACT = "a text that is compared to the letter"
    DATA = "the document of all data items"


@dataclass(frozen=True, slots=True)
class Hint:
    """What follows from a status being one of `codes`, in the words of the partial index that is made for it.

    A planner sees that an index fits only where its own condition stands in the query, with no bound value in it. For a
    status it speaks of another column than the index begins with, or SQLite would read a range of it and sort.
    `finds_few` tells that few rows are in that index.
    """

    codes: Collection[Any]
    condition: ColumnElement[bool]
    finds_few: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The columns of one field; `more` is the number of an NTH, or the folded form of a FOLDED or an indexed TEXT.

    `nullable` tells whether there are rows without a value, `selective` whether an index finds the few rows of a value.
    """

    form: Form
    column: ColumnElement[Any]
    more: ColumnElement[Any] | None = None
    hint: Hint | None = None
    nullable: bool = False
    selective: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A resource over one table: its fields, the table of the processes that its rows belong to, and their keys."""

    resource: Resource
    rows: FromClause
    fields: Mapping[str, Stored]
    key: tuple[ColumnElement[Any], ...]
    process: FromClause | None = None  # of a process its own table
    document: ColumnElement[Any] | None = None  # of all data items

    @property
    def process_id(self) -> ColumnElement[Any]:
        """The id of the process that a row is or belongs to."""
        return self.rows.c.id if self.rows is self.process else self.rows.c.process_id


def of_processes(rows: FromClause) -> Columns:
    c = rows.c
    over = Hint({0, 1}, c.completed_at.is_(None))
    exceptional = Hint({3, 4}, c.process_status == literal_column("2"))
    fields = {
        "Definition": Stored(Form.DEFINITION, c.definition, selective=True),
        "ProcessId": Stored(Form.KEY, c.id, selective=True),
        "EngineId": Stored(Form.NAME, c.engine_id),
        "Recipient": Stored(Form.NAME, c.recipient, selective=True),
        "Initiator": Stored(Form.NAME, c.initiator, selective=True),
        "Proxy": Stored(Form.NAME, c.proxy, nullable=True, selective=True),
        "ApprovalStatus": Stored(Form.CODE, c.approval_status, hint=exceptional),
        "ProcessStatus": Stored(Form.CODE, c.process_status, hint=over),
        "CreationTime": Stored(Form.MOMENT, c.created_at),
        "CompletionTime": Stored(Form.MOMENT, c.completed_at, nullable=True),
        "CorrelationId": Stored(Form.EXACT, c.correlation_id, nullable=True, selective=True),
    }
    return Columns(PROCESSES, rows, fields, (c.id,), rows, c.data)


def of_work_items(rows: FromClause, processes: FromClause) -> Columns:
    c, p = rows.c, processes.c
    fields = {
        "WorkId": Stored(Form.NTH, c.process_id, c.number, selective=True),
        "ProcessId": Stored(Form.KEY, c.process_id, selective=True),
        "Definition": Stored(Form.DEFINITION, p.definition),
        "Recipient": Stored(Form.NAME, p.recipient),
        "Initiator": Stored(Form.NAME, p.initiator),
        "Addressee": Stored(Form.NAME, c.addressee, selective=True),
        "Owner": Stored(Form.NAME, c.owner, nullable=True),
        "ProxyFor": Stored(Form.NAME, c.proxy_for, nullable=True),
        "Actor": Stored(Form.NAME, c.actor, nullable=True),
        "ActivityId": Stored(Form.EXACT, c.activity),
        "Status": Stored(Form.CODE, c.status, hint=Hint({0, 1}, c.status < literal_column("2"))),
        "Priority": Stored(Form.CODE, c.priority),
        "CreationTime": Stored(Form.MOMENT, c.created_at),
        "DueTime": Stored(Form.MOMENT, c.due_at, nullable=True),
        "ExpTime": Stored(Form.MOMENT, c.expires_at, nullable=True),
        "CompletionTime": Stored(Form.MOMENT, c.completed_at, nullable=True),
    }
    return Columns(WORK_ITEMS, rows, fields, (c.process_id, c.number), processes)


def of_events(rows: FromClause, processes: FromClause) -> Columns:
    c = rows.c
    rare = Hint(RARE_KINDS, is_rare(c.kind), finds_few=True)
    fields = {
        "Kind": Stored(Form.CODE, c.kind, hint=rare),
        "ProcessId": Stored(Form.KEY, c.process_id, selective=True),
        "Time": Stored(Form.MOMENT, c.at),
        "Actor": Stored(Form.NAME, c.actor, nullable=True),
        "ActivityId": Stored(Form.EXACT, c.activity, nullable=True),
        "WorkId": Stored(Form.NTH, c.process_id, c.item, nullable=True, selective=True),
    }
    return Columns(EVENTS, rows, fields, (c.position,), processes)


def of_incidents(rows: FromClause, processes: FromClause) -> Columns:
    c = rows.c
    fields = {
        "IncidentId": Stored(Form.NTH, c.process_id, c.number, selective=True),
        "ProcessId": Stored(Form.KEY, c.process_id, selective=True),
        "Kind": Stored(Form.TEXT, c.kind),
        "ActivityId": Stored(Form.EXACT, c.activity, nullable=True),
        "OpenTime": Stored(Form.MOMENT, c.opened_at),
        "Reason": Stored(Form.TEXT, c.reason),
        "ResolutionTime": Stored(Form.MOMENT, c.resolved_at, nullable=True),
        "Resolution": Stored(Form.TEXT, c.resolution, nullable=True),
        "Actor": Stored(Form.NAME, c.actor, nullable=True),
    }
    return Columns(INCIDENTS, rows, fields, (c.process_id, c.number), processes)


def of_comments(rows: FromClause, processes: FromClause) -> Columns:
    c = rows.c
    fields = {
        "Type": Stored(Form.CODE, cast(c.system, Integer)),
        "User": Stored(Form.NAME, c.user, nullable=True),
        "Time": Stored(Form.MOMENT, c.at),
        "ActivityId": Stored(Form.EXACT, c.activity, nullable=True),
        "Text": Stored(Form.TEXT, c.text),
    }
    return Columns(COMMENTS, rows, fields, (c.process_id, c.number), processes)


def of_users() -> Columns:
    c = user_account.c
    code = select(role.c.code).where(role.c.id == c.role).scalar_subquery()
    fields = {
        "UserId": Stored(Form.KEY, c.id, selective=True),
        "User": Stored(Form.FOLDED, c.dn, c.folded, selective=True),
        "UserName": Stored(Form.TEXT, c.user_name, c.folded_name, selective=True),
        "FirstName": Stored(Form.TEXT, c.first_name),
        "LastName": Stored(Form.TEXT, c.last_name),
        "Email": Stored(Form.TEXT, c.email),
        "Status": Stored(Form.TEXT, c.status),
        "Role": Stored(Form.TEXT, code, nullable=True),
        "Manager": Stored(Form.FOLDED, c.manager, c.folded_manager, nullable=True),
        "CreationTime": Stored(Form.MOMENT, c.created_at, nullable=True),
    }
    return Columns(USERS, user_account, fields, (c.id,))


#: Each resource over its own table, and over that of the processes where it needs one.
PROCESS_COLUMNS = of_processes(process)
WORK_ITEM_COLUMNS = of_work_items(work_item, process)
EVENT_COLUMNS = of_events(event, process)
INCIDENT_COLUMNS = of_incidents(incident, process)
USER_COLUMNS = of_users()

#: What belongs to a process: the table of a relation's rows, and its fields over an alias of it.
RELATED: Mapping[str, tuple[FromClause, Callable[[FromClause, FromClause], Columns]]] = {
    "WorkItems": (work_item, of_work_items),
    "Events": (event, of_events),
    "Incidents": (incident, of_incidents),
    "Comments": (comment, of_comments),
}
