"""Open items that nobody can answer any more, because whom they ask has become inactive since.

They go to whoever stands in, else to the fallback. Where neither can answer, the others of the round decide without
them, as they would have without an addressee who was inactive from the start; where no others are left, or they cannot
give the yes votes that are wanted, the path `error` is taken if it is drawn. Else they wait, and a comment says so:
whom they ask may become active again, and a supervisor may reassign them. Nobody's leaving approves or denies anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from placet.core import walk
from placet.core.approvals import can_answer, delegate_for, resolve
from placet.core.definition import Approval, Definition
from placet.core.draft import Draft, cancel
from placet.core.names import fold_dn
from placet.core.people import Directory, Group
from placet.core.records import WorkItem
from placet.core.refusals import Case, actions_for
from placet.core.standing_in import stands_in
from placet.core.statuses import Action, Life, WorkItemStatus
from placet.core.votes import Round, outcome
from placet.errors import ExpressionError, InvalidInput


def find_others(draft: Draft) -> bool:
    """Find others for the open items of whoever can act no more; False where there is nothing to do.

    A stopped process is left alone until it is resumed.
    """
    events, stranded = len(draft.decision.events), list(draft.flow.stranded)
    for number in [item.number for item in draft.open_items()]:
        item = draft.items[number]  # as it is by now: the end of a round takes back the items behind this one
        if draft.process.life is Life.RUNNING and item.status.is_open:
            _look_after(draft, item)
    return len(draft.decision.events) > events or draft.flow.stranded != stranded


def _look_after(draft: Draft, item: WorkItem) -> None:
    approval = draft.definition.activities[item.activity]
    assert isinstance(approval, Approval)
    is_held = item.status is WorkItemStatus.CLAIMED and _may(draft, item, item.owner, Action.RELEASE)
    if _is_answerable(draft, item if is_held else _released(item)):
        _note(draft, item, is_stranded=False)
        if item.status is WorkItemStatus.CLAIMED and not is_held:
            _release(draft, item)
    elif (taken := _taken(draft, item, approval)) is not None:
        _note(draft, item, is_stranded=False)
        _hand_on(draft, item, approval, taken)
    else:
        _do_without(draft, item, approval)


def _may(draft: Draft, item: WorkItem, actor: str | None, action: Action) -> bool:
    case = Case(draft.process, item, draft.definition, actor, draft.directory, draft.now)
    return action in actions_for(case)


def _is_answerable(draft: Draft, item: WorkItem) -> bool:
    """Whether anybody whom an item asks, or who stands in for him, can answer it; supervisors do not count."""
    asked = asked_by(item, draft.definition, draft.directory, draft.now)
    return any(_may(draft, item, actor, Action.APPROVE) for actor in asked)


def asked_by(item: WorkItem, definition: Definition, directory: Directory, now: datetime) -> Iterator[str]:
    """The DNs of whom an item asks: the active members of a group, else its addressee and who stands in for him."""
    addressee = item.addressee
    group = directory.group(addressee)
    if group is not None:
        yield from (person.dn for person in directory.active_members(group) if group.active)
        return
    if item.returned or directory.person(addressee) is not None:  # who asks need not be a user of ours
        yield addressee
    for each in directory.absences.get(fold_dn(addressee), ()):
        if stands_in(directory, each.stand_in, addressee, definition, now):
            yield each.stand_in


def _released(item: WorkItem) -> WorkItem:
    return replace(item, status=WorkItemStatus.OPEN, owner=None)


def _release(draft: Draft, item: WorkItem) -> None:
    assert item.owner is not None
    reason = f"{draft.directory.display_name(item.owner)}, who had claimed it, can act on it no more"
    draft.change_item(item, "release", owner=None)
    draft.record("work_item.released", activity=item.activity, item=item.number, reason=reason)


# -- to others -----------------------------------------------------------------------------------


def _taken(draft: Draft, item: WorkItem, approval: Approval) -> WorkItem | None:
    """The item as it is with whoever answers in its addressee's place, or None where nobody can.

    First comes who stands in for whom it was meant for, and he himself where his delegate has become inactive.
    """
    found = _with(draft, item, approval, item.proxy_for or item.addressee)
    if found is not None or approval.fallback is None:
        return found
    try:
        fallback = resolve(draft, approval.fallback)
    except (ExpressionError, InvalidInput):
        return None
    able = (_with(draft, item, approval, dn) for dn in fallback if can_answer(draft, item, approval, dn))
    return next((taken for taken in able if taken is not None), None)


def _with(draft: Draft, item: WorkItem, approval: Approval, dn: str) -> WorkItem | None:
    delegate = delegate_for(draft, approval, dn)
    taken = replace(_released(item), addressee=delegate, proxy_for=None if delegate == dn else dn)
    return taken if _is_answerable(draft, taken) else None


def _hand_on(draft: Draft, item: WorkItem, approval: Approval, taken: WorkItem) -> None:
    reason = why_nobody(draft.directory, item)
    whom = {"addressee": taken.addressee} | ({"proxy_for": taken.proxy_for} if taken.proxy_for else {})
    draft.record(
        "work_item.redirected", activity=item.activity, item=item.number, before=item.addressee, reason=reason, **whom
    )
    name = draft.directory.display_name(taken.proxy_for or taken.addressee)
    draft.comment(f"{approval.name}: {reason}; {name} is asked instead.", activity=approval.id)
    draft.change_item(item, "reassign", addressee=taken.addressee, owner=None, proxy_for=taken.proxy_for)


def why_nobody(directory: Directory, item: WorkItem) -> str:
    """Why nobody whom an item asks can answer it."""
    name = directory.display_name(item.addressee)
    found = directory.group(item.addressee) or directory.person(item.addressee)
    if found is not None and not found.active:
        return f"{name} is inactive"
    if isinstance(found, Group):
        return f"nobody of {name} who may answer is active"
    return f"{name} may not answer"


# -- without them --------------------------------------------------------------------------------


def _do_without(draft: Draft, item: WorkItem, approval: Approval) -> None:
    """Let the others of a round decide without an item; where they cannot, it is an error or has to wait."""
    reason = f"nobody can answer any more: {why_nobody(draft.directory, item)}"
    if approval.fallback is not None:
        reason += ", and the fallback gives nobody who may and is not asked already"
    token = draft.token(item.token)
    others = _without(token.votes)
    if others is not None and outcome(approval.settle, others) is None:
        cancel(draft, item, reason)
        token.votes = others
    elif "error" in approval.paths:
        for asked in draft.open_items(item.token):
            cancel(draft, asked, reason if asked.number == item.number else "its approval failed")
        walk.fail(draft, item.token, reason)
    elif _note(draft, item, is_stranded=True):
        draft.record("work_item.stranded", activity=item.activity, item=item.number, reason=reason)
        draft.comment(
            f"{approval.name}: {reason}. It waits; who may reassign can hand it to somebody else.", activity=approval.id
        )


def _without(votes: Round | None) -> Round | None:
    """The votes as they are with one voter less; no vote, as of who refuses."""
    return None if votes is None else replace(votes, refused=votes.refused + 1)


def _note(draft: Draft, item: WorkItem, *, is_stranded: bool) -> bool:
    """Keep in mind whether an item waits for nobody, so that it is told once; whether that is new."""
    numbers = draft.flow.stranded
    if (item.number in numbers) == is_stranded:
        return False
    if is_stranded:
        numbers.append(item.number)
    else:
        numbers.remove(item.number)
    return True
