"""Whom an approval asks: users, groups, fallbacks, and nobody who may not."""

import pytest

from placet.core.definition import Escalate
from placet.core.draft import MOST_WORK_ITEMS
from placet.core.statuses import Life, Priority
from placet.errors import Conflict, NotAllowed
from tests.builders import (
    ADMIN,
    ALONE,
    ANNA,
    BOARD,
    BOB,
    CARL,
    CLOSED,
    DAY,
    DORA,
    EMPTY,
    EVE,
    GONE,
    NINE,
    Story,
    a_definition,
    a_mapping,
    a_status,
    an_approval,
    started,
    who,
)


@pytest.mark.parametrize(
    ("addressees", "asked"),
    [
        (BOB, [BOB]),
        ("CN=BOB, ou=Users,o=placet", [BOB]),
        ("'Bob'", [BOB]),
        ("initiator.manager", [BOB]),
        ("initiator.manager.manager", [CARL]),
        ("recipient.dn", [ANNA]),
        (BOARD, [BOARD]),
        (["eve", BOARD, DORA], [EVE, BOARD, DORA]),
        (["bob", BOB, BOB.upper()], [BOB]),
        ("[initiator.manager, 'carl']", [BOB, CARL]),
        (["gone", "bob", EMPTY, CLOSED, "unheard"], [BOB]),
    ],
    ids=str,
)
def test_who_is_asked(addressees, asked):
    story = started(ask=an_approval(addressees, settle="all"))

    assert list(story.open.values()) == asked
    assert list(story.open) == list(range(1, len(asked) + 1))


@pytest.mark.parametrize(
    "addressees",
    [GONE, EMPTY, CLOSED, "cn=unheard,o=placet", "initiator.manager.manager.manager.manager", "data.who", "17", "[]"],
)
def test_where_nobody_can_be_asked_the_fallback_is(addressees):
    story = started(ask=an_approval(addressees, fallback=DORA))

    assert story.open == {1: DORA}
    assert "the fallback is asked instead" in story.told()[0]


@pytest.mark.parametrize("fallback", [None, GONE, EMPTY])
@pytest.mark.parametrize("addressees", [GONE, EMPTY, "initiator.nobody", "17"])
def test_without_anybody_the_process_ends_in_error_and_says_why(addressees, fallback):
    story = started(ask=an_approval(addressees, fallback=fallback))

    assert story.life is Life.ERROR
    assert story.told() != []
    assert story.told()[0].startswith("Ask: ")


def test_without_anybody_the_error_path_is_taken_where_drawn():
    story = started(ask=an_approval(GONE, paths={"error": "no"}), no=a_status("denied"))

    assert story.life is Life.DENIED
    assert "nobody could be asked" in story.told()[0]


def test_what_an_item_tells():
    story = started(ask=an_approval(priority=Priority.HIGH, due=DAY, timeout=3 * DAY))

    item = story.item(1)
    assert (item.activity, item.priority, item.created_at) == ("ask", Priority.HIGH, NINE)
    assert (item.due_at, item.expires_at, item.timer_at) == (NINE + DAY, NINE + 3 * DAY, NINE + 3 * DAY)


def test_too_many_items_are_an_error_before_the_first_is_made():
    story = Story(a_definition(ask=an_approval(BOB, paths={"approved": "again", "error": "no"}),
                               again=an_approval([BOB, CARL], settle="all", paths={"error": "no"}),
                               no=a_status("denied"))).start()  # fmt: skip
    story.process.item_count = MOST_WORK_ITEMS - 1

    story.act(1, "approve", BOB)

    assert story.life is Life.DENIED
    assert story.process.item_count == MOST_WORK_ITEMS - 1


# -- self-approval -----------------------------------------------------------------------------------


