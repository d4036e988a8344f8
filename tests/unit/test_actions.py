"""The one list of actions: complete, without two of a name or key, and what it offers is what is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from placet import Action as Code
from placet import FoundIncident, FoundProcess, FoundWorkItem
from placet.commands import (
    ActOnWorkItem,
    AddComment,
    ChangeData,
    Command,
    PauseProcess,
    ResolveIncident,
    ResumeProcess,
    TerminateProcess,
)
from placet.core.access import Act, Row, answer
from placet.core.records import split_work_item_id
from placet.errors import PlacetError
from placet_api.actions import ACTIONS, Kind, Offer, Seen, Subject, action, offers
from tests.builders import ADMIN, ANNA, BOARD, BOB, CARL, EVE, Story, a_call, a_definition, an_approval

DATA = {"days": "integer"}
VALUES = {Kind.TEXT: "Words.", Kind.PERSON: "eve", Kind.DATA: {"days": 9}, Kind.OBJECT: {}, Kind.JSON: None}


def a_story(addressees: str | list[str] = BOB, **approval: Any) -> Story:
    return Story(a_definition(data=DATA, ask=an_approval(addressees, writes=("days",), **approval))).start()


def paused() -> Story:
    story = a_story()
    story.pause()
    return story


def claimed() -> Story:
    story = a_story(BOARD)
    story.act(1, "claim", CARL)
    return story


def returned() -> Story:
    story = a_story()
    story.act(1, "return", BOB)
    return story


def failed() -> Story:
    story = Story(a_definition(data=DATA, call=a_call())).start()
    story.job_ended("fault", reason="no")
    return story


def paused_after_failure() -> Story:
    story = failed()
    story.pause()
    return story


def ended() -> Story:
    story = a_story()
    story.act(1, "approve", BOB)
    return story


STATES = (a_story, paused, claimed, returned, failed, paused_after_failure, ended)


def seen_by(story: Story, actor: str) -> Seen:
    assert story.snapshot is not None
    process, definition, directory, now = story.process, story.definition, story.directory, story.now
    row = Row(process, definition, list(story.snapshot.items.values()))
    may = {act: answer(directory, actor, act, row, now=now) for act in Act}
    items = [FoundWorkItem(each, process, definition) for each in story.snapshot.items.values() if each.status.is_open]
    incidents = [FoundIncident(each, process, definition) for each in story.snapshot.incidents.values()]
    return Seen(FoundProcess(process, definition), items, incidents, may, actor, directory, now)


class StoryHands:
    """Carries actions out on a story."""

    def __init__(self, story: Story, actor: str) -> None:
        self.story, self.actor = story, actor

    def send(self, kind: type[Command], **more: Any) -> None:
        self.story.send(kind(process_id=self.story.id, actor=self.actor, **more))

    async def comment(self, process_id: str, text: str) -> None:
        self.send(AddComment, text=text)

    async def change_data(self, process_id: str, data: Mapping[str, Any], reason: str | None) -> None:
        self.send(ChangeData, data=data, reason=reason)

    async def pause(self, process_id: str) -> None:
        self.send(PauseProcess)

    async def resume(self, process_id: str) -> None:
        self.send(ResumeProcess)

    async def terminate(self, process_id: str, reason: str | None, *, error: bool) -> None:
        self.send(TerminateProcess, reason=reason, error=error)

    async def act(
        self, item_id: str, action: Code, *, data: Mapping[str, Any], comment: str | None, to: str | None
    ) -> None:
        _, number = split_work_item_id(item_id)
        self.send(ActOnWorkItem, number=number, action=action, data=data, comment=comment, to=to)

    async def retry(self, incident_id: str, data: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        self.send(ResolveIncident, number=1, way="retry", data=data, inputs=inputs)

    async def skip(self, incident_id: str, result: Any) -> None:
        self.send(ResolveIncident, number=1, way="skip", result=result)


def things(seen: Seen) -> list[tuple[Subject, str]]:
    found = [(Subject.PROCESS, seen.found.process.id)]
    found += [(Subject.WORK_ITEM, each.item.id) for each in seen.items]
    return found + [(Subject.INCIDENT, each.incident.id) for each in seen.incidents]


@pytest.mark.parametrize("actor", [ADMIN, ANNA, BOB, CARL, EVE])
@pytest.mark.parametrize("state", STATES)
async def test_what_is_offered_is_taken_and_what_is_not_is_refused(state, actor):
    seen = seen_by(state(), actor)
    for of, id_ in things(seen):
        for each in (each for each in ACTIONS if each.of is of):
            values = {ask.name: VALUES[ask.kind] for ask in each.asks if VALUES[ask.kind] is not None}
            refused = None
            try:
                await each.carry_out(StoryHands(state(), actor), id_, values)
            except PlacetError as refusal:
                refused = refusal
            offered = Offer(each, id_) in offers(seen)
            may_say = each.name == "comment" and of is Subject.PROCESS  # who may not read it, the engine refuses
            assert offered is (refused is None) or (may_say and not offered), (each.name, refused)


def test_no_two_actions_on_a_thing_have_a_name_or_a_key_in_common():
    for of in Subject:
        found = [each for each in ACTIONS if each.of is of]
        assert len({each.name for each in found}) == len({each.key for each in found}) == len(found)


def test_every_action_of_a_work_item_is_there():
    names = {each.name for each in ACTIONS if each.of is Subject.WORK_ITEM}

    assert names == {code.name.lower() for code in Code}


async def test_every_command_that_people_give_is_there():
    """What a person does to a process that runs is a command that some action gives."""
    given: set[type] = set()

    class Noting(StoryHands):
        def send(self, kind: type[Command], **more: Any) -> None:
            given.add(kind)

    for each in ACTIONS:
        await each.carry_out(Noting(a_story(), ADMIN), "0" * 32, {ask.name: VALUES[ask.kind] for ask in each.asks})
    assert given == {
        ActOnWorkItem, AddComment, ChangeData, PauseProcess, ResolveIncident, ResumeProcess, TerminateProcess
    }  # fmt: skip


def test_an_action_is_found_by_its_name():
    found = action(Subject.INCIDENT, "retry")

    assert found is not None
    assert (found.title, [each.name for each in found.asks]) == ("Retry", ["data", "inputs"])
    assert action(Subject.PROCESS, "retry") is None
