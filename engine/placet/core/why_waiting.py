"""Why a process waits: each point where it stands has one answer, and one that is stopped has one more before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from placet.core.access import Act
from placet.core.approvals import named_by
from placet.core.clockwork import escalation_at, reminder_at
from placet.core.definition import Activity, Approval, ConnectorCall, SettleKind, SubProcess
from placet.core.draft import expression_facts
from placet.core.flow import Flow, Token
from placet.core.names import fold_dn
from placet.core.people import Directory
from placet.core.records import UNABLE_SINCE, Event, Incident, Job, WorkItem, copied, work_item_id
from placet.core.statuses import Life
from placet.core.votes import Round, wanted
from placet.core.waiting import Asked, Coming, Next, Progress, Standing, Try, Votes, Wait, WaitKind
from placet.core.waiting_help import Scene, helpers, whom_it_asks
from placet.errors import ExpressionError, InvalidInput
from placet.query.times import parse_time

#: Until when a node leaves alone what the jobs of a lane call; None where it does not.
Resting: TypeAlias = Callable[[str], datetime | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Look(Scene):
    """A scene with where the process stands, and what is known of the jobs that leave the house."""

    flow: Flow
    resting: Resting
    lease: timedelta

    @property
    def is_stopped(self) -> bool:
        return self.flow.paused_at is not None

    def name(self, activity: str) -> str:
        return self.row.definition.activities[activity].name

    def last(self, kind: str, activity: str | None = None) -> Event | None:
        """The last event of a kind, of an activity or of the whole process."""
        events = reversed(self.standing.events)
        return next((each for each in events if each.kind == kind and activity in (None, each.activity)), None)

    def since(self, kind: str, activity: str) -> datetime:
        event = self.last(kind, activity)
        return self.row.process.created_at if event is None else event.at

    def wait(
        self, kind: WaitKind, token: Token, since: datetime, acts: Sequence[Act], asked: Sequence[Asked] = ()
    ) -> Wait:
        """What all answers of one point have in common."""
        helps = helpers(self, acts, asked)
        name = self.name(token.at)
        return Wait(
            kind=kind, activity=token.at, name=name, since=since, held=self.is_stopped, helps=helps, asked=tuple(asked)
        )


def why_waiting(
    standing: Standing, directory: Directory, now: datetime, *, resting: Resting = lambda lane: None, lease: timedelta
) -> list[Wait]:
    """What a process waits for, in the order of its points; nothing of one that has ended.

    `lease` is for how long a job is left to the node that has taken it.
    """
    process = standing.row.process
    if process.life.is_over:
        return []
    running = copied(process)
    running.life = Life.RUNNING
    look = _Look(standing, directory, now, running, Flow.load(process.flow), resting, lease)
    before = [_for_resumption(look, look.flow.paused_at)] if look.flow.paused_at is not None else []
    return before + [_for_token(look, number, token) for number, token in sorted(look.flow.tokens.items())]


def _for_resumption(look: _Look, paused_at: int) -> Wait:
    paused = look.last("process.paused")
    return Wait(
        kind=WaitKind.RESUMPTION,
        activity=None,
        name=look.row.definition.name,
        since=_EPOCH + timedelta(milliseconds=paused_at),
        held=True,
        by=None if paused is None else paused.actor,
        helps=helpers(look, (Act.RESUME,)),
    )


def _for_token(look: _Look, number: int, token: Token) -> Wait:
    standing = look.standing
    items = [item for item in look.row.items if item.token == number and item.status.is_open]
    if items:
        return _for_people(look, token, sorted(items, key=lambda item: item.number))
    if token.child is not None:
        return _for_child(look, token, token.child)
    job = next((each for each in standing.jobs if each.token == number), None)
    if job is not None:
        return _for_time(look, token, job) if job.lane is None else _for_others(look, token, job, job.lane)
    incident = next(each for each in standing.incidents if each.token == number and each.resolved_at is None)
    return _for_incident(look, token, incident)


# -- people --------------------------------------------------------------------------------------


def _for_people(look: _Look, token: Token, items: Sequence[WorkItem]) -> Wait:
    approval = look.row.definition.activities[token.at]
    assert isinstance(approval, Approval)
    asked = [whom_it_asks(look, item, stranded=item.number in look.flow.stranded) for item in items]
    kind = WaitKind.CHANGES if items[0].returned else WaitKind.ANSWER
    since = min(item.created_at for item in items)
    wait = look.wait(kind, token, since, (Act.ACT_FOR_OTHERS, Act.REASSIGN), asked)
    coming = () if look.is_stopped else tuple(each for item in items for each in _coming(look, item, approval))
    ordered = sorted(dict.fromkeys(coming), key=lambda each: each.at)
    return replace(wait, coming=tuple(ordered), votes=_votes(approval, token.votes))


def _votes(approval: Approval, votes: Round | None) -> Votes | None:
    if votes is None or votes.total == 1:
        return None
    needed = wanted(approval.settle, votes.total - votes.refused)
    first = approval.settle.kind is SettleKind.ANY
    return Votes(0 if first else needed, votes.total, votes.yes, votes.no, votes.refused)


def _coming(look: _Look, item: WorkItem, approval: Approval) -> list[Next]:
    """What a work item's times bring, as things are now."""
    if item.returned:
        return []
    found = []
    if item.expires_at is not None:
        path = "timedout" if "timedout" in approval.paths else "denied"
        found.append(Next(Coming.TIMEOUT, item.expires_at, look.name(approval.paths[path])))
    if (remind_at := reminder_at(item, approval)) is not None:
        found.append(Next(Coming.REMINDER, remind_at, people=(item.addressee,)))
    if (escalate_at := escalation_at(item, approval)) is not None:
        found.append(Next(Coming.ESCALATION, escalate_at, people=_escalated_to(look, item, approval)))
    return found


