"""Walking the flow: automatic activities run on to the next wait inside one decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from placet.core.approvals import ask
from placet.core.automatic import decide_path, map_data, set_status, write_log
from placet.core.calls import begin_call
from placet.core.definition import (
    Activity,
    Approval,
    Branch,
    Condition,
    ConnectorCall,
    Email,
    Finish,
    Log,
    MappingActivity,
    Merge,
    StatusActivity,
    SubProcess,
    Wait,
)
from placet.core.draft import Draft
from placet.core.flow import Scope, Token
from placet.core.later import begin_child, begin_wait
from placet.core.mails import begin_mail
from placet.core.statuses import ApprovalStatus
from placet.errors import ExpressionError, InvalidInput

#: More steps than that in one decision mean that the definition runs in circles.
STEP_LIMIT = 1_000

#: What the step from a branch is noted as, which takes all of its ways.
ALL = "*"

#: Enters an activity: gives the path to go on by, or None where the process has to wait.
Enter: TypeAlias = Callable[[Draft, int, Any], str | None]

ENTER: dict[type[Activity], Enter] = {
    Approval: ask,
    Condition: decide_path,
    MappingActivity: map_data,
    StatusActivity: set_status,
    Log: write_log,
    Wait: begin_wait,
    SubProcess: begin_child,
    ConnectorCall: begin_call,
    Email: begin_mail,
}

#: Paths over which an approval or a child says no; finish reached over one ends Denied.
_NEGATIVE = frozenset({"denied", "refused", "timedout"})
_DECIDING = frozenset({"approved"}) | _NEGATIVE


def begin(draft: Draft) -> None:
    """Put a new process on its first activity and run it to its first wait."""
    number = draft.flow.number()
    draft.flow.tokens[number] = Token(draft.definition.start)
    _run(draft, [number])


def leave(draft: Draft, number: int, path: str) -> None:
    """Go on from where a token waited, over one of its activity's paths, to the next waits."""
    runnable = _follow(draft, number, path)
    _run(draft, runnable)


def fail(draft: Draft, number: int, reason: str) -> None:
    """Take the error path of the activity that a token stands on, or end the process in error."""
    activity = draft.definition.activities[draft.token(number).at]
    if "error" in activity.paths:
        draft.comment(f"{activity.name}: {reason}", activity=activity.id)
        leave(draft, number, "error")
    else:
        end_in_error(draft, f"{activity.name}: {reason}", activity.id)


def end_in_error(draft: Draft, reason: str, activity: str | None = None) -> None:
    """End the process as Terminated + Error, with the reason in a comment of the engine."""
    draft.comment(reason, activity=activity)
    draft.end("fail", "process.failed", item_reason="the process failed", reason=reason)


def _run(draft: Draft, runnable: list[int]) -> None:
    """Enter activities until every token waits or the process is over."""
    steps = 0
    while runnable and not draft.process.life.is_over:
        number = runnable.pop(0)
        activity = draft.definition.activities[draft.token(number).at]
        steps += 1
        if steps > STEP_LIMIT:
            reason = (
                f"the definition ran through {STEP_LIMIT} activities without a wait; it last stood on {activity.id!r}"
            )
            end_in_error(draft, reason, activity.id)
            return
        runnable.extend(_enter(draft, number, activity))


def _enter(draft: Draft, number: int, activity: Activity) -> list[int]:
    match activity:
        case Finish():
            _finish(draft, number)
            return []
        case Branch():
            return _split(draft, number, activity)
        case Merge():
            return _meet(draft, number)
    try:
        path = ENTER[type(activity)](draft, number, activity)
    except (ExpressionError, InvalidInput) as failure:
        if "error" not in activity.paths:
            end_in_error(draft, f"{activity.name}: {failure.message}", activity.id)
            return []
        draft.comment(f"{activity.name}: {failure.message}", activity=activity.id)
        path = "error"
    return [] if path is None else _follow(draft, number, path)


def _follow(draft: Draft, number: int, path: str) -> list[int]:
    """Move a token over a path; a negative path that is not drawn falls back on `denied`."""
    token = draft.token(number)
    activity = draft.definition.activities[token.at]
    if path in _NEGATIVE and path not in activity.paths:
        path = "denied"
    target = activity.paths[path]
    draft.flow.note_step(activity.id, path)
    if path in _DECIDING:
        token.denied = path in _NEGATIVE
    token.at, token.votes, token.child = target, None, None
    return [number]


def _split(draft: Draft, number: int, branch: Branch) -> list[int]:
    """Replace a token by one on each path of a branch."""
    token = draft.flow.tokens.pop(number)
    scope = draft.flow.number()
    draft.flow.note_step(branch.id, ALL)
    draft.flow.scopes[scope] = Scope(expected=len(branch.targets))
    numbers = []
    for target in branch.targets:
        numbers.append(draft.flow.number())
        draft.flow.tokens[numbers[-1]] = Token(target, token.denied, [*token.scopes, scope])
    return numbers


def _meet(draft: Draft, number: int) -> list[int]:
    """Let a token arrive at a merge; the last one of its branch goes on."""
    token = draft.token(number)
    scope = draft.flow.scopes[token.scopes[-1]]
    scope.arrived += 1
    scope.denied = scope.denied or token.denied
    if scope.arrived < scope.expected:
        del draft.flow.tokens[number]
        return []
    del draft.flow.scopes[token.scopes.pop()]
    token.denied = scope.denied
    return _follow(draft, number, "next")


def _finish(draft: Draft, number: int) -> None:
    """End the process: a status activity decides, else the last decision on the way here."""
    denied = draft.token(number).denied
    del draft.flow.tokens[number]
    if draft.flow.decided:
        denied = draft.flow.decided == ApprovalStatus.DENIED.label
    trigger = "deny" if denied else "approve"
    draft.end(trigger, "process.completed", item_reason="the process completed")
