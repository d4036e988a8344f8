"""Each rule of the crash kit's checker can fail: what a short run has left is spoilt in one way after the other."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from placet.core.events import KINDS, NUMBERS
from placet.core.statuses import ApprovalStatus
from tests.crash.invariants import Stored
from tests.crash.kit import checker
from tests.crash.kit.history import Decision, History
from tests.crash.kit.plan import Plan
from tests.crash.kit.run import Verdict, run
from tests.fault_server import Asked


@dataclass
class Left:
    """What a run has left, with rows that can be changed."""

    found: Stored
    history: History
    asked: list[Asked]

    @classmethod
    def of(cls, verdict: Verdict) -> Left:
        found = copy.copy(verdict.found)
        found.processes = {id_: _loose(row) for id_, row in found.processes.items()}
        for what in ("items", "events", "comments", "jobs"):
            rows = defaultdict(list)
            for id_, each in getattr(found, what).items():
                rows[id_] = [_loose(row) for row in each]
            setattr(found, what, rows)
        return cls(found, copy.deepcopy(verdict.history), list(verdict.asked))

    def event(self, kind: str) -> Any:
        """The first event of a kind."""
        return next(each for events in self.found.events.values() for each in events if KINDS[each.kind] == kind)

    def decision(self) -> Decision:
        """The first decision that was acknowledged."""
        return next(each for each in self.history.decisions if each.status == 200)

    def comments(self, decision: Decision) -> list[Any]:
        """The comments of the process that a decision was about."""
        return self.found.comments[f"{decision.item_id[:28]}0000"]

    def copied(self, first: str, **changed: Any) -> None:
        """Have the first event of a kind twice."""
        event = self.event(first)
        self.found.events[event.process_id].append(SimpleNamespace(**{**vars(event), **changed}))

    def call(self) -> Asked:
        return self.asked[0]

    def called(self, key: str) -> None:
        """Have the service called under a key."""
        self.asked.append(replace(self.call(), headers={"idempotency-key": key}))


def _loose(row: Any) -> SimpleNamespace:
    return SimpleNamespace(**copy.deepcopy(dict(row._mapping)))


def lose_a_process(left: Left) -> None:
    left.found.processes.pop(left.history.starts[0].process_id or "")


def forget_a_start(left: Left) -> None:
    left.history.starts.pop()


def leave_a_start_unanswered(left: Left) -> None:
    left.history.starts[0].process_id = None


def change_the_data(left: Left) -> None:
    left.found.processes[left.history.starts[0].process_id or ""].data["number"] = -1


def lose_a_decision(left: Left) -> None:
    decision = left.decision()
    left.comments(decision)[:] = [each for each in left.comments(decision) if each.text != decision.tag]


def apply_a_decision_twice(left: Left) -> None:
    left.comments(left.decision()).extend(list(left.comments(left.decision())))


def refuse_what_was_applied(left: Left) -> None:
    decision = left.decision()
    decision.status, decision.doubts = 409, 0


def leave_a_decision_unanswered(left: Left) -> None:
    left.decision().status = None


def forget_a_decision(left: Left) -> None:
    left.history.decisions.remove(left.decision())


def name_another_clerk(left: Left) -> None:
    left.found.item(left.decision().item_id).actor = None


def lose_an_item(left: Left) -> None:
    left.found.items.pop(f"{left.decision().item_id[:28]}0000")


def decide_what_is_decided(left: Left) -> None:
    left.copied("work_item.approved", kind=NUMBERS["work_item.denied"])


def assign_nobody(left: Left) -> None:
    left.event("work_item.assigned").kind = NUMBERS["work_item.claimed"]


def remind_too_early(left: Left) -> None:
    event = left.event("work_item.reminded")
    event.at = left.found.items[event.process_id][0].created_at


def wait_too_short(left: Left) -> None:
    event = left.event("activity.left")
    entered = left.found.kinds(event.process_id, "activity.entered")
    event.at = next(each for each in entered if each.activity == "rest").at


def wait_twice(left: Left) -> None:
    left.copied("activity.left")


def end_otherwise(left: Left) -> None:
    event = left.event("work_item.denied")
    left.found.processes[event.process_id].approval_status = int(ApprovalStatus.APPROVED)


def call_for_nobody(left: Left) -> None:
    left.called(f"{'f' * 32}-1")


def call_under_two_keys(left: Left) -> None:
    left.called(f"{left.call().key}0")


def call_with_something_else(left: Left) -> None:
    left.asked[0] = replace(left.call(), body=b'{"number": -1}')


def call_nobody(left: Left) -> None:
    left.asked.clear()


def tell_of_a_call_twice(left: Left) -> None:
    left.copied("call.succeeded")


def tell_of_no_call(left: Left) -> None:
    left.event("call.succeeded").kind = NUMBERS["process.logged"]


SPOILT: dict[Callable[[Left], None], str] = {
    lose_a_process: r"was acknowledged as process \w+, which is lost",
    forget_a_start: r"nobody asked for process",
    leave_a_start_unanswered: r"start-\S+ was never answered",
    change_the_data: r"start-\S+ made process \w+ with \{'number': -1",
    lose_a_decision: r"decision-\d+ was acknowledged, and is lost",
    apply_a_decision_twice: r"decision-\d+ was applied 2 times",
    refuse_what_was_applied: r"decision-\d+ was refused, and was applied",
    leave_a_decision_unanswered: r"decision-\d+ was never answered",
    forget_a_decision: r"nobody gave 'decision-\d+'",
    name_another_clerk: r"has \('\w+', None\)",
    lose_an_item: r"was applied to item \w+, which is lost",
    decide_what_is_decided: r"after \[.*'work_item.approved', 'work_item.denied'\]",
    assign_nobody: r"begins with \['work_item.claimed'\]",
    remind_too_early: r"has work_item.reminded too early",
    wait_too_short: r"waited from .* only",
    wait_twice: r"began to wait 1 times and stopped 2 times",
    end_otherwise: r"is APPROVED, which is not what was decided",
    call_for_nobody: r"which nobody has decided",
    call_under_two_keys: r"1 calls of process \w+ were made under \S+, \S+",
    call_with_something_else: r"was called under \S+ with \{'number': -1\} for the data",
    call_nobody: r"was told of 1 calls, and 0 were made",
    tell_of_a_call_twice: r"asked for 1 calls: 2 succeeded and 0 failed",
    tell_of_no_call: r"has ended, and 1 calls of it were not told of",
}


async def test_every_rule_names_what_breaks_it():
    verdict = await run(Plan(1, 4, "sqlite", 1, faults=()), tell=list)
    assert verdict.faults == []

    for spoil, named in SPOILT.items():
        left = Left.of(verdict)
        spoil(left)
        faults = checker.faults(left.found, left.history, left.asked)
        assert any(re.search(named, fault) for fault in faults), (spoil.__name__, faults[:5])
