"""The directory as decisions see it."""

import pytest

from placet.core.people import Directory, Group, Person
from tests.builders import ADMIN, ANNA, BOARD, BOB, CARL, CLOSED, DIRECTORY, DORA, EMPTY, GONE, a_directory


def test_people_are_found_by_dn_and_by_user_name_in_any_case():
    for given in ("anna", "ANNA", ANNA, "CN=Anna , OU=users,o=placet"):
        assert DIRECTORY.person(given).dn == ANNA
    assert DIRECTORY.person("nobody") is None
    assert DIRECTORY.person("gone").active is False
    assert DIRECTORY.group(BOARD.upper()).title == "Board"


def test_members_that_can_act():
    assert {person.dn for person in DIRECTORY.active_members(DIRECTORY.group(BOARD))} == {BOB, CARL, DORA}
    assert DIRECTORY.active_members(DIRECTORY.group(EMPTY)) == []
    ghost = Group("cn=g", "g", frozenset({"cn=nobody"}))
    assert Directory([], [ghost]).active_members(ghost) == []


def test_groups_of_somebody_are_the_active_ones():
    assert [group.dn for group in DIRECTORY.groups_of(BOB.upper())] == [BOARD]
    assert CLOSED not in {group.dn for group in DIRECTORY.groups_of(BOB)}
    assert DIRECTORY.groups_of("cn=nobody") == []


@pytest.mark.parametrize(("dn", "is_one"), [(ADMIN, True), (ADMIN.upper(), True), (ANNA, False), ("admin", False)])
def test_who_is_an_administrator(dn, is_one):
    assert DIRECTORY.is_administrator(dn) is is_one
    inactive = Directory([Person(ADMIN, "admin", active=False)])
    assert not inactive.is_administrator(ADMIN)


def test_what_people_call_a_name():
    people = Directory([Person(ANNA, "anna", "Anna", "Ax"), Person(BOB, "bob")], [Group(BOARD, "The Board")])

    assert [people.display_name(dn) for dn in (ANNA, BOB, BOARD, "cn=Some One,o=x", "odd")] == [
        "Anna Ax",
        "bob",
        "The Board",
        "Some One",
        "odd",
    ]


def test_facts_of_a_person():
    facts = DIRECTORY.facts(ANNA)

    assert (facts["dn"], facts["user_name"], facts["name"]) == (ANNA, "anna", "Anna")
    assert facts["manager"]["manager"]["manager"]["dn"] == DORA
    assert "manager" not in facts["manager"]["manager"]["manager"]
    assert DIRECTORY.facts(CARL)["groups"] == [BOARD]
    assert DIRECTORY.facts("cn=Some One,o=x") == {
        "dn": "cn=Some One,o=x",
        "user_name": "",
        "name": "Some One",
        "email": "",
        "groups": [],
    }


def test_a_circle_of_managers_is_no_endless_tree():
    people = Directory([Person(ANNA, "anna", manager=BOB), Person(BOB, "bob", manager=ANNA)])

    facts, depth = people.facts(ANNA), 0
    while "manager" in facts:
        facts, depth = facts["manager"], depth + 1
    assert depth == 6


def test_facts_do_not_leak_from_one_directory_into_the_next():
    one, other = a_directory(), Directory([Person(GONE, "gone", "Back")])
    one.facts(GONE)

    assert other.facts(GONE)["name"] == "Back"
