"""The log of travel permits, and how each of its cases becomes processes; pure but for reading the file.

People are roles here, in the words of the log. `docs/explanation/travel-permits.md` tells the mapping in prose.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
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
    DENY = "deny"
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
    return reader.finish()


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
        self._permits: list[Permit] = []
        self._submitted = 0  # the step that the route belongs to
        self._route: list[str] = []
        self._asked = ""

    def take(self, event: LogEvent) -> None:
        """Add the step that an event stands for; one that does not fit where the process is becomes a comment."""
        match self._with, event.verb:
            case _With.NOBODY, "SUBMITTED":
                self._permits.append(Permit(self._case))
                self._submit(event, Do.START, [])
            case _With.EMPLOYEE, "SUBMITTED":
                self._submit(event, Do.RESUBMIT, self._route[:-1])
            case _With.APPROVER, "APPROVED":
                self._answer(event, Do.APPROVE)
            case _With.APPROVER, "FINAL_APPROVED":
                self._answer(event, Do.APPROVE)
                self._turn(_With.NOBODY)
            case _With.APPROVER, "REJECTED" if event.role == EMPLOYEE:
                self._add(event, Do.RETRACT)
                self._turn(_With.NOBODY, self._next())
            case _With.APPROVER, "REJECTED" if event.role != MISSING:
                self._answer(event, Do.RETURN)
                self._turn(_With.EMPLOYEE)
            case _With.EMPLOYEE, "REJECTED" if event.role == EMPLOYEE:
                self._add(event, Do.WITHDRAW)
                self._with = _With.NOBODY
            case _ if self._permits:
                self._remark(event)
            case _:  # a draft before anything was asked for
                return

    def finish(self) -> list[Permit]:
        """The processes, once all events are taken."""
        if self._with is _With.APPROVER:
            self._turn(self._with, self._next())
        return self._permits

    def _add(self, event: LogEvent, do: Do, text: str = "") -> None:
        self._permits[-1].steps.append(Step(event.at, do, event.role, text=text))

    def _submit(self, event: LogEvent, do: Do, agreed: list[str]) -> None:
        self._add(event, do)
        self._submitted = len(self._permits[-1].steps) - 1
        self._with, self._route, self._asked = _With.APPROVER, agreed, ""

    def _answer(self, event: LogEvent, do: Do) -> None:
        self._add(event, do)
        self._route.append(event.role)
        self._asked = ""

    def _remark(self, event: LogEvent) -> None:
        if event.verb == "FOR_APPROVAL":
            self._asked = event.role
        self._add(event, Do.COMMENT, f"In the log: {event.name}")

    def _next(self) -> list[str]:
        """Whom the last submission waits for: who was asked, else whom the university would usually ask next."""
        usual = DIRECTOR if SUPERVISOR in self._route else SUPERVISOR
        return [self._asked or usual]

    def _turn(self, to: _With, left: Sequence[str] = ()) -> None:
        """Close a turn of the approvers: only now it is known whom its submission has to name."""
        steps = self._permits[-1].steps
        steps[self._submitted] = replace(steps[self._submitted], route=(*self._route, *left))
        self._with = to
