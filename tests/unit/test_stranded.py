"""Open items whose addressees have become inactive: who gets them, and what happens where nobody can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from placet.commands import FindOthers
from placet.core.names import fold_dn
from placet.core.people import Directory, Group, StandIn
from placet.core.statuses import Life, WorkItemStatus
from tests.builders import (
    ADMIN,
    ANNA,
    BOARD,
    BOB,
    CARL,
    DIRECTORY,
    DORA,
    EVE,
    NINE,
    Story,
    a_definition,
    an_approval,
)


def without(*inactive: str, closed: tuple[str, ...] = (), absences: tuple[StandIn, ...] = ()) -> Directory:
    """The usual people, some of whom have become inactive; the groups `closed` as well."""
    people = [replace(each, active=each.active and each.dn not in inactive) for each in DIRECTORY.people.values()]
    groups = [replace(each, active=each.active and each.dn not in closed) for each in DIRECTORY.groups.values()]
    return Directory(people, groups, version=2, absences=absences)


def for_(person: str, delegate: str, **until: timedelta) -> StandIn:
    to_at = NINE + until["until"] if until else None
    return StandIn(fold_dn(person), fold_dn(delegate), NINE, to_at)


def a_story(addressees: str | list[str] = BOB, *absences: StandIn, initiator: str = ANNA, **approval) -> Story:
    definition = a_definition(ask=an_approval(addressees, **approval))
    return Story(definition, directory=without(absences=absences)).start(initiator)


def looked_after(story: Story, directory: Directory) -> Story:
    """The story after people have changed; looking once more changes nothing."""
    story.directory = directory
    story.send(FindOthers(process_id=story.id))
    assert story.send(FindOthers(process_id=story.id)) is None
    return story


def test_an_item_of_somebody_inactive_goes_to_the_fallback_and_the_event_says_why():
    story = looked_after(a_story(fallback=EVE), without(BOB))

    assert story.open == {1: EVE}
    event = story.events[-1]
    assert (event.kind, event.actor, event.item) == ("work_item.redirected", None, 1)
    assert event.detail == {"addressee": EVE, "before": BOB, "reason": "Bob is inactive"}
    assert story.told() == ["Ask: Bob is inactive; Eve is asked instead."]
    story.act(1, "approve", EVE)
    assert story.life is Life.APPROVED


@pytest.mark.parametrize("addressees", [BOB, BOARD, [BOB, CARL]])
def test_items_that_somebody_can_answer_stay_as_they_are(addressees):
    story = a_story(addressees, fallback=EVE)
    story.directory = without(DORA)

    assert story.send(FindOthers(process_id=story.id)) is None


def test_without_a_fallback_it_waits_and_a_comment_says_so_once():
    story = looked_after(a_story(), without(BOB))
    looked_after(story, without(BOB, EVE))

    assert (story.life, story.open) == (Life.RUNNING, {1: BOB})
    assert story.told() == [
        "Ask: nobody can answer any more: Bob is inactive. It waits; who may reassign can hand it to somebody else."
    ]
    event = story.events[-1]
    assert (event.kind, event.actor, event.item) == ("work_item.stranded", None, 1)
    assert event.detail == {"reason": "nobody can answer any more: Bob is inactive"}


def test_what_waited_for_somebody_who_is_active_again_is_told_anew_the_next_time():
    story = looked_after(a_story(), without(BOB))
    story.directory = without()
    assert story.send(FindOthers(process_id=story.id)) is not None

    looked_after(story, without(BOB))

    assert story.kinds.count("work_item.stranded") == 2
    story.directory = without()
    story.act(1, "approve", BOB)
    assert story.life is Life.APPROVED


def test_what_waited_for_nobody_can_be_reassigned():
    story = looked_after(a_story(), without(BOB))

    story.act(1, "reassign", ADMIN, to=CARL)

    assert looked_after(story, without(BOB, EVE)).open == {1: CARL}


def test_an_error_path_is_taken_where_it_is_drawn():
    definition = a_definition(ask=an_approval(paths={"error": "other"}), other=an_approval(CARL))
    story = looked_after(Story(definition).start(), without(BOB))

    assert story.open == {2: CARL}


@pytest.mark.parametrize("fallback", [BOB, "initiator.manager", "data.nothing"])
def test_a_fallback_that_gives_nobody_is_none(fallback):
    story = looked_after(a_story(fallback=fallback), without(BOB))

    assert story.open == {1: BOB}
    assert "and the fallback gives nobody who may and is not asked already." in story.told()[0]


@pytest.mark.parametrize(
    ("directory", "reason"),
    [
        (without(BOB, CARL, DORA), "nobody of Board who may answer is active"),
        (without(closed=(BOARD,)), "Board is inactive"),
        (Directory(DIRECTORY.people.values(), [Group(BOARD, "Board")]), "nobody of Board who may answer is active"),
    ],
    ids=["members", "closed", "emptied"],
)
def test_a_group_of_which_nobody_is_left_hands_on_its_item(directory, reason):
    story = looked_after(a_story(BOARD, fallback=EVE), directory)

    assert story.open == {1: EVE}
    assert story.events[-1].detail["reason"] == reason


def test_who_may_not_approve_himself_is_nobody():
    story = a_story(BOARD, fallback=EVE, initiator=BOB, self_approval=False)

    assert looked_after(story, without(CARL, DORA)).open == {1: EVE}


def test_a_supervisor_is_not_asked_because_he_could_act_for_others():
    directory = without(BOB, CARL, DORA, closed=(BOARD,))
    directory.people[fold_dn(BOB)] = DIRECTORY.people[fold_dn(ADMIN)]

    assert looked_after(a_story(BOARD, fallback=EVE), directory).open == {1: EVE}


# -- of several ----------------------------------------------------------------------------------


def test_the_others_of_a_round_decide_without_an_item_that_nobody_takes():
    story = looked_after(a_story([BOB, CARL], settle="all"), without(BOB))

    assert story.open == {2: CARL}
    assert story.events[-1].detail == {"reason": "nobody can answer any more: Bob is inactive"}
    story.act(2, "approve", CARL)
    assert story.life is Life.APPROVED


@pytest.mark.parametrize("answer", ["approve", "refuse"])
def test_nobodys_leaving_settles_an_approval(answer):
    story = a_story([BOB, CARL], settle="all")
    story.act(2, answer, CARL)

    looked_after(story, without(BOB))

    assert (story.life, story.open) == (Life.RUNNING, {1: BOB})
    assert story.kinds[-1] == "work_item.stranded"


def test_where_the_wanted_votes_cannot_be_reached_without_it_an_item_waits():
    story = looked_after(a_story([BOB, CARL, DORA], settle=3), without(BOB))

    assert (story.life, story.open) == (Life.RUNNING, {1: BOB, 2: CARL, 3: DORA})


def test_a_round_that_failed_asks_nobody_any_more():
    ask = an_approval([BOB, CARL, DORA], settle=3, paths={"error": "other"})
    story = looked_after(Story(a_definition(ask=ask, other=an_approval(EVE))).start(), without(BOB))

    assert story.open == {4: EVE}


def test_a_fallback_has_one_vote_in_a_round():
    story = looked_after(a_story([BOB, CARL, DORA], settle="all", fallback=EVE), without(BOB, CARL))

    assert story.open == {1: EVE, 3: DORA}
    story.act(1, "approve", EVE)
    story.act(3, "approve", DORA)
    assert story.life is Life.APPROVED


def test_of_several_fallbacks_each_gets_one_item():
    story = looked_after(a_story([BOB, CARL], settle="all", fallback=[DORA, EVE]), without(BOB, CARL))

    assert story.open == {1: DORA, 2: EVE}


# -- standing in ---------------------------------------------------------------------------------


def test_who_stands_in_goes_on_answering():
    story = a_story(fallback=EVE)
    story.directory = without(BOB, absences=(for_(BOB, CARL),))

    assert story.send(FindOthers(process_id=story.id)) is None
    story.act(1, "approve", CARL)
    assert story.life is Life.APPROVED


def test_once_the_absence_is_over_it_goes_to_the_fallback():
    story = a_story(fallback=EVE)
    story.now += timedelta(days=2)

    assert looked_after(story, without(BOB, absences=(for_(BOB, CARL, until=timedelta(days=1)),))).open == {1: EVE}


def test_who_does_not_stand_in_any_more_is_not_asked_because_he_could_act_for_others():
    absence = for_(BOB, ADMIN, until=timedelta(days=1))
    story = a_story(fallback=EVE)
    story.now += timedelta(days=2)

    assert looked_after(story, without(BOB, absences=(absence,))).open == {1: EVE}


def test_what_a_delegate_can_answer_no_more_goes_back_to_the_absent_one():
    absences = (for_(BOB, CARL),)
    story = a_story(BOB, *absences, fallback=EVE)
    assert story.open == {1: CARL}

    looked_after(story, without(CARL, absences=absences))

    assert (story.open, story.item(1).proxy_for) == ({1: BOB}, None)


def test_where_both_are_inactive_it_goes_to_another_delegate_first():
    story = looked_after(
        a_story(BOB, for_(BOB, CARL), fallback=EVE),
        without(BOB, CARL, absences=(for_(BOB, CARL), for_(BOB, DORA))),
    )

    assert (story.open, story.item(1).proxy_for) == ({1: DORA}, BOB)


def test_the_delegate_of_the_fallback_gets_it_for_him():
    story = looked_after(a_story(fallback=EVE), without(BOB, absences=(for_(EVE, DORA),)))

    assert (story.open, story.item(1).proxy_for) == ({1: DORA}, EVE)
    assert story.events[-1].detail["proxy_for"] == EVE


# -- claimed, returned, stopped ------------------------------------------------------------------


def test_what_somebody_inactive_has_claimed_is_free_for_the_others_of_his_group():
    story = a_story(BOARD, fallback=EVE)
    story.act(1, "claim", BOB)

    looked_after(story, without(BOB))

    assert (story.open, story.item(1).status, story.item(1).owner) == ({1: BOARD}, WorkItemStatus.OPEN, None)
    assert story.events[-1].detail == {"reason": "Bob, who had claimed it, can act on it no more"}
    story.act(1, "approve", CARL)


def test_who_still_holds_an_item_keeps_it():
    story = a_story(BOARD, fallback=EVE)
    story.act(1, "claim", CARL)
    story.directory = without(BOB)

    assert story.send(FindOthers(process_id=story.id)) is None


def test_a_claimed_item_that_nobody_is_left_for_goes_on_unclaimed():
    story = a_story(fallback=EVE)
    story.act(1, "claim", BOB)

    item = looked_after(story, without(BOB)).item(1)

    assert (item.addressee, item.owner, item.status) == (EVE, None, WorkItemStatus.OPEN)


@pytest.mark.parametrize(("fallback", "left"), [(EVE, {2: EVE}), (None, {2: ANNA})])
def test_a_request_that_was_returned_to_somebody_inactive(fallback, left):
    story = a_story(fallback=fallback)
    story.act(1, "return", BOB)

    assert looked_after(story, without(ANNA)).open == left


def test_a_request_that_came_back_to_who_is_no_user_of_ours_stays_with_him():
    story = Story(a_definition(ask=an_approval(fallback=EVE))).start("cn=else,o=x")
    story.snapshot.items[1].returned = True
    story.snapshot.items[1].addressee = "cn=else,o=x"

    assert story.send(FindOthers(process_id=story.id)) is None


def test_a_stopped_process_waits_until_it_is_resumed():
    story = a_story(fallback=EVE)
    story.pause()
    story.directory = without(BOB)
    assert story.send(FindOthers(process_id=story.id)) is None

    story.resume()

    assert story.open == {1: EVE}
    assert story.events[-1].actor is None


def test_an_ended_process_has_nobody_to_look_after():
    story = a_story()
    story.terminate()
    story.directory = without(BOB)

    assert story.send(FindOthers(process_id=story.id)) is None


def test_the_clock_of_an_item_goes_on():
    story = a_story(fallback=EVE, timeout=timedelta(days=2))
    story.now += timedelta(days=1)
    looked_after(story, without(BOB))

    story.pass_by(timedelta(days=1))

    assert story.item(1).status is WorkItemStatus.TIMED_OUT
