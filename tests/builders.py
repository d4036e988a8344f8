"""Defaults for what a decision needs, so that a test shows only its subject."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import orjson

from placet.commands import (
    ActOnWorkItem,
    AddComment,
    ChildEnded,
    Command,
    FireItemTimer,
    FireJob,
    JobEnded,
    PauseProcess,
    ResolveIncident,
    ResumeProcess,
    StartProcess,
    TerminateProcess,
)
from placet.core.access import Row
from placet.core.decide import Decision, Facts, decide
from placet.core.defaults import ADMINISTRATOR_ROLE, OPERATOR_ROLE
from placet.core.definition import (
    Activity,
    Approval,
    Branch,
    Condition,
    ConnectorCall,
    DataItem,
    DataType,
    Definition,
    Email,
    Finish,
    Log,
    MappingActivity,
    Merge,
    Settle,
    SettleKind,
    StatusActivity,
    SubProcess,
    Wait,
)
from placet.core.expressions import compile_expression
from placet.core.flow import Flow
from placet.core.ids import IdMaker
from placet.core.names import definition_dn, dn_guid, fold_dn, group_dn, is_dn, user_dn
from placet.core.people import ORDINARY, Directory, Group, Person
from placet.core.permissions import EVERY_PERMISSION
from placet.core.records import Comment, Event, Incident, Job, Process, Snapshot, WorkItem
from placet.core.statuses import Action, ApprovalStatus, Life
from placet.core.waiting import HELPING, Standing, WaitKind
from placet.core.waiting import Wait as Answer
from placet.core.waiting_words import as_text, in_words
from placet.core.why_waiting import Resting, why_waiting

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEASE = timedelta(seconds=5)

ANNA, BOB, CARL, DORA, EVE = (user_dn(name) for name in ("anna", "bob", "carl", "dora", "eve"))
GONE, ADMIN, STRANGER = user_dn("gone"), user_dn("admin"), user_dn("stranger")
BOARD, EMPTY, CLOSED, ALONE = (group_dn(title) for title in ("Board", "Empty", "Closed", "Alone"))


def a_directory() -> Directory:
    """Anna's manager is Bob, his is Carl, his is Dora. Gone has left; of Empty's members nobody is active."""
    managers = {"anna": BOB, "bob": CARL, "carl": DORA, "gone": BOB}
    names = ("anna", "bob", "carl", "dora", "eve", "gone", "stranger", "admin")
    people = [
        Person(
            user_dn(n),
            n,
            n.title(),
            manager=managers.get(n),
            active=n != "gone",
            id=dn_guid(user_dn(n)),
            role=ADMINISTRATOR_ROLE if n == "admin" else OPERATOR_ROLE,
            permissions=EVERY_PERMISSION if n == "admin" else ORDINARY,
        )
        for n in names
    ]
    groups = {BOARD: [BOB, CARL, DORA], EMPTY: [GONE], CLOSED: [BOB], ALONE: [ANNA]}
    return Directory(
        people,
        [
            Group(dn, dn.partition(",")[0][3:], frozenset(map(fold_dn, members)), active=dn != CLOSED)
            for dn, members in groups.items()
        ],
        version=1,
    )


DIRECTORY = a_directory()


# -- definitions -----------------------------------------------------------------------------------


def who(given: str | list[str] | None) -> Any:
    """Addressees as the loader gives them: a DN as it stands, a list of DNs or CEL as an expression."""
    if isinstance(given, list):
        return compile_expression(orjson.dumps(given).decode())
    return given if given is None or is_dn(given) else compile_expression(given)


def settling(given: str | int) -> Settle:
    """`any`, `all`, `50%` or a number."""
    if isinstance(given, int):
        return Settle(SettleKind.COUNT, given)
    return Settle(SettleKind.PERCENT, int(given[:-1])) if given.endswith("%") else Settle(SettleKind(given))


def an_approval(
    addressees: str | list[str] = BOB,
    *,
    settle: str | int = "any",
    fallback: str | list[str] | None = None,
    paths: Mapping[str, str] | None = None,
    **more: Any,
) -> Approval:
    """Asks Bob; both answers lead to the finish."""
    return Approval(
        id="",
        name="",
        addressees=who(addressees),
        settle=settling(settle),
        fallback=who(fallback),
        paths={"approved": "done", "denied": "done"} | dict(paths or {}),
        **more,
    )


def a_condition(when: str, **paths: str) -> Condition:
    return Condition(id="", name="", when=compile_expression(when), paths=paths)


def a_branch(*targets: str) -> Branch:
    return Branch(id="", name="", targets=targets)


def a_merge(to: str = "done") -> Merge:
    return Merge(id="", name="", paths={"next": to})


def a_mapping(to: str = "done", /, error: str | None = None, **sets: str) -> MappingActivity:
    paths = {"next": to} | ({"error": error} if error else {})
    return MappingActivity(id="", name="", sets={n: compile_expression(e) for n, e in sets.items()}, paths=paths)


def a_status(given: str, to: str = "done") -> StatusActivity:
    return StatusActivity(id="", name="", status=ApprovalStatus[given.upper()], paths={"next": to})


def a_log(text: str = "'noted'", to: str = "done") -> Log:
    return Log(id="", name="", comment=compile_expression(text), paths={"next": to})


def a_wait(duration: timedelta | None = None, until: str | None = None, to: str = "done") -> Wait:
    return Wait(
        id="", name="", duration=duration, until=compile_expression(until) if until else None, paths={"next": to}
    )


def a_child(
    definition: str = "Child", *, wait: bool = True, recipient: str | None = None, error: str | None = None, **data: str
) -> SubProcess:
    paths = {"approved": "done", "denied": "done"} if wait else {"next": "done"}
    return SubProcess(
        id="",
        name="",
        definition=definition_dn(definition),
        recipient=who(recipient),
        data={name: compile_expression(source) for name, source in data.items()},
        wait=wait,
        paths=paths | ({"error": error} if error else {}),
    )


def a_call(
    connector: str = "Users",
    to: str = "done",
    *,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    fault_outputs: Mapping[str, str] | None = None,
    **paths: str,
) -> ConnectorCall:
    return ConnectorCall(
        id="",
        name="",
        connector=connector,
        inputs={name: compile_expression(source) for name, source in (inputs or {}).items()},
        outputs={name: compile_expression(source) for name, source in (outputs or {}).items()},
        fault_outputs={name: compile_expression(source) for name, source in (fault_outputs or {}).items()},
        paths={"success": to} | paths,
    )


def a_mail(given: str | list[str] | None = None, to: str = "done", *, error: str | None = None) -> Email:
    return Email(
        id="",
        name="",
        to=who(given or BOB),
        subject="About {{ process.name }}",
        text="Please look.",
        paths={"next": to} | ({"error": error} if error else {}),
    )


def a_definition(*, name: str = "Test", data: Mapping[str, str] | None = None, **activities: Activity) -> Definition:
    """Begins with the first activity and has a finish `done`; nothing of it is checked, as the loader would."""
    named = {}
    for given, activity in (activities | {"done": Finish(id="", name="")}).items():
        fields = {slot: getattr(activity, slot) for slot in _slots(type(activity))}
        named[given] = type(activity)(**(fields | {"id": given, "name": given.title()}))
    items = {
        item: DataItem(
            item,
            DataType(words.split()[0]),
            multi_valued="multi" in words,
            required="required" in words,
            indexed="indexed" in words,
            internal="internal" in words,
        )
        for item, words in (data or {}).items()
    }
    dn = definition_dn(name)
    return Definition(dn=dn, name=name, guid=dn_guid(dn), start=next(iter(named)), activities=named, data=items, row=1)


def _slots(kind: type) -> list[str]:
    return [slot for base in kind.__mro__ for slot in getattr(base, "__slots__", ())]


# -- one process, step by step ----------------------------------------------------------------------


class Story:
    """A process outside of any database: every step is decided on what would have been loaded.

    After each step it checks what holds for every decision: what was given has not changed, what came of it survives
    being stored, and statuses, items, tokens and jobs fit each other.
    """

    def __init__(self, definition: Definition, *, directory: Directory = DIRECTORY, now: datetime = NINE) -> None:
        self.definition, self.directory, self.now = definition, directory, now
        self.public_url: str | None = None
        self.ids = IdMaker()
        self.id = self.ids.make(now)
        self.snapshot: Snapshot | None = None
        self.comments: list[Comment] = []
        self.events: list[Event] = []
        self.last: Decision | None = None

    def send(self, command: Command) -> Decision | None:
        """Decide one command; a refusal is raised and has changed nothing."""
        before, definition = deepcopy(self.snapshot), repr(self.definition)
        facts = Facts(self.now, self.directory, "node-1", self.ids.make, self.public_url)
        try:
            decision = decide(self.definition, self.snapshot, command, facts)
        finally:
            assert self.snapshot == before
            assert repr(self.definition) == definition
        self.last = decision
        if decision is not None:
            check_consistency(decision, before)
            self.snapshot = stored(decision.snapshot)
            self.comments += decision.comments
            self.events += decision.events
            check_answers(self)
        return decision

    def start(self, initiator: str = ANNA, *, data: Mapping[str, Any] | None = None, **more: Any) -> Story:
        self.send(
            StartProcess(
                process_id=self.id, definition=self.definition.dn, initiator=initiator, data=data or {}, **more
            )
        )
        return self

    def act(self, number: int, action: str, actor: str | None = None, **more: Any) -> Decision | None:
        return self.send(
            ActOnWorkItem(process_id=self.id, number=number, action=Action[action.upper()], actor=actor, **more)
        )

    def terminate(self, actor: str | None = None, **more: Any) -> None:
        self.send(TerminateProcess(process_id=self.id, actor=actor, **more))

    def pause(self, actor: str | None = ADMIN, **more: Any) -> None:
        self.send(PauseProcess(process_id=self.id, actor=actor, **more))

    def resume(self, actor: str | None = ADMIN, **more: Any) -> None:
        self.send(ResumeProcess(process_id=self.id, actor=actor, **more))

    def comment(self, text: str, actor: str | None = None, **more: Any) -> None:
        self.send(AddComment(process_id=self.id, text=text, actor=actor, **more))

    def child_ended(self, outcome: str, *, token: int = 1, child: str = "", reason: str | None = None) -> Any:
        child = child or next(event.detail["child"] for event in self.events if event.kind == "process.child_started")
        return self.send(ChildEnded(process_id=self.id, token=token, child=child, outcome=outcome, reason=reason))

    def job_ended(self, outcome: str = "success", message: Any = None, *, number: int = 0, **more: Any) -> Any:
        """Tell what came of a job that left the house, the newest unless another is named."""
        assert self.snapshot is not None
        job = self.snapshot.jobs[number or max(self.snapshot.jobs)]
        is_good = outcome == "success"
        response = {"success": is_good, "code": 200 if is_good else 500, "message": message, "headers": {}}
        known = {"response": response | {"error": None, "result": message}, "timer": job.timer}
        return self.send(JobEnded(process_id=self.id, number=job.number, outcome=outcome, **(known | more)))

    def retry(self, number: int = 1, actor: str | None = ADMIN, **more: Any) -> None:
        self.send(ResolveIncident(process_id=self.id, number=number, way="retry", actor=actor, **more))

    def skip(self, number: int = 1, actor: str | None = ADMIN, **more: Any) -> None:
        self.send(ResolveIncident(process_id=self.id, number=number, way="skip", actor=actor, **more))

    def pass_by(self, amount: timedelta) -> None:
        """Let time pass and fire what came due meanwhile, each thing once, as a node does that was asleep."""
        self.now += amount
        while (due := self._due()) is not None:
            assert self.send(due) is not None, f"{due} was due and nothing came of it"

    def _due(self) -> Command | None:
        assert self.snapshot is not None
        for item in self.snapshot.items.values():
            if item.timer_at is not None and item.timer_at <= self.now:
                return FireItemTimer(process_id=self.id, number=item.number, timer=item.timer)
        for job in self.snapshot.jobs.values():
            if job.kind == "wait" and job.timer_at is not None and job.timer_at <= self.now:
                return FireJob(process_id=self.id, number=job.number, timer=job.timer)
        return None

    # -- what came of it --------------------------------------------------------------------------

    def waits(
        self, *, resting: Resting = lambda lane: None, children: Mapping[str, Process] | None = None
    ) -> list[Answer]:
        """Why it waits, as it stands now."""
        assert self.snapshot is not None
        snapshot = self.snapshot
        row = Row(snapshot.process, self.definition, list(snapshot.items.values()))
        people = self.directory.people.values()
        holders = {each: [one.dn for one in people if each in one.permissions] for each in HELPING}
        standing = Standing(
            row, snapshot.jobs.values(), snapshot.incidents.values(), self.events, children or {}, holders
        )
        return why_waiting(standing, self.directory, self.now, resting=resting, lease=LEASE)

    def words(self, **more: Any) -> list[str]:
        """Why it waits, as people read it; times count from the start."""
        name = self.directory.display_name
        said = [in_words(wait, self.now) for wait in self.waits(**more)]
        return [as_text(each, name=name, moment=lambda at: f"+{at - NINE}") for each in chain.from_iterable(said)]

    @property
    def process(self) -> Process:
        assert self.snapshot is not None
        return self.snapshot.process

    @property
    def life(self) -> Life:
        return self.process.life

    def item(self, number: int) -> WorkItem:
        assert self.snapshot is not None
        return self.snapshot.items[number]

    @property
    def jobs(self) -> list[str]:
        assert self.snapshot is not None
        return [job.kind for job in self.snapshot.jobs.values()]

    def job(self, number: int = 0) -> Job:
        assert self.snapshot is not None
        return self.snapshot.jobs[number or max(self.snapshot.jobs)]

    def incident(self, number: int = 1) -> Incident:
        assert self.snapshot is not None
        return self.snapshot.incidents[number]

    @property
    def open(self) -> dict[int, str]:
        """Number and addressee of every item that waits."""
        assert self.snapshot is not None
        return {n: item.addressee for n, item in self.snapshot.items.items() if item.status.is_open}

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def told(self, *, system: bool = True) -> list[str]:
        """The comments of the engine, or of people."""
        return [comment.text for comment in self.comments if comment.system is system]


def started(*, initiator: str = ANNA, now: datetime = NINE, **activities: Activity) -> Story:
    """A process of a definition with these activities, run to its first wait."""
    return Story(a_definition(**activities), now=now).start(initiator)


def stored(snapshot: Snapshot) -> Snapshot:
    """The snapshot as it comes back from the database: nothing shared with the one that went in."""
    fresh = deepcopy(snapshot)
    fresh.process.data = orjson.loads(orjson.dumps(fresh.process.data))
    fresh.process.flow = orjson.loads(orjson.dumps(fresh.process.flow))
    for number, job in fresh.jobs.items():
        job.payload = orjson.loads(orjson.dumps(job.payload))
        assert job == snapshot.jobs[number]
    for number, incident in fresh.incidents.items():
        incident.payload = orjson.loads(orjson.dumps(incident.payload))
        assert incident == snapshot.incidents[number]
    assert fresh.process == snapshot.process
    return fresh


def check_answers(story: Story) -> None:
    """Each point where a process stands has an answer that can be told, and one that has ended has none."""
    waits, words = story.waits(), story.words()
    if story.life.is_over:
        assert waits == []
        return
    points = Flow.load(story.process.flow).tokens
    assert [wait.activity for wait in waits if wait.activity] == [points[number].at for number in sorted(points)]
    assert (waits[0].kind is WaitKind.RESUMPTION) is (story.life is Life.STOPPED)
    assert len(words) > len(waits)
    assert all(sentence.endswith(".") and ".." not in sentence for sentence in words)


def check_consistency(decision: Decision, before: Snapshot | None) -> None:
    """What holds after every decision."""
    process, items = decision.process, decision.snapshot.items
    assert process.life in Life
    assert process.revision == (before.process.revision + 1 if before else 1)
    assert (process.completed_at is not None) is process.life.is_over
    waiting = [item for item in items.values() if item.status.is_open]
    if process.life.is_over:
        assert process.flow == {}
        assert waiting == []
        assert not [job for job in decision.snapshot.jobs.values() if job.kind == "wait" or (job.lane and job.token)]
        assert not [each for each in decision.snapshot.incidents.values() if each.token and not each.resolved_at]
        return
    flow = Flow.load(process.flow)
    assert flow.dump() == process.flow
    assert flow.tokens, "a process that goes on stands somewhere"
    for item in waiting:
        token = flow.tokens[item.token]
        assert token.at == item.activity
        assert (token.votes is None) is item.returned
    for number, token in flow.tokens.items():
        asked = any(item.token == number for item in waiting)
        timed = any(job.token == number and job.kind == "wait" for job in decision.snapshot.jobs.values())
        away = any(job.token == number and job.lane for job in decision.snapshot.jobs.values())
        failed = any(each.token == number and not each.resolved_at for each in decision.snapshot.incidents.values())
        ways = [asked, timed, bool(token.child), away, failed]
        assert ways.count(True) == 1, f"nothing will ever move token {number} away from {token.at}"
    if process.life is Life.STOPPED:
        assert all(item.timer_at is None for item in waiting)
        assert all(job.timer_at is None for job in decision.snapshot.jobs.values() if job.kind == "wait")
