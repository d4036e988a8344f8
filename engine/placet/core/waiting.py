"""What is told of a process that waits: for whom or what, since when, what comes by itself, and who could act now.

`placet.core.why_waiting` finds it and `placet.core.waiting_words` says it to people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from placet.core.access import Act, Row
from placet.core.people import StandIn
from placet.core.permissions import Permission
from placet.core.records import Event, Incident, Job, Process, WorkItem


class WaitKind(Enum):
    """What is waited for; the values are the words of `/v1/wf`."""

    RESUMPTION = "resumption"
    ANSWER = "answer"
    CHANGES = "changes"
    TIME = "time"
    PROCESS = "process"
    CALL = "call"
    MAIL = "mail"
    INCIDENT = "incident"


class Coming(Enum):
    """What happens by itself; the values are the words of `/v1/wf`."""

    TIMEOUT = "timeout"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    END = "end"
    TRY = "try"


class Progress(Enum):
    """How far somebody else's part is: of another process, a call or a mail; the values are the words of `/v1/wf`."""

    QUEUED = "queued"  # a node is about to take it up
    RUNNING = "running"
    BETWEEN_TRIES = "between tries"
    POSTPONED = "postponed"  # it cannot even be begun: something of ours is away
    LEFT_ALONE = "left alone"  # what it calls does not work, and is given a rest
    DONE = "done"  # and what follows from it has yet to happen
    UNSEEN = "unseen"  # the reader may not know


@dataclass(frozen=True, slots=True)
class Next:
    """Something that happens by itself `at` a time: `leads_to` the name of an activity, or `people` are concerned."""

    what: Coming
    at: datetime
    leads_to: str = ""
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A work item that waits, and who of those whom it asks `can_answer` now; `stuck` says why nobody can."""

    item: WorkItem
    can_answer: tuple[str, ...]
    and_others: bool = False  # more of a group than are named
    absence: StandIn | None = None  # of whom it asks, or in whose place it asks somebody
    stuck: str = ""
    stranded: bool = False  # the engine has looked for somebody else and found nobody


@dataclass(frozen=True, slots=True)
class Votes:
    """How far a round is, and how many yes votes it takes."""

    wanted: int
    total: int
    yes: int
    no: int
    refused: int


@dataclass(frozen=True, slots=True)
class Try:
    """One try of what could not be done so far."""

    at: datetime
    code: str
    error: str
    ms: int


@dataclass(frozen=True, slots=True)
class Help:
    """Who else could act, and by what right: DNs, the first few of them."""

    act: Act
    permission: Permission
    people: tuple[str, ...]
    and_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One answer; `activity` None is the process as a whole. What does not concern its kind is empty."""

    kind: WaitKind
    activity: str | None
    name: str
    since: datetime
    held: bool = False  # the process is stopped: nothing comes by itself, and nobody can answer
    coming: tuple[Next, ...] = ()
    helps: tuple[Help, ...] = ()
    asked: tuple[Asked, ...] = ()
    votes: Votes | None = None
    by: str | None = None  # who paused it
    left: timedelta | None = None  # of a time that stands still
    of: str = ""  # the DN of the definition, or the name of the connector
    process: str | None = None  # the id of the other process
    to: tuple[str, ...] = ()  # whom a mail is for: DNs and addresses
    progress: Progress | None = None
    resting_until: datetime | None = None
    tries: tuple[Try, ...] = ()
    incident: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is stored of a process and says why it waits.

    `children` are those of its own that a reader may see, `holders` the DNs of who may hold a permission, some of them
    where they are many.
    """

    row: Row
    jobs: Collection[Job] = ()
    incidents: Collection[Incident] = ()
    events: Sequence[Event] = ()
    children: Mapping[str, Process] = field(default_factory=dict)
    holders: Mapping[Permission, Sequence[str]] = field(default_factory=dict)


#: The permissions by which somebody could act on what a process waits for.
HELPING = (Permission.SUPERVISE, Permission.REASSIGN, Permission.TERMINATE)
#: So many people are named, and so many at most are looked at.
MOST_NAMED, MOST_LOOKED_AT = 10, 500
