"""The one door: what a command does to a process, as a pure function over data.

`decide` never changes what it is given and does no I/O; what it gives back is saved by the store as it is.
"""

from __future__ import annotations

from typing import assert_never

from placet.commands import (
    ActOnWorkItem,
    AddComment,
    ChangeData,
    ChildEnded,
    Command,
    FindOthers,
    FireItemTimer,
    FireJob,
    JobEnded,
    PauseProcess,
    ResolveIncident,
    ResumeProcess,
    StartProcess,
    TerminateProcess,
)
from placet.core import processes
from placet.core.access import require_active
from placet.core.acting import act
from placet.core.children import child_ended
from placet.core.definition import Definition
from placet.core.draft import Decision, Draft, Facts
from placet.core.mails import notify
from placet.core.outcomes import job_ended
from placet.core.records import Snapshot
from placet.core.resolving import resolve_incident
from placet.core.starting import start
from placet.core.stranded import find_others
from placet.core.timers import fire_item, fire_job
from placet.errors import NotFound, RevisionMismatch

__all__ = ["Decision", "Facts", "decide"]


def decide(definition: Definition, snapshot: Snapshot | None, command: Command, facts: Facts) -> Decision | None:
    """What `command` does to a process, or None where it has been overtaken and changes nothing.

    `snapshot` is the process as it is stored, None where there is none. Raises an error of `placet.errors` when the
    command is refused; nothing has changed then.
    """
    require_active(facts.directory, command.actor)
    if isinstance(command, StartProcess):
        return None if snapshot is not None else start(definition, command, facts)
    if snapshot is None:
        raise NotFound(f"There is no process {command.process_id}.")
    draft = Draft(definition, snapshot, command, facts)
    if not _apply(draft, command):
        return None
    notify(draft)
    return draft.finish()


def _apply(draft: Draft, command: Command) -> bool:
    """Do what a command says to the draft; False where there is nothing left to do."""
    match command:
        case ActOnWorkItem():
            item = draft.item(command.number)
            _require_revision(draft, command.revision)
            act(draft, item, command)
        case TerminateProcess():
            _require_revision(draft, command.revision)
            processes.terminate(draft, command)
        case PauseProcess():
            _require_revision(draft, command.revision)
            processes.pause(draft, command)
        case ResumeProcess():
            _require_revision(draft, command.revision)
            processes.resume(draft, command)
        case ChangeData():
            _require_revision(draft, command.revision)
            processes.change_data(draft, command)
        case AddComment():
            processes.comment(draft, command)
        case FireItemTimer():
            return fire_item(draft, command)
        case FireJob():
            return fire_job(draft, command)
        case ChildEnded():
            return child_ended(draft, command.token, command.child, command.outcome, command.reason)
        case FindOthers():
            return find_others(draft)
        case JobEnded():
            return job_ended(draft, command)
        case ResolveIncident():
            resolve_incident(draft, command)
        case StartProcess():
            raise AssertionError("a start has no draft yet")
        case _:
            assert_never(command)
    return True


def _require_revision(draft: Draft, expected: int | None) -> None:
    if expected is not None and expected != draft.process.revision:
        raise RevisionMismatch(
            f"The process is at revision {draft.process.revision}, not {expected}; read it again and decide anew."
        )