@pytest.mark.parametrize("addressees", [ANNA, "recipient.dn", ALONE, ["anna", ALONE]], ids=str)
def test_who_asks_is_not_asked_himself_where_that_is_forbidden(addressees):
    allowed = started(ask=an_approval(addressees))
    forbidden = started(ask=an_approval(addressees, self_approval=False, fallback=DORA))

    assert ANNA in allowed.open.values() or ALONE in allowed.open.values()
    assert forbidden.open == {1: DORA}


def test_a_fallback_may_not_approve_himself_either():
    story = started(ask=an_approval(GONE, self_approval=False, fallback=ANNA))

    assert story.life is Life.ERROR


def test_the_recipient_may_not_approve_for_himself():
    story = Story(a_definition(ask=an_approval(["bob", "carl"], self_approval=False))).start(ANNA, recipient="bob")

    assert story.open == {1: CARL}


def test_a_member_of_a_group_may_not_approve_himself():
    story = started(initiator=BOB, ask=an_approval(BOARD, self_approval=False))

    for action in ("approve", "deny", "refuse", "claim", "return", "comment"):
        with pytest.raises(NotAllowed, match="forbids self-approval"):
            story.act(1, action, BOB, comment="mine")
    story.act(1, "approve", CARL)
    assert story.life is Life.APPROVED


@pytest.mark.parametrize("to", ["anna", ALONE])
def test_an_item_is_not_reassigned_to_who_asks(to):
    story = started(ask=an_approval(self_approval=False))

    with pytest.raises(Conflict, match=r"approve himself|self-approval"):
        story.act(1, "reassign", ADMIN, to=to)
    assert story.open == {1: BOB}


@pytest.mark.parametrize("to", [ANNA, ALONE, "initiator.dn"])
def test_an_item_is_not_escalated_to_who_asks(to):
    story = started(ask=an_approval(escalate=Escalate(DAY, who(to)), self_approval=False))
    story.pass_by(DAY)

    assert story.open == {1: BOB}
    assert "could not be escalated" in story.told()[0]
    story.act(1, "approve", BOB)
    assert story.life is Life.APPROVED


# -- one person, one vote ----------------------------------------------------------------------------


def test_a_group_counts_as_one_voter():
    story = started(ask=an_approval([BOARD, EVE], settle="all"))

    story.act(1, "approve", CARL)
    assert story.life is Life.RUNNING
    with pytest.raises(Conflict, match="approved by Carl"):
        story.act(1, "approve", DORA)
    story.act(2, "approve", EVE)

    assert story.life is Life.APPROVED


def test_one_person_answers_one_round_once():
    story = started(ask=an_approval([BOARD, BOB], settle="all"))

    story.act(2, "approve", BOB)
    for action in ("approve", "deny", "refuse"):
        with pytest.raises(Conflict, match="answered this approval already"):
            story.act(1, action, BOB)
    with pytest.raises(Conflict, match="answered this approval already"):
        story.act(1, "approve", "CN=Bob, ou=users,o=placet")
    story.act(1, "approve", DORA)

    assert story.life is Life.APPROVED


def test_a_new_round_asks_everybody_again():
    story = started(ask=an_approval([BOB, CARL], settle="all"))
    story.act(1, "approve", BOB)
    story.act(2, "return", CARL)
    story.act(3, "approve", ANNA)

    story.act(4, "approve", BOB)
    story.act(5, "approve", CARL)

    assert story.life is Life.APPROVED


def test_nobody_gets_a_second_item_of_a_round_by_reassignment():
    story = started(ask=an_approval([BOB, CARL, DORA], settle="all"))
    story.act(1, "approve", BOB)

    for taken in ("bob", "dora"):
        with pytest.raises(Conflict, match="cannot answer"):
            story.act(2, "reassign", ADMIN, to=taken)
    story.act(2, "reassign", ADMIN, to="eve")

    assert story.open == {2: EVE, 3: DORA}


def test_the_second_approval_of_a_person_is_another_round():
    story = started(one=an_approval(paths={"approved": "keep"}), keep=a_mapping("two"), two=an_approval())
    story.act(1, "approve", BOB)

    story.act(2, "approve", BOB)

    assert story.life is Life.APPROVED
