"""Everything that can be asked of a process. A command is a value: it says what is wanted, never how.

`actor` is the DN of who asks; `None` is the engine itself. Every command may be sent twice without harm: it is
known by its `id`. With a `revision`, it is refused with `RevisionMismatch` where the process is at another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from placet.core.form_choices import Answers
from placet.core.ids import new_command_id
from placet.core.statuses import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    process_id: str
    actor: str | None = None
    id: str = field(default_factory=new_command_id)
    job: tuple[str, int] | None = None  # the outbox row that this command answers; it goes with the same commit
    trace: str | None = field(default=None, compare=False)  # a W3C traceparent that the jobs it makes are linked to


@dataclass(frozen=True, slots=True, kw_only=True)
class StartProcess(_Command):
    """Start `definition` (its DN) as `process_id`; data items by name, each value or list of values."""

    definition: str
    initiator: str | None = None  # the actor, unless the engine itself starts it
    recipient: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    correlation_id: str | None = None
    proxy: str | None = None
    parent: str | None = None
    depth: int = 0  # how many processes stand above this one, each started by the one above it
    idempotency_key: str | None = None
    fingerprint: str | None = None  # of the whole request, so that one key is not used for two
    choices: Answers = field(default_factory=dict, repr=False)  # that connectors gave for its form


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnWorkItem(_Command):
    """Do `action` with the item of that number; `to` is the DN or user name of whom a reassignment goes to."""

    number: int
    action: Action
    data: Mapping[str, Any] = field(default_factory=dict)
    comment: str | None = None
    to: str | None = None
    revision: int | None = None
    choices: Answers = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateProcess(_Command):
    """End a process: as Terminated + Retracted, or with `error` as Terminated + Error; `reason` becomes a comment."""

    error: bool = False
    reason: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseProcess(_Command):
    """Stop a process: its items can be read but not acted on, and its timers stand still."""

    revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeProcess(_Command):
    """Let a stopped process go on."""

    revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeData(_Command):
    """Change data items of a process that has not ended, None empties one; `reason` becomes a comment."""

    data: Mapping[str, Any]
    reason: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddComment(_Command):
    """Add the comment of a person, or without an actor the engine's, at any time of a process's life."""

    text: str
    number: int | None = None  # the work item it is about


@dataclass(frozen=True, slots=True, kw_only=True)
class FireItemTimer(_Command):
    """The timer of a work item came due."""

    number: int
    timer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FireJob(_Command):
    """The time of a waiting job came."""

    number: int
    timer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildEnded(_Command):
    """A child process, started by the activity that `token` stands on, came to its end."""

    token: int
    child: str
    outcome: str  # approved, denied or error
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindOthers(_Command):
    """Somebody became inactive: open items of the process that nobody can answer any more go to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded(_Command):
    """A job that left the house was done: `success`, `dropped`, or after its last try `fault` or `timedout`."""

    number: int
    timer: int
    outcome: str
    response: Mapping[str, Any] | None = None
    reason: str | None = None
    tries: Sequence[Mapping[str, Any]] = ()  # each with at, code, error and ms, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveIncident(_Command):
    """Try again what failed, with changed `data` items or `inputs`, or go on as if it had given `result`."""

    number: int
    way: Literal["retry", "skip"]
    data: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None


Command: TypeAlias = (
    StartProcess
    | ActOnWorkItem
    | TerminateProcess
    | PauseProcess
    | ResumeProcess
    | ChangeData
    | AddComment
    | FireItemTimer
    | FireJob
    | ChildEnded
    | FindOthers
    | JobEnded
    | ResolveIncident
)
