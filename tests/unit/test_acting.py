"""What people do with work items."""

import pytest

from placet.core.names import fold_dn
from placet.core.people import Directory, Group
from placet.core.statuses import Action, Life, WorkItemStatus
from placet.errors import Conflict, InvalidData, InvalidInput, NotAllowed, NotFound, TransitionNotAllowed
from tests.builders import (
    ADMIN,
    ANNA,
    BOARD,
    BOB,
    CARL,
    CLOSED,
    DIRECTORY,
    DORA,
    EMPTY,
    EVE,
    GONE,
    HOUR,
    NINE,
    STRANGER,
    Story,
    a_definition,
    a_mapping,
    a_status,
    an_approval,
    started,
)

ALL = [action.name.lower() for action in Action]


@pytest.mark.parametrize(
    ("answer", "life"), [("approve", Life.APPROVED), ("deny", Life.DENIED), ("refuse", Life.DENIED)]
)
def test_an_answer_ends_the_item(answer, life):
    story = started(ask=an_approval())
    story.now += HOUR

    story.act(1, answer, BOB, comment="so be it")

    item = story.item(1)
    assert (item.status, item.actor, item.outcome) == (WorkItemStatus.COMPLETED, BOB, Action[answer.upper()].value)
    assert item.completed_at == NINE + HOUR
    assert story.life is life
    comment = story.comments[0]
    assert (comment.text, comment.user, comment.activity) == ("so be it", BOB, "ask")


@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize("actor", [ANNA, STRANGER, CARL, "cn=unheard,o=x"])
def test_only_the_addressee_acts_and_nobody_else_learns_that_there_is_an_item(action, actor):
    story = started(ask=an_approval())

    with pytest.raises(NotFound, match="There is no work item"):
        story.act(1, action, actor, to=CARL, comment="hm")
    assert story.open == {1: BOB}


def test_the_administrator_and_the_engine_act_for_everybody():
    assert started(ask=an_approval()).act(1, "approve", ADMIN).process.life is Life.APPROVED
    assert started(ask=an_approval()).act(1, "deny", None).process.life is Life.DENIED
    story = started(ask=an_approval())
    story.act(1, "approve", ADMIN)
    assert story.item(1).actor == ADMIN, "the trail names him"


def test_a_dn_is_the_same_in_any_spelling():
    assert started(ask=an_approval()).act(1, "approve", "CN=BOB , ou=users,O=placet").process.life is Life.APPROVED


# -- groups, claim and release -----------------------------------------------------------------------


def test_who_claims_keeps_the_others_out():
    story = started(ask=an_approval(BOARD))
    story.act(1, "claim", BOB)

    assert (story.item(1).status, story.item(1).owner, story.open) == (WorkItemStatus.CLAIMED, BOB, {1: BOARD})
    for action in ("approve", "deny", "refuse", "claim", "release", "comment", "return"):
        with pytest.raises(NotFound, match="There is no work item"):
            story.act(1, action, CARL, comment="hm")
    with pytest.raises(TransitionNotAllowed):
        story.act(1, "claim", BOB)
    story.act(1, "release", BOB)
    with pytest.raises(TransitionNotAllowed, match="release"):
        story.act(1, "release", BOB)
    story.act(1, "approve", CARL)
    assert story.item(1).actor == CARL


def test_the_addressee_reads_that_an_administrator_holds_his_item():
    story = started(ask=an_approval())
    story.act(1, "claim", ADMIN)

    with pytest.raises(Conflict, match="Admin has claimed"):
        story.act(1, "approve", BOB)


@pytest.mark.parametrize("answer", ["approve", "deny", "refuse", "return"])
def test_who_comes_too_late_for_a_group_item_reads_who_was_quicker(answer):
    story = started(ask=an_approval(BOARD))
    story.act(1, "claim", BOB)
    story.act(1, answer, BOB)

    for late in ("approve", "deny", "claim"):
        with pytest.raises(Conflict, match=r"This work item was .* by Bob at 2026-03-02 09:00:00 UTC"):
            story.act(1, late, CARL)


