"""The two machines: how a process and a work item move from status to status.

States and transitions are data; a machine is built once and shared. This is the only file that knows `transitions`.
"""

from __future__ import annotations

import logging
from enum import Enum
from typing import Any, TypeVar

from transitions import Machine, MachineError, State

from placet.core.records import Process, WorkItem
from placet.core.statuses import Life, WorkItemStatus
from placet.errors import TransitionNotAllowed

logging.getLogger("transitions.core").disabled = True  # it is asked eight times a trigger, and says nothing we need

Draft = TypeVar("Draft", Process, WorkItem)


class _State(State):
    """A state of an enumeration with its name at hand, which is asked for at each step of a trigger."""

    name = ""  # in place of a property that looks each time whether the state is of an enumeration

    def __init__(self, state: Enum, *args: Any, **options: Any) -> None:
        super().__init__(state, *args, **options)
        self.name = state.name


class _Machine(Machine):
    state_cls = _State

    def get_state(self, state: str | Enum) -> State:
        return self.states[state if isinstance(state, str) else state._name_]


def _build(states: Any, attribute: str, ways: list[tuple[str, list[Any], Any]]) -> Machine:
    machine = _Machine(model=None, states=states, initial=None, auto_transitions=False, model_attribute=attribute)
    for trigger, sources, target in ways:
        machine.add_transition(trigger, sources, target)
    return machine


PROCESS = _build(
    Life,
    "life",
    [
        ("pause", [Life.RUNNING], Life.STOPPED),
        ("resume", [Life.STOPPED], Life.RUNNING),
        ("approve", [Life.RUNNING], Life.APPROVED),
        ("deny", [Life.RUNNING], Life.DENIED),
        ("terminate", [Life.RUNNING, Life.STOPPED], Life.RETRACTED),
        ("fail", [Life.RUNNING, Life.STOPPED], Life.ERROR),
    ],
)

_OPEN = [WorkItemStatus.OPEN, WorkItemStatus.CLAIMED]

WORK_ITEM = _build(
    WorkItemStatus,
    "status",
    [
        ("claim", [WorkItemStatus.OPEN], WorkItemStatus.CLAIMED),
        ("release", [WorkItemStatus.CLAIMED], WorkItemStatus.OPEN),
        ("reassign", _OPEN, WorkItemStatus.OPEN),
        ("complete", _OPEN, WorkItemStatus.COMPLETED),
        ("cancel", _OPEN, WorkItemStatus.CANCELLED),
        ("time_out", _OPEN, WorkItemStatus.TIMED_OUT),
    ],
)


#: What somebody may ask for; the other triggers are pulled by what he asks.
_ASKED_FOR = frozenset({"pause", "resume", "terminate", "claim", "release", "reassign"})


def move(machine: Machine, draft: Draft, trigger: str) -> Draft:
    """Return the draft after `trigger`, or say why it may not happen."""
    state = getattr(draft, machine.model_attribute)
    try:
        moved = machine.events[trigger].trigger(draft)
    except (KeyError, MachineError):
        moved = False
    if not moved:  # a guard that says no returns False; to a caller both are the same refusal
        thing = "process" if machine is PROCESS else "work item"
        accepted = _ASKED_FOR.intersection(machine.get_triggers(state.name))
        raise TransitionNotAllowed(thing, trigger, state.name.lower(), accepted)
    return draft
