"""The checker: holds what clients were told, and what the service was asked, against the rows of the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from placet.core.events import KINDS
from placet.core.statuses import Action, Life, WorkItemStatus
from tests.crash.invariants import LIVES, Stored, broken
from tests.crash.kit.flows import REMINDER_SECONDS, TIMEOUT_SECONDS, WAIT_SECONDS
from tests.crash.kit.history import Decision, History
from tests.fault_server import Asked

DECIDED = {"work_item.approved": Action.APPROVE, "work_item.denied": Action.DENY}
#: How an item ends, by the status that it has then.
ENDS = {
    WorkItemStatus.COMPLETED: set(DECIDED),
    WorkItemStatus.TIMED_OUT: {"work_item.timed_out"},
    WorkItemStatus.CANCELLED: {"work_item.cancelled"},
}


def faults(found: Stored, history: History, asked: list[Asked]) -> list[str]:
    """Everything that is not as it was promised; the database has come to rest."""
    return [
        *history.wrong,
        *broken(found),
        *_starts(found, history),
        *_decisions(found, history),
        *(fault for process_id in found.processes for fault in _of_one(found, process_id)),
        *_calls(found, asked),
    ]


# -- what was acknowledged -------------------------------------------------------------------------


def _starts(found: Stored, history: History) -> Iterator[str]:
    """Every start made one process, and what its caller was told is that one."""
    made: dict[str, list[str]] = defaultdict(list)
    for process_id, row in found.processes.items():
        made[str(row.data.get("tag"))].append(process_id)
    for start in history.starts:
        ids = made.pop(start.key, [])
        if len(ids) > 1:
            yield f"{start.key} was applied {len(ids)} times: it made the processes {', '.join(ids)}"
        if start.process_id is None:
            yield f"{start.key} was never answered"
        elif start.process_id not in ids:
            yield f"{start.key} was acknowledged as process {start.process_id}, which is lost"
        for process_id in ids:
            row = found.processes[process_id]
            if (row.data["number"], found.clerk(row.initiator)) != (start.number, start.clerk):
                yield f"{start.key} made process {process_id} with {row.data} by {found.clerk(row.initiator)}"
            if start.flow == "Board" and _life(found, process_id) is Life.APPROVED:
                yes = len(found.kinds(process_id, "work_item.approved"))
                if yes != 2:
                    yield f"process {process_id} was to be approved by both clerks, and has {yes} approvals"
    yield from (f"nobody asked for process {', '.join(ids)}" for ids in made.values())


def _decisions(found: Stored, history: History) -> Iterator[str]:
    """Every decision that was acknowledged counted once, and one that was refused not at all."""
    given: dict[str, list[Any]] = defaultdict(list)
    for comments in found.comments.values():
        for each in comments:
            if not each.system:
                given[each.text].append(each)
    for decision in history.decisions:
        counted = given.pop(decision.tag, [])
        if len(counted) > 1:
            yield f"{decision.tag} was applied {len(counted)} times"
        if decision.status is None:
            yield f"{decision.tag} was never answered"
        if decision.status == 200 and not counted:
            yield f"{decision.tag} was acknowledged, and is lost"
        if decision.status == 409 and counted and not decision.doubts:
            yield f"{decision.tag} was refused, and was applied"
        if counted:
            yield from _decided(found, decision)
    yield from (f"nobody gave {text!r}" for text in given)


def _decided(found: Stored, decision: Decision) -> Iterator[str]:
    """The item of a decision that was applied says so."""
    try:
        item = found.item(decision.item_id)
    except StopIteration:
        yield f"{decision.tag} was applied to item {decision.item_id}, which is lost"
        return
    says = None if item.outcome is None else Action(item.outcome).label, found.clerk(item.actor)
    if says != (decision.action, decision.clerk):
        yield f"{decision.tag} of {decision.clerk} was {decision.action}, and item {decision.item_id} has {says}"


def _life(found: Stored, process_id: str) -> Life | None:
    row = found.processes[process_id]
    return LIVES.get((row.process_status, row.approval_status))


# -- what happened in a process --------------------------------------------------------------------


def _of_one(found: Stored, process_id: str) -> Iterator[str]:
    for item in found.items[process_id]:
        events = [each for each in found.events[process_id] if each.item == item.number]
        for fault in _of_item(found, item, events):
            yield f"item {item.number} of process {process_id} {fault}"
    for fault in _waits(found, process_id):
        yield f"process {process_id} {fault}"
    life = _life(found, process_id)
    denied = found.kinds(process_id, "work_item.denied") or found.kinds(process_id, "work_item.timed_out")
    if life is not None and life.is_over and life is not (Life.DENIED if denied else Life.APPROVED):
        yield f"process {process_id} is {life.name}, which is not what was decided"


def _of_item(found: Stored, item: Any, events: list[Any]) -> Iterator[str]:
    """The history of an item is a line: it is assigned, maybe reminded of, and ends once in one way."""
    kinds = [KINDS[each.kind] for each in events]
    if kinds[:1] != ["work_item.assigned"]:
        yield f"begins with {kinds[:1]}"
    ends = ENDS.get(WorkItemStatus(item.status), set())
    middle, last = (kinds[1:-1], kinds[-1:]) if ends else (kinds[1:], [])
    if set(middle) - {"work_item.reminded"} or (ends and not ends.issuperset(last)):
        yield f"is {WorkItemStatus(item.status).name} after {kinds}"
    if kinds.count("work_item.reminded") != item.reminders or item.reminders > 1:
        yield f"was reminded of {kinds.count('work_item.reminded')} times, and counts {item.reminders} reminders"
    for kind, seconds in (("work_item.reminded", REMINDER_SECONDS), ("work_item.timed_out", TIMEOUT_SECONDS)):
        for each in events:
            if KINDS[each.kind] == kind and (each.at - item.created_at).total_seconds() < seconds:
                yield f"has {kind} too early: at {each.at}, and it was made at {item.created_at}"
    if item.outcome is not None and [DECIDED.get(kind) for kind in kinds[-1:]] != [item.outcome]:
        yield f"was decided with {Action(item.outcome).label}, and its events are {kinds}"


def _waits(found: Stored, process_id: str) -> Iterator[str]:
    """A wait that was entered is left once, and not before its time."""
    entered, left = (
        [each for each in found.kinds(process_id, kind) if each.activity == "rest"]
        for kind in ("activity.entered", "activity.left")
    )
    is_over = found.processes[process_id].completed_at is not None
    if len(left) > len(entered) or (is_over and len(left) < len(entered)):
        yield f"began to wait {len(entered)} times and stopped {len(left)} times"
    for before, after in zip(entered, left, strict=False):
        if (after.at - before.at).total_seconds() < WAIT_SECONDS:
            yield f"waited from {before.at} to {after.at} only"


# -- what left the house ---------------------------------------------------------------------------


def _calls(found: Stored, asked: list[Asked]) -> Iterator[str]:
    """Every call that was decided was made, under one key, and its process was told once that it succeeded."""
    keys: dict[str, Counter[str]] = defaultdict(Counter)
    for request in asked:
        key = request.key or "no key"
        process_id = key.partition("-")[0]
        keys[process_id][key] += 1
        row = found.processes.get(process_id)
        if row is None or not found.kinds(process_id, "call.requested"):
            yield f"the service was called under {key}, which nobody has decided"
        elif request.json != {"number": row.data.get("number")}:
            yield f"the service was called under {key} with {request.json} for the data {row.data}"
    for process_id in found.processes:
        requested, succeeded, failed = (
            len(found.kinds(process_id, f"call.{what}")) for what in ("requested", "succeeded", "failed")
        )
        made = list(keys[process_id])
        if len(made) > requested:
            yield f"{requested} calls of process {process_id} were made under {', '.join(made)}"
        if succeeded > len(made):
            yield f"process {process_id} was told of {succeeded} calls, and {len(made)} were made"
        if failed or succeeded > requested:
            yield f"process {process_id} asked for {requested} calls: {succeeded} succeeded and {failed} failed"
        if found.processes[process_id].completed_at is not None and succeeded < requested:
            yield f"process {process_id} has ended, and {requested - succeeded} calls of it were not told of"