def test_who_has_left_the_group_acts_for_it_no_more():
    story = started(ask=an_approval(BOARD))
    story.act(1, "claim", BOB)
    others = [group for group in DIRECTORY.groups.values() if group.dn != BOARD]
    board = Group(BOARD, "Board", frozenset(map(fold_dn, (CARL, DORA))))
    story.directory = Directory(DIRECTORY.people.values(), [*others, board])

    with pytest.raises(NotFound):
        story.act(1, "approve", BOB)


def test_an_administrator_releases_what_somebody_holds():
    story = started(ask=an_approval(BOARD))
    story.act(1, "claim", BOB)

    story.act(1, "release", ADMIN)

    assert story.item(1).owner is None
    story.act(1, "deny", DORA)
    assert story.life is Life.DENIED


@pytest.mark.parametrize("actor", [EVE, ANNA])
def test_who_is_not_of_the_group_does_not_act(actor):
    with pytest.raises(NotFound):
        started(ask=an_approval(BOARD)).act(1, "claim", actor)


@pytest.mark.parametrize("answer", ["approve", "deny", "refuse", "return"])
def test_the_owner_answers_what_he_has_claimed(answer):
    story = started(ask=an_approval(BOARD))
    story.act(1, "claim", BOB)

    story.act(1, answer, BOB)

    assert story.item(1).status is WorkItemStatus.COMPLETED


# -- reassigning -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("to", "found"), [("dora", DORA), (DORA.upper(), DORA), (BOARD, BOARD), ("bob", BOB)])
def test_an_administrator_reassigns(to, found):
    story = started(ask=an_approval())
    story.act(1, "claim", BOB)

    story.act(1, "reassign", ADMIN, to=to)

    assert (story.item(1).addressee, story.item(1).owner, story.item(1).status) == (found, None, WorkItemStatus.OPEN)
    assert story.events[-1].detail == {"addressee": found, "before": BOB}


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        (None, "name its new addressee"),
        ("nobody", "no user or group"),
        ("cn=x,o=y", "no user or group"),
        ("gone", "inactive"),
        (GONE, "inactive"),
        (CLOSED, "inactive"),
        (EMPTY, "no active member"),
    ],
)
def test_an_item_goes_only_to_who_can_act(to, reason):
    with pytest.raises(InvalidInput, match=reason):
        started(ask=an_approval()).act(1, "reassign", ADMIN, to=to)


def test_only_an_administrator_reassigns():
    with pytest.raises(NotAllowed):
        started(ask=an_approval()).act(1, "reassign", BOB, to="carl")


# -- comments ----------------------------------------------------------------------------------------


def test_a_comment_alone_changes_nothing_else():
    story = started(ask=an_approval())
    before = story.item(1)

    story.act(1, "comment", BOB, comment="which one?")

    assert story.item(1) == before
    assert story.kinds[-1] == "work_item.commented"


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_a_comment_has_a_text(text):
    with pytest.raises(InvalidInput, match="send the text"):
        started(ask=an_approval()).act(1, "comment", BOB, comment=text)


# -- data --------------------------------------------------------------------------------------------


def a_form(**more):
    definition = a_definition(
        data={"reason": "string", "days": "integer required"}, ask=an_approval(writes=("reason",), **more)
    )
    return Story(definition).start(data={"days": 3})


@pytest.mark.parametrize("action", ["approve", "deny", "return"])
def test_an_approver_changes_what_he_may_write(action):
    story = a_form()

    story.act(1, action, BOB, data={"reason": "sun", "days": 3})

    assert story.process.data == {"reason": "sun", "days": 3}
    assert story.last.data_changed


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("approve", {"days": 4}),
        ("approve", {"days": None}),
        ("approve", {"nights": 1}),
        ("approve", {"reason": 7}),
        ("claim", {"reason": "sun"}),
        ("comment", {"reason": "sun"}),
        ("refuse", {"reason": "sun"}),
    ],
)
def test_nothing_else_is_changed(action, data):
    story = a_form()

    with pytest.raises(InvalidData) as refusal:
        story.act(1, action, BOB, data=data, comment="hm")
    assert refusal.value.item == next(iter(data))
    assert story.process.data == {"days": 3}


# -- return for changes ------------------------------------------------------------------------------


