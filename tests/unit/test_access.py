"""Who may do what, by the one table of rules: permissions, what is one's own, and nobody raises himself."""

from __future__ import annotations

import pytest

from placet.core.access import RULES, Act, Row, answer, require, require_no_raise
from placet.core.names import fold_dn
from placet.core.people import Directory, Person, Role, StandIn
from placet.core.permissions import SYSTEM_ROLES, Permission
from placet.errors import NotAllowed
from tests.builders import ANNA, BOB, CARL, DAY, DORA, EVE, NINE, Story, a_definition, an_approval

ALL = [
    (Act.SIGN_IN, Permission.LOGIN),
    (Act.LIST_DEFINITIONS, Permission.LOGIN),
    (Act.START, Permission.START),
    (Act.START_AS_PROXY, Permission.SUPERVISE),
    (Act.READ, Permission.SEE_ALL),
    (Act.ACT_FOR_OTHERS, Permission.SUPERVISE),
    (Act.REASSIGN, Permission.REASSIGN),
    (Act.TERMINATE, Permission.TERMINATE),
    (Act.END_IN_ERROR, Permission.TERMINATE),
    (Act.PAUSE, Permission.SUPERVISE),
    (Act.RESUME, Permission.SUPERVISE),
    (Act.RETRY, Permission.SUPERVISE),
    (Act.CHANGE_DATA, Permission.SUPERVISE),
    (Act.CHANGE_DEFINITIONS, Permission.DEFINE),
    (Act.MANAGE_PEOPLE, Permission.MANAGE_PEOPLE),
    (Act.REGISTER_APPLICATIONS, Permission.REGISTER_APPLICATIONS),
    (Act.OPERATE, Permission.OPERATE),
]


def a_person(dn: str, *permissions: str, role: str | None = None, active: bool = True) -> Person:
    return Person(dn, dn[3:].partition(",")[0], role=role, permissions=frozenset(permissions), active=active)


def a_row(initiator: str = ANNA, **more: str) -> Row:
    story = Story(a_definition(ask=an_approval())).start(initiator, **more)
    assert story.snapshot is not None
    return Row(story.process, story.definition, list(story.snapshot.items.values()))


@pytest.mark.parametrize(("act", "permission"), ALL)
def test_the_permission_of_an_act_is_what_it_takes(act: Act, permission: Permission):
    with_it = Directory([a_person(EVE, permission)])
    without = Directory([a_person(EVE, *(each for each in Permission if each is not permission))])

    assert answer(with_it, EVE, act).allowed
    assert str(permission) in answer(with_it, EVE, act).because
    refused = answer(without, EVE, act)
    assert not refused.allowed
    assert str(permission) in refused.needs


def test_every_act_has_a_rule():
    assert RULES.keys() == set(Act)
    assert {act for act, _ in ALL} == set(Act) - {Act.COMMENT, Act.ANSWER}


@pytest.mark.parametrize("act", Act)
def test_the_inactive_may_nothing_and_the_engine_everything(act: Act):
    directory = Directory([a_person(ANNA, *Permission, active=False)])

    assert not answer(directory, ANNA, act, a_row()).allowed
    assert answer(directory, None, act, a_row()).allowed


def test_a_permission_reaches_no_further_than_what_one_may_read():
    directory = Directory([a_person(EVE, Permission.TERMINATE, Permission.SUPERVISE, Permission.REASSIGN)])

    for act in (Act.TERMINATE, Act.PAUSE, Act.REASSIGN, Act.ACT_FOR_OTHERS, Act.COMMENT):
        assert not answer(directory, EVE, act, a_row()).allowed, act
        assert answer(directory, EVE, act, a_row(EVE)).allowed, act


@pytest.mark.parametrize(("reader", "ground"), [(ANNA, "initiator"), (CARL, "recipient"), (BOB, "asked"), (DORA, "")])
def test_who_may_read_a_process(reader: str, ground: str):
    found = answer(Directory([a_person(reader)]), reader, Act.READ, a_row(recipient=CARL))

    assert found.allowed is bool(ground)
    assert ground in found.because


def test_ones_own_process_is_terminated_with_the_right_to_start_one():
    starter, reader = Directory([a_person(ANNA, Permission.START)]), Directory([a_person(ANNA, Permission.LOGIN)])

    assert answer(starter, ANNA, Act.TERMINATE, a_row()).allowed
    assert not answer(starter, ANNA, Act.END_IN_ERROR, a_row()).allowed
    assert not answer(reader, ANNA, Act.TERMINATE, a_row()).allowed
    assert not answer(Directory([a_person(BOB, Permission.START)]), BOB, Act.TERMINATE, a_row()).allowed


def test_a_delegate_reads_what_is_open_while_the_absence_lasts():
    absence = StandIn(fold_dn(BOB), fold_dn(EVE), NINE, NINE + DAY)
    directory, row = Directory([a_person(EVE), a_person(BOB)], absences=[absence]), a_row()

    assert answer(directory, EVE, Act.READ, row, now=NINE).allowed
    assert answer(directory, EVE, Act.ANSWER, row, now=NINE).allowed
    assert not answer(directory, EVE, Act.READ, row, now=NINE - DAY).allowed
    assert not answer(directory, EVE, Act.READ, row, now=NINE + DAY).allowed
    assert not answer(directory, EVE, Act.READ, row).allowed


def test_a_missing_permission_is_named():
    directory = Directory([a_person(EVE, Permission.LOGIN)])

    require(directory, None, Permission.MANAGE_PEOPLE)
    require(directory, EVE, Permission.LOGIN)
    with pytest.raises(NotAllowed, match="PM_USERS"):
        require(directory, EVE, Permission.MANAGE_PEOPLE)


# -- nobody raises himself -------------------------------------------------------------------------

STAFF = Role("2" * 32, "STAFF", "Staff", permissions=frozenset({Permission.MANAGE_PEOPLE}))
ADMINISTRATORS = Role("1" * 32, SYSTEM_ROLES.administrator, "Administrators", permissions=frozenset(Permission))
PEOPLE = Directory(
    [
        a_person(EVE, *STAFF.permissions, role=STAFF.id),
        a_person(DORA, *ADMINISTRATORS.permissions, role=ADMINISTRATORS.id),
        a_person(CARL, *Permission, role=ADMINISTRATORS.id, active=False),
    ],
    roles=[STAFF, ADMINISTRATORS],
)


def test_nobody_gives_what_he_does_not_hold():
    require_no_raise(PEOPLE, EVE, ["PM_USERS", "PM_SETUP_LOGO"], user=BOB)  # the second means nothing here
    require_no_raise(PEOPLE, DORA, list(Permission), user=DORA, role=ADMINISTRATORS.id)
    require_no_raise(PEOPLE, None, list(Permission), user=EVE)
    with pytest.raises(NotAllowed, match=r"PM_ALLCASES, PM_SUPERVISOR"):
        require_no_raise(PEOPLE, EVE, ["PM_SUPERVISOR", "PM_ALLCASES", "PM_USERS"], user=BOB)
    with pytest.raises(NotAllowed, match="PM_LOGIN"):
        require_no_raise(PEOPLE, "cn=nobody,o=x", ["PM_LOGIN"])


@pytest.mark.parametrize("change", [{"user": EVE.upper()}, {"role": STAFF.id}])
def test_nobody_changes_his_own_role(change: dict[str, str]):
    with pytest.raises(NotAllowed, match="his own role"):
        require_no_raise(PEOPLE, EVE, [], **change)
    require_no_raise(PEOPLE, DORA, [], **change)
