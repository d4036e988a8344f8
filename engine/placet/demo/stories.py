"""Stories: what is done with one process, step by step and each at its time, and the commands that these steps are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from placet.commands import ActOnWorkItem, AddComment, Command, StartProcess, TerminateProcess
from placet.core.statuses import Action
from placet.demo.cast import Cast
from placet.demo.permits import Case, Do, Permit, Step, permits_of

_ACTIONS = {
    Do.APPROVE: Action.APPROVE,
    Do.DENY: Action.DENY,
    Do.RETURN: Action.RETURN,
    Do.RESUBMIT: Action.APPROVE,
    Do.WITHDRAW: Action.DENY,
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of a story, done by the person with the DN `actor`."""

    at: datetime
    do: Do
    actor: str
    data: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None

    def start(self, process_id: str, definition: str, correlation_id: str) -> Command:
        """The command that begins the story."""
        return StartProcess(
            process_id=process_id,
            actor=self.actor,
            definition=definition,
            initiator=self.actor,
            data=self.data,
            correlation_id=correlation_id,
        )

    def command(self, process_id: str, item: int) -> Command:
        """The command for a running process; `item` is the number of its newest work item."""
        match self.do:
            case Do.COMMENT:
                return AddComment(process_id=process_id, actor=self.actor, text=self.text or "")
            case Do.RETRACT:
                return TerminateProcess(process_id=process_id, actor=self.actor, reason=self.text)
            case _:
                action = _ACTIONS[self.do]
                return ActOnWorkItem(
                    process_id=process_id,
                    actor=self.actor,
                    number=item,
                    action=action,
                    data=self.data,
                    comment=self.text,
                )


@dataclass(frozen=True, slots=True)
class Story:
    """One process from its start on; `definition` is a DN, and stories with one correlation id follow each other."""

    definition: str
    correlation_id: str
    scenes: tuple[Scene, ...]


def stories_of(case: Case, definition: str, cast: Cast) -> list[Story]:
    """The stories of one case of the log, with people in the place of roles."""
    trip = {
        name: at.isoformat()
        for name, event in (("trip_start", "Start trip"), ("trip_end", "End trip"))
        if (at := case.time_of(event))
    }
    return [story_of_permit(permit, definition, cast, trip) for permit in permits_of(case)]


def story_of_permit(permit: Permit, definition: str, cast: Cast, trip: Mapping[str, str]) -> Story:
    """The story of one permit; `trip` are the data items that tell when it is."""
    scenes = tuple(_scene(step, permit.case, cast, trip) for step in permit.steps)
    return Story(definition, permit.case, scenes)


def _scene(step: Step, case: str, cast: Cast, trip: Mapping[str, str]) -> Scene:
    data: dict[str, Any] = {}
    if step.do is Do.START:
        data = {"case": case, **trip}
    if step.route:
        data["route"] = [cast.addressee(case, role) for role in step.route]
    return Scene(step.at, step.do, cast.actor(case, step.role), data, step.text or None)
