"""What commands show, the same from a database and from a server; the members are those of `--format json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Named:
    """A person, a group or a definition by DN, and what people call it."""

    dn: str
    name: str


@dataclass(frozen=True, slots=True)
class DataItemView:
    name: str
    type: str
    multi_valued: bool


@dataclass(frozen=True, slots=True)
class DefinitionView:
    guid: str
    dn: str
    name: str
    version: int | None
    category: str
    description: str
    retired: bool
    data: tuple[DataItemView, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceView:
    value: Any
    label: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of a form; `choices` are empty where it takes anything, or nothing can be chosen, which `fault` says."""

    name: str
    type: str
    multi_valued: bool
    label: str
    help: str
    required: bool
    visible: bool
    read_only: bool
    choices: tuple[ChoiceView, ...] = ()
    fault: str = ""
    value: Any = None  # what it has, as JSON


@dataclass(frozen=True, slots=True)
class ProcessView:
    id: str
    definition: Named
    version: int
    process_status: str
    approval_status: str
    initiator: Named
    recipient: Named
    created_at: datetime
    completed_at: datetime | None
    correlation_id: str | None
    engine_id: str

    @property
    def status(self) -> str:
        """Both statuses in one word: while it is not over where it is in its life, then what was decided."""
        return self.process_status if self.approval_status == "Processing" else self.approval_status


@dataclass(frozen=True, slots=True)
class WorkItemView:
    id: str
    process_id: str
    definition: Named
    activity: str
    activity_name: str
    addressee: Named
    owner: Named | None
    initiator: Named
    recipient: Named
    status: str
    priority: str
    created_at: datetime
    expires_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CommentView:
    at: datetime
    text: str
    user: Named | None
    system: bool


@dataclass(frozen=True, slots=True)
class EventView:
    at: datetime
    kind: str
    activity: str | None
    activity_name: str | None
    actor: Named | None
    addressee: Named | None  # whom an item was given to


@dataclass(frozen=True, slots=True)
class TryView:
    at: datetime
    code: str
    error: str
    ms: int


@dataclass(frozen=True, slots=True)
class IncidentView:
    """What could not be done; `response` is what came back last, `connector` and `inputs` those of a call."""

    id: str
    process_id: str
    definition: Named
    activity: str
    activity_name: str
    kind: str
    opened_at: datetime
    reason: str
    connector: str
    inputs: Mapping[str, Any]
    idempotency_key: str
    tries: tuple[TryView, ...]
    response: Any
    resolved_at: datetime | None
    resolution: str
    resolved_by: Named | None


@dataclass(frozen=True, slots=True)
class WaitView:
    """Why a process waits at one point, in words; the kinds are those of `/v1/wf`."""

    kind: str
    activity: str | None
    activity_name: str | None
    since: datetime
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessDetails:
    """One process, what waits in it and what happened; its open `incidents` are there for who may resolve them."""

    process: ProcessView
    work_items: tuple[WorkItemView, ...]
    comments: tuple[CommentView, ...]
    data: Mapping[str, Any]
    timeline: tuple[EventView, ...]
    incidents: tuple[IncidentView, ...] = ()
    waiting: tuple[WaitView, ...] = ()
