"""The log of travel permits, and how each of its cases becomes processes; pure but for reading the file.

People are roles here, in the words of the log. `docs/explanation/travel-permits.md` tells the mapping in prose.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

LOG = Path(__file__).with_name("travel_permits.csv.gz")
EMPLOYEE, SUPERVISOR, DIRECTOR, MISSING = "EMPLOYEE", "SUPERVISOR", "DIRECTOR", "MISSING"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of the log; `name` is for example `Permit APPROVED by SUPERVISOR`."""

    at: datetime
    name: str

    @property
    def is_of_permit(self) -> bool:
        return self.name.startswith("Permit ")

    @property
    def verb(self) -> str:
        return self.name.removeprefix("Permit ").partition(" by ")[0]

    @property
    def role(self) -> str:
        return self.name.partition(" by ")[2]


@dataclass(frozen=True, slots=True)
class Case:
    """The events of one permit and what followed it, in the order of the log."""

    number: str
    events: Sequence[LogEvent]

    def time_of(self, name: str) -> datetime | None:
        """When the first event of that name happened."""
        return next((event.at for event in self.events if event.name == name), None)


class Do(Enum):
    """What is done with a process at one step."""

    START = "start"
    APPROVE = "approve"
    RETURN = "return"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"  # the employee's answer to a request that came back
    RETRACT = "retract"  # the employee ends it while somebody else is asked
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that `role` does; `route` are the approvers that a start or a resubmission names."""

    at: datetime
    do: Do
    role: str
    route: tuple[str, ...] = ()
    text: str = ""


@dataclass(slots=True)
class Permit:
    """One process of a case: its steps in their order, the first one its start."""

    case: str
    steps: list[Step] = field(default_factory=list)


def read_log(path: Path = LOG) -> list[Case]:
    """The cases of the log in its order."""
    with gzip.open(path) as packed:
        rows = csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8", newline=""))
        events: dict[str, list[LogEvent]] = {}
        for row in rows:
            events.setdefault(row["case"], []).append(LogEvent(datetime.fromisoformat(row["time"]), row["event"]))
    return [Case(number, found) for number, found in events.items()]


def permits_of(case: Case) -> list[Permit]:
    """The processes of a case, each with the approvers that it has to go through; none where nothing was submitted."""
    reader = _Reader(case.number)
    for event in case.events:
        if event.is_of_permit:
            reader.take(event)
    return [replace(permit, steps=_with_routes(permit.steps)) for permit in reader.permits]


class _With(Enum):
    """Who has to act next."""

    APPROVER = 1
    EMPLOYEE = 2
    NOBODY = 3


class _Reader:
    """Reads the permit events of one case one by one."""

    def __init__(self, case: str) -> None:
        self._case = case
        self._with = _With.NOBODY
        self.permits: list[Permit] = []

    def take(self, event: LogEvent) -> None:
        """Add the step that an event stands for; one that does not fit where the process is becomes a comment."""
        match self._with, event.verb:
            case _With.NOBODY, "SUBMITTED":
                self.permits.append(Permit(self._case))
                self._add(event, Do.START, _With.APPROVER)
            case _With.APPROVER, "APPROVED":
                self._add(event, Do.APPROVE, _With.APPROVER)
            case _With.APPROVER, "FINAL_APPROVED":
                self._add(event, Do.APPROVE, _With.NOBODY)
            case _With.APPROVER, "REJECTED" if event.role == EMPLOYEE:
                self._add(event, Do.RETRACT, _With.NOBODY)
            case _With.APPROVER, "REJECTED" if event.role != MISSING:
                self._add(event, Do.RETURN, _With.EMPLOYEE)
            case _With.EMPLOYEE, "SUBMITTED":
                self._add(event, Do.RESUBMIT, _With.APPROVER)
            case _With.EMPLOYEE, "REJECTED" if event.role == EMPLOYEE:
                self._add(event, Do.WITHDRAW, _With.NOBODY)
            case _ if self.permits:
                self._add(event, Do.COMMENT, self._with)
            case _:  # a draft before anything was asked for
                return

    def _add(self, event: LogEvent, do: Do, then_with: _With) -> None:
        self._with = then_with
        text = f"In the log: {event.name}" if do is Do.COMMENT else ""
        self.permits[-1].steps.append(Step(event.at, do, event.role, text=text))


def _with_routes(steps: Sequence[Step]) -> list[Step]:
    """The steps, those that submit with a route: who has agreed, then who answers until the next turn."""
    routed = []
    agreed: tuple[str, ...] = ()
    for place, step in enumerate(steps):
        if step.do is Do.APPROVE:
            agreed += (step.role,)
        if step.do in (Do.START, Do.RESUBMIT):
            step = replace(step, route=agreed + tuple(_answerers(steps[place + 1 :], agreed)))
        routed.append(step)
    return routed


def _answerers(steps: Iterable[Step], agreed: Sequence[str]) -> list[str]:
    """Who answers after a request was submitted, in turn, and who is left with it if that ends nothing."""
    answerers: list[str] = []
    asked = ""
    for step in steps:
        if step.do in (Do.APPROVE, Do.RETURN):
            answerers.append(step.role)
            asked = ""
        elif step.text.endswith(f"FOR_APPROVAL by {step.role}"):
            asked = step.role
        if step.do is Do.RETURN:
            return answerers
    return [*answerers, asked or usual_next([*agreed, *answerers])] if _is_left_open(steps) else answerers


def _is_left_open(steps: Iterable[Step]) -> bool:
    raise NotImplementedError


def usual_next(agreed: Sequence[str]) -> str:
    """Whom the university would ask next, where the log stops before it says so."""
    return DIRECTOR if SUPERVISOR in agreed else SUPERVISOR
