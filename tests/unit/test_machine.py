"""The two machines: every trigger in every state."""

import pytest

from placet.core.machine import PROCESS, WORK_ITEM, move
from placet.core.records import Process, WorkItem
from placet.core.statuses import Life, WorkItemStatus
from placet.errors import TransitionNotAllowed
from tests.builders import ANNA, BOB, NINE

LIVES = {
    ("RUNNING", "pause"): "STOPPED",
    ("STOPPED", "resume"): "RUNNING",
    ("RUNNING", "approve"): "APPROVED",
    ("RUNNING", "deny"): "DENIED",
    ("RUNNING", "terminate"): "RETRACTED",
    ("STOPPED", "terminate"): "RETRACTED",
    ("RUNNING", "fail"): "ERROR",
    ("STOPPED", "fail"): "ERROR",
}
ITEMS = {
    ("OPEN", "claim"): "CLAIMED",
    ("CLAIMED", "release"): "OPEN",
    **{
        (state, trigger): target
        for state in ("OPEN", "CLAIMED")
        for trigger, target in {
            "reassign": "OPEN",
            "complete": "COMPLETED",
            "cancel": "CANCELLED",
            "time_out": "TIMED_OUT",
        }.items()
    },
}


ASKED_FOR = {"pause", "resume", "terminate", "claim", "release", "reassign"}  # what happens by itself is not


def a_process(life):
    return Process("0" * 32, 1, ANNA, ANNA, life, NINE)


def an_item(status):
    return WorkItem("0" * 32, 1, "ask", 1, BOB, NINE, status)


@pytest.mark.parametrize(
    ("machine", "attribute", "make", "states", "ways"),
    [
        (PROCESS, "life", a_process, Life, LIVES),
        (WORK_ITEM, "status", an_item, WorkItemStatus, ITEMS),
    ],
    ids=["process", "work item"],
)
def test_every_trigger_in_every_state(machine, attribute, make, states, ways):
    triggers = {trigger for _, trigger in ways}
    assert set(machine.events) == triggers
    for state in states:
        for trigger in triggers | {"to_COMPLETED", "fly"}:
            draft = make(state)
            target = ways.get((state.name, trigger))
            if target is None:
                with pytest.raises(TransitionNotAllowed) as refusal:
                    move(machine, draft, trigger)
                assert refusal.value.accepted == sorted(t for s, t in ways if s == state.name and t in ASKED_FOR)
                assert getattr(draft, attribute) is state
            else:
                assert getattr(move(machine, draft, trigger), attribute) is states[target]


def test_what_a_refusal_says():
    with pytest.raises(TransitionNotAllowed) as refusal:
        move(WORK_ITEM, an_item(WorkItemStatus.OPEN), "release")

    assert refusal.value.message == ("Cannot release a work item that is open; it accepts: claim, reassign.")