def _escalated_to(look: _Look, item: WorkItem, approval: Approval) -> tuple[str, ...]:
    assert approval.escalate is not None
    to = approval.escalate.to
    row = look.row
    try:
        facts = expression_facts(row.definition, row.process, look.directory, look.now)
        found = named_by(look.directory, to if isinstance(to, str) else to.evaluate(facts))
    except (ExpressionError, InvalidInput):
        return ()
    return tuple(dn for dn in found if fold_dn(dn) != fold_dn(item.addressee))[:1]


# -- times, other processes, calls and mails -------------------------------------------------------


def _for_time(look: _Look, token: Token, job: Job) -> Wait:
    wait = look.wait(WaitKind.TIME, token, look.since("activity.entered", token.at), (Act.TERMINATE,))
    if job.timer_at is None:
        return replace(wait, left=timedelta(milliseconds=job.payload["left"]))
    after = look.name(look.row.definition.activities[token.at].paths["next"])
    return replace(wait, coming=(Next(Coming.END, job.timer_at, after),))


def _for_child(look: _Look, token: Token, child: str) -> Wait:
    activity = look.row.definition.activities[token.at]
    assert isinstance(activity, SubProcess)
    wait = look.wait(WaitKind.PROCESS, token, look.since("process.child_started", token.at), (Act.TERMINATE,))
    return replace(wait, process=child, of=activity.definition, progress=_progress_of(look, child))


def _progress_of(look: _Look, child: str) -> Progress:
    if any(job.kind == "start_child" and job.payload["child"] == child for job in look.standing.jobs):
        return Progress.QUEUED
    if any(held["child"] == child for held in look.flow.held):
        return Progress.DONE
    found = look.standing.children.get(child)
    if found is None:
        return Progress.UNSEEN
    return Progress.DONE if found.life.is_over else Progress.RUNNING


def _for_others(look: _Look, token: Token, job: Job, lane: str) -> Wait:
    """What is to be done by a service or a mail server, and has not failed for good."""
    activity: Activity = look.row.definition.activities[token.at]
    is_call = isinstance(activity, ConnectorCall)
    requested = look.since("call.requested" if is_call else "mail.requested", token.at)
    wait = look.wait(WaitKind.CALL if is_call else WaitKind.MAIL, token, requested, (Act.TERMINATE,))
    progress, resting_until = _progress(look, job, lane)
    tries = tries_of(job)
    again = job.timer_at if progress in (Progress.BETWEEN_TRIES, Progress.POSTPONED) else resting_until
    return replace(
        wait,
        of=job.payload.get("connector", ""),
        to=(*job.payload.get("to", ()), *job.payload.get("cc", ())),
        progress=progress,
        resting_until=resting_until,
        tries=tries,
        reason=tries[-1].error if tries else "",
        coming=() if again is None else (Next(Coming.TRY, again),),
    )


def _progress(look: _Look, job: Job, lane: str) -> tuple[Progress, datetime | None]:
    """How far a job is: who takes one moves its timer up, and its time ahead by the lease unless it is in a queue."""
    if "came" in job.payload:
        return Progress.DONE, None
    resting_until, at = look.resting(lane), job.timer_at or look.now
    if resting_until is not None and resting_until > max(look.now, at):
        return Progress.LEFT_ALONE, resting_until
    is_taken = job.timer > len(job.payload["tries"]) and at <= look.now + look.lease
    if at <= look.now and not (is_taken and job.timer_at is None):
        return Progress.QUEUED, None
    if is_taken:
        return Progress.RUNNING, None
    return (Progress.POSTPONED if UNABLE_SINCE in job.payload else Progress.BETWEEN_TRIES), None


def _for_incident(look: _Look, token: Token, incident: Incident) -> Wait:
    wait = look.wait(WaitKind.INCIDENT, token, incident.opened_at, (Act.RETRY,))
    return replace(
        wait,
        of=incident.payload.get("connector", ""),
        tries=tries_of(incident),
        incident=work_item_id(incident.process_id, incident.number),
        reason=incident.reason,
    )


def tries_of(failed: Job | Incident) -> tuple[Try, ...]:
    """The tries of what has not worked so far, oldest first."""
    return tuple(
        Try(parse_time(each["at"]), str(each["code"] or ""), each["error"] or "", each["ms"])
        for each in failed.payload.get("tries", ())
    )