def test_a_returned_request_comes_back_to_the_same_approval():
    story = a_form()
    story.act(1, "return", BOB, comment="too short")
    assert story.open == {2: ANNA}
    assert story.item(2).returned

    story.act(2, "approve", ANNA, data={"days": 5, "reason": "sun"})

    assert story.process.data == {"days": 5, "reason": "sun"}
    assert story.open == {3: BOB}
    assert story.kinds[-2:] == ["work_item.resubmitted", "work_item.assigned"]
    story.act(3, "approve", BOB)
    assert story.life is Life.APPROVED


def a_counting_form():
    """Asks Bob, counts the rounds by itself, and asks him again."""
    definition = a_definition(
        data={"days": "integer required", "round": "integer internal"},
        count=a_mapping("ask", round="1"),
        ask=an_approval(writes=("days",)),
    )
    return Story(definition).start(data={"days": 3, "round": None})


@pytest.mark.parametrize("given", [2, None])
def test_what_the_process_sets_itself_is_not_the_initiators_to_change(given):
    story = a_counting_form()
    story.act(1, "return", BOB)

    with pytest.raises(InvalidData, match="'round' is set by the process itself and cannot be given; leave it out"):
        story.act(2, "approve", ANNA, data={"days": 5, "round": given})

    story.act(2, "approve", ANNA, data={"days": 5, "round": 1})  # a whole form sent back
    assert story.process.data == {"days": 5, "round": 1}


def test_what_the_process_sets_itself_is_not_the_approvers_to_write():
    with pytest.raises(InvalidData, match="set by the process itself"):
        a_counting_form().act(1, "approve", BOB, data={"round": 9})


def test_a_returned_request_can_be_withdrawn():
    story = a_form()
    story.act(1, "return", BOB)

    story.act(2, "deny", ANNA)

    assert story.life is Life.RETRACTED
    assert story.events[-1].detail == {"approval": "Retracted", "withdrawn": True}


@pytest.mark.parametrize("action", ["refuse", "return", "release"])
def test_what_an_initiator_cannot_do_with_it(action):
    story = a_form()
    story.act(1, "return", BOB)

    with pytest.raises(TransitionNotAllowed, match=r"it accepts: Approve, Claim, Comment, Deny\."):
        story.act(2, action, ANNA)
    with pytest.raises(NotFound):
        story.act(2, "approve", BOB)


def test_a_return_takes_the_other_items_of_its_round_back():
    story = started(ask=an_approval([BOB, CARL, DORA], settle="all"))
    story.act(1, "approve", BOB)

    story.act(2, "return", CARL)

    assert story.open == {4: ANNA}
    assert story.item(3).status is WorkItemStatus.CANCELLED


def test_a_return_takes_its_own_path_where_drawn():
    story = started(ask=an_approval([BOB, CARL], paths={"returned": "later"}), later=a_status("denied"))

    story.act(1, "return", BOB)
    assert story.item(1).outcome == Action.RETURN
    assert (story.life, story.open) == (Life.RUNNING, {3: ANNA})  # he is asked for changes first

    story.act(3, "approve", ANNA)

    assert story.life is Life.DENIED


def test_a_request_returned_to_who_may_not_approve_himself_is_still_his():
    story = started(ask=an_approval(self_approval=False))
    story.act(1, "return", BOB)

    story.act(2, "approve", ANNA)

    assert story.open == {3: BOB}


def test_an_approval_that_asks_nobody_any_more_ends_in_error():
    definition = a_definition(data={"who": "string"}, ask=an_approval("data.who"))
    story = Story(definition).start(data={"who": "bob"})
    story.act(1, "return", BOB)

    story.act(2, "approve", ANNA, data={"who": "nobody"})

    assert story.life is Life.ERROR
    assert "nobody could be asked" in story.told()[0]


def test_an_action_that_does_not_fit_says_what_would_work_for_who_asks():
    story = started(ask=an_approval(BOARD))
    answers = "Cannot release a work item that is open; it accepts: Approve, Claim, Comment, Deny"

    with pytest.raises(TransitionNotAllowed, match=rf"{answers}, Refuse, Return\."):
        story.act(1, "release", BOB)
    with pytest.raises(TransitionNotAllowed, match=rf"{answers}, Reassign, Refuse, Return\."):
        story.act(1, "release", ADMIN)
