"""Delegates during an absence and proxies: who gets what, and for whom it is then done."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from placet.core.names import fold_dn
from placet.core.people import ORDINARY, Directory, StandIn
from placet.core.permissions import Permission
from placet.core.standing_in import LONGEST_CHAIN, delegate_of
from placet.core.statuses import Life
from placet.errors import Conflict, InvalidInput, NotAllowed, NotFound
from tests.builders import (
    ADMIN,
    ANNA,
    BOARD,
    BOB,
    CARL,
    DAY,
    DIRECTORY,
    DORA,
    EVE,
    GONE,
    HOUR,
    NINE,
    STRANGER,
    Story,
    a_definition,
    an_approval,
)

ASK = a_definition(ask=an_approval())


def for_(person: str, delegate: str, **scope: str | None) -> StandIn:
    return StandIn(fold_dn(person), fold_dn(delegate), NINE - HOUR, NINE + DAY, **scope)


def with_absences(*absences: StandIn, proxies: tuple[StandIn, ...] = ()) -> Directory:
    return Directory(DIRECTORY.people.values(), DIRECTORY.groups.values(), 1, absences=absences, proxies=proxies)


def a_story(*absences: StandIn, definition=ASK) -> Story:
    return Story(definition, directory=with_absences(*absences))


# -- items that are made during an absence ---------------------------------------------------------


def test_the_delegate_gets_the_item_and_the_trail_says_for_whom():
    story = a_story(for_(BOB, EVE)).start()

    assert (story.item(1).addressee, story.item(1).proxy_for) == (EVE, BOB)
    assert story.events[-1].detail == {"addressee": EVE, "proxy_for": BOB}
    story.act(1, "approve", EVE)
    approved = next(event for event in story.events if event.kind == "work_item.approved")
    assert (approved.actor, approved.detail) == (EVE, {"proxy_for": BOB})
    assert story.life is Life.APPROVED


@pytest.mark.parametrize(
    ("absences", "found"),
    [
        ([], BOB),
        ([for_(BOB, EVE), for_(EVE, CARL)], CARL),
        ([for_(BOB, EVE), for_(EVE, CARL), for_(CARL, BOB)], BOB),
        ([for_(BOB, EVE), for_(EVE, EVE)], BOB),
        ([for_(BOB, GONE)], BOB),
        ([for_(BOB, EVE), for_(EVE, GONE)], EVE),
        ([for_(BOB, EVE, definition=ASK.dn.upper())], EVE),
        ([for_(BOB, EVE, definition="cn=other,o=x")], BOB),
        ([for_(BOB, EVE, category="Accounts")], EVE),
        ([for_(BOB, EVE, category="rooms")], BOB),
        ([for_(BOB, EVE), for_(BOB, CARL, category="accounts"), for_(BOB, DORA, definition=ASK.dn)], DORA),
        ([for_(BOB, EVE), for_(BOB, CARL, category="accounts")], CARL),
        ([replace(for_(BOB, EVE), from_at=NINE + HOUR)], BOB),
        ([replace(for_(BOB, EVE), to_at=NINE)], BOB),
        ([replace(for_(BOB, EVE), to_at=None)], EVE),
    ],
)
def test_who_gets_the_work_of_somebody(absences: list[StandIn], found: str):
    definition = replace(ASK, category="accounts")

    assert delegate_of(with_absences(*absences), BOB, definition, NINE) == found


def test_a_chain_of_delegates_has_an_end():
    people = [replace(DIRECTORY.people[fold_dn(ANNA)], dn=f"cn=p{n},o=x", user_name=f"p{n}") for n in range(20)]
    chain = [for_(one.dn, other.dn) for one, other in itertools.pairwise(people)]

    for length in (LONGEST_CHAIN, LONGEST_CHAIN + 1):
        directory = Directory(people, absences=chain[:length])
        last = people[length] if length == LONGEST_CHAIN else people[0]
        assert delegate_of(directory, people[0].dn, ASK, NINE) == last.dn


def test_who_must_not_approve_himself_does_not_as_a_delegate():
    definition = a_definition(ask=an_approval(self_approval=False))
    story = a_story(for_(BOB, ANNA), definition=definition).start(ANNA)

    assert story.open == {1: BOB}
    with pytest.raises(NotAllowed, match="self-approval"):
        story.act(1, "approve", ANNA)
    story.act(1, "approve", BOB)


def test_a_permission_to_act_for_others_does_not_lift_the_ban_on_self_approval():
    definition = a_definition(ask=an_approval(self_approval=False))
    story = Story(definition).start(ADMIN)

    for action in ("approve", "claim", "reassign"):
        with pytest.raises(NotAllowed, match="self-approval"):
            story.act(1, action, ADMIN, to=EVE)


def test_who_is_asked_himself_and_as_a_delegate_answers_twice():
    definition = a_definition(ask=an_approval([BOB, EVE], settle="all"))
    story = a_story(for_(BOB, EVE), definition=definition).start()

    assert story.open == {1: EVE, 2: EVE}
    story.act(1, "approve", EVE)
    story.act(2, "approve", EVE)
    assert story.life is Life.APPROVED


# -- items that were open when it began ------------------------------------------------------------


def test_a_delegate_acts_on_what_was_open_before():
    story = Story(ASK).start()
    with pytest.raises(NotFound):
        story.act(1, "approve", EVE)
    story.directory = with_absences(for_(BOB, EVE))

    story.act(1, "claim", EVE)
    story.act(1, "approve", EVE)

    assert (story.item(1).addressee, story.item(1).actor, story.item(1).proxy_for) == (BOB, EVE, BOB)
    approved = next(event for event in story.events if event.kind == "work_item.approved")
    assert (approved.actor, approved.detail) == (EVE, {"proxy_for": BOB})


def test_what_a_delegate_has_claimed_stays_the_absent_ones():
    story = Story(ASK).start()
    story.directory = with_absences(for_(BOB, EVE))
    story.act(1, "claim", EVE)
    story.directory = DIRECTORY

    with pytest.raises(NotFound):
        story.act(1, "approve", EVE)
    story.act(1, "approve", BOB)
    assert (story.item(1).actor, story.item(1).proxy_for) == (BOB, None)


def test_a_delegate_takes_over_what_the_absent_one_has_claimed():
    story = Story(ASK).start()
    story.act(1, "claim", BOB)
    story.directory = with_absences(for_(BOB, EVE))

    story.act(1, "deny", EVE)

    assert story.life is Life.DENIED


def test_a_delegate_does_not_act_on_another_definition_or_for_the_groups_of_the_absent_one():
    elsewhere = Story(ASK).start()
    elsewhere.directory = with_absences(for_(BOB, EVE, definition="cn=other,o=x"))
    board = Story(a_definition(ask=an_approval(BOARD))).start()
    board.directory = with_absences(for_(BOB, EVE))

    for story in (elsewhere, board):
        with pytest.raises(NotFound):
            story.act(1, "approve", EVE)


def test_a_delegate_who_has_answered_for_himself_gives_the_other_vote_as_well():
    definition = a_definition(ask=an_approval([BOB, EVE], settle="all"))
    story = Story(definition).start()
    story.act(2, "approve", EVE)
    story.directory = with_absences(for_(BOB, EVE))

    story.act(1, "approve", EVE)

    assert story.life is Life.APPROVED


def test_a_reassigned_item_is_nobodys_proxy_any_more():
    story = a_story(for_(BOB, EVE)).start()
    story.act(1, "reassign", ADMIN, to=CARL)

    assert (story.item(1).addressee, story.item(1).proxy_for) == (CARL, None)


def test_what_is_held_by_a_delegate_is_not_asked_of_the_absent_one_again():
    definition = a_definition(ask=an_approval([BOB, CARL], settle="all"))
    story = a_story(for_(BOB, EVE), definition=definition).start()

    with pytest.raises(Conflict, match="cannot answer"):
        story.act(2, "reassign", ADMIN, to=BOB)


# -- proxies ---------------------------------------------------------------------------------------


def granted(*proxies: StandIn) -> Directory:
    return with_absences(proxies=proxies)


def test_a_proxy_starts_in_the_name_of_who_granted_it():
    story = Story(ASK, directory=granted(for_(ANNA, EVE)))

    story.start(ANNA, actor=EVE)

    assert (story.process.initiator, story.process.proxy) == (ANNA, EVE)
    assert story.events[0].actor == EVE


@pytest.mark.parametrize("grant", [for_(EVE, ANNA), for_(BOB, EVE), replace(for_(ANNA, EVE), to_at=NINE)])
def test_nobody_else_does(grant: StandIn):
    with pytest.raises(NotAllowed, match="in the name of another takes the permission PM_SUPERVISOR or a proxy grant"):
        Story(ASK, directory=granted(grant)).start(ANNA, actor=EVE)


def test_who_asks_names_a_proxy_to_whom_he_has_granted_it():
    directory = granted(for_(ANNA, EVE))

    assert Story(ASK, directory=directory).start(None, actor=ANNA, proxy="eve").process.proxy == EVE
    with pytest.raises(NotAllowed, match="PM_SUPERVISOR"):
        Story(ASK, directory=directory).start(None, actor=ANNA, proxy="carl")
    with pytest.raises(NotAllowed, match="PM_SUPERVISOR"):
        Story(ASK, directory=directory).start(ANNA, actor=CARL, proxy="eve")


def test_a_supervisor_starts_for_anybody():
    supervisor = replace(DIRECTORY.people[fold_dn(STRANGER)], permissions=ORDINARY | {Permission.SUPERVISE})
    directory = Directory([*DIRECTORY.people.values(), supervisor], DIRECTORY.groups.values())

    assert Story(ASK, directory=directory).start(ANNA, actor=STRANGER).process.proxy == STRANGER
    assert Story(ASK, directory=directory).start(ANNA, actor=STRANGER, proxy="eve").process.proxy == EVE


@pytest.mark.parametrize("proxy", [BOARD, GONE, "nobody", "cn=nobody,o=x"])
def test_a_proxy_is_an_active_person(proxy: str):
    with pytest.raises(InvalidInput, match="is no active user"):
        Story(ASK).start(None, actor=ADMIN, proxy=proxy)
