"""Whoever becomes inactive, whenever: what nobody can answer is known, and nobody is asked in vain."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from placet.commands import FindOthers
from placet.core.names import fold_dn
from placet.core.people import Directory, StandIn
from placet.core.refusals import Case, actions_for
from placet.core.statuses import Action, Life
from tests.builders import (
    ALONE,
    ANNA,
    BOARD,
    BOB,
    CARL,
    DIRECTORY,
    DORA,
    EVE,
    NINE,
    STRANGER,
    Story,
    a_definition,
    an_approval,
)

PEOPLE = [ANNA, BOB, CARL, DORA, EVE]
WHOM = st.lists(st.sampled_from([*PEOPLE, BOARD, ALONE]), min_size=1, max_size=4, unique=True)
SOME = st.sets(st.sampled_from(PEOPLE))
ABSENCES = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)).filter(lambda two: two[0] != two[1]))
APPROVALS = st.builds(
    an_approval,
    WHOM,
    settle=st.sampled_from(["any", "all", "50%", 1, 2]),
    fallback=st.none() | WHOM,
    self_approval=st.booleans(),
    paths=st.sampled_from([{}, {"error": "other"}]),
)


def people(inactive, absences=()) -> Directory:
    persons = [replace(each, active=each.active and each.dn not in inactive) for each in DIRECTORY.people.values()]
    stand_ins = [StandIn(fold_dn(one), fold_dn(other), NINE) for one, other in absences]
    return Directory(persons, DIRECTORY.groups.values(), version=2, absences=stand_ins)


def can(story: Story, number: int, actor: str, action: Action) -> bool:
    case = Case(story.process, story.item(number), story.definition, actor, story.directory, story.now)
    return action in actions_for(case)


@given(APPROVALS, ABSENCES, st.lists(st.tuples(SOME, st.sampled_from(Action), st.sampled_from(PEOPLE)), max_size=6))
def test_every_open_item_can_be_answered_by_somebody_or_is_known_to_wait(approval, absences, changes):
    story = Story(a_definition(ask=approval, other=an_approval(STRANGER)), directory=people((), absences)).start()
    for inactive, action, actor in changes:
        if action is not Action.REASSIGN:
            for number in [n for n in story.open if can(story, n, actor, action)][:1]:
                story.act(number, action.name, actor, comment="so")
        if story.life.is_over:
            return
        story.directory = people(inactive, absences)
        story.send(FindOthers(process_id=story.id))
        assert story.send(FindOthers(process_id=story.id)) is None
        assert story.life is Life.RUNNING, "nobody's leaving ends a process"
        waiting = story.process.flow.get("stranded", [])
        for number in story.open:
            answerable = any(can(story, number, dn, Action.APPROVE) for dn in [*PEOPLE, STRANGER])
            assert answerable == (number not in waiting)
            assert answerable or "error" not in approval.paths
