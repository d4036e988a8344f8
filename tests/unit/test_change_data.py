"""Changing the data of a process that waits: who may, what may be given, and that nothing else changes by it."""

from __future__ import annotations

import pytest

from placet.commands import ChangeData
from placet.core.statuses import Life
from placet.errors import Conflict, InvalidData, InvalidInput, NotAllowed, RevisionMismatch
from tests.builders import ADMIN, ANNA, BOB, DAY, Story, a_condition, a_definition, a_wait, an_approval

DATA = {"days": "integer required", "reason": "string", "found": "string internal"}


def a_story() -> Story:
    definition = a_definition(
        data=DATA,
        ask=an_approval(paths={"approved": "size"}),
        size=a_condition("data.days > 10", true="rest", false="done"),
        rest=a_wait(DAY),
    )
    return Story(definition).start(data={"days": 3, "reason": "rest"})


def change(story: Story, actor: str | None = ADMIN, **more) -> None:
    story.send(ChangeData(process_id=story.id, actor=actor, **more))


def test_what_comes_later_sees_the_new_data():
    story = a_story()
    change(story, data={"days": 11, "found": "by hand"})

    assert story.process.data == {"days": 11, "reason": "rest", "found": "by hand"}
    assert story.open == {1: BOB}
    story.act(1, "approve", BOB)
    assert [wait.name for wait in story.waits()] == ["Rest"]


def test_the_trail_says_who_changed_what_and_why_and_not_to_what():
    story = a_story()
    change(story, data={"reason": None, "days": 4}, reason="It was a slip.")

    event = story.events[-1]
    assert (event.kind, event.actor, event.detail) == ("process.data_changed", ADMIN, {"items": ["days", "reason"]})
    assert story.comments[-1].text == "It was a slip."
    assert story.process.data == {"days": 4}


def test_a_stopped_process_takes_it_too():
    story = a_story()
    story.pause()
    change(story, data={"days": 5})

    assert (story.process.data["days"], story.life) == (5, Life.STOPPED)


@pytest.mark.parametrize(
    ("data", "refusal", "said"),
    [
        ({"days": "many"}, InvalidData, "integer"),
        ({"days": None}, InvalidData, "required and cannot be emptied"),
        ({"hours": 3}, InvalidData, "no data item"),
        ({"days": "3"}, InvalidInput, "Nothing would change"),
        ({}, InvalidInput, "Nothing would change"),
    ],
)
def test_what_cannot_be_used_changes_nothing(data, refusal, said):
    story = a_story()
    before = story.process

    with pytest.raises(refusal, match=said):
        change(story, data=data)
    assert story.process == before


@pytest.mark.parametrize("actor", [ANNA, BOB])
def test_it_takes_the_permission(actor):
    with pytest.raises(NotAllowed, match="change the data of the process takes the permission PM_SUPERVISOR"):
        change(a_story(), actor, data={"days": 4})


def test_an_ended_process_keeps_its_data():
    story = a_story()
    story.act(1, "deny", BOB)

    with pytest.raises(Conflict, match=r"has ended \(Denied\)"):
        change(story, data={"days": 4})


def test_a_stale_revision_is_refused():
    with pytest.raises(RevisionMismatch):
        change(a_story(), data={"days": 4}, revision=7)
