import pytest

from placet.errors import InvalidFilter
from placet.query.fields import PROCESSES
from placet.query.parser import parse_condition, placed
from placet.query.people import resolve_people
from placet.query.printer import to_text

NAMES = {("Initiator", "anna"): "cn=anna,ou=users,o=placet", ("Definition", "Leave request"): "cn=Leave,o=x"}


def find(field, text):
    return NAMES.get((field.name, text))


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("Initiator = anna", 'Initiator = "cn=anna,ou=users,o=placet"'),
        ("Initiator != ' anna '", 'Initiator != "cn=anna,ou=users,o=placet"'),
        ("not Initiator in (anna, cn=b, me)", 'Initiator not in ("cn=anna,ou=users,o=placet", "cn=b", me)'),
        ("Definition = 'Leave request'", 'Definition = "cn=Leave,o=x"'),
        ("Initiator contains anna", 'Initiator contains "anna"'),
        ("Initiator startswith anna", 'Initiator startswith "anna"'),
        ("Initiator = Recipient", "Initiator = Recipient"),
        ("EngineId = anna and Data.x = anna", 'EngineId = "anna" and Data.x = "anna"'),
    ],
)
def test_names_become_distinguished_names(text, resolved):
    assert to_text(resolve_people(parse_condition(text, PROCESSES), find)) == resolved


@pytest.mark.parametrize(
    ("text", "suggestion", "said"),
    [
        (
            "Initiator = ana",
            "Anna",
            "Initiator: nobody is called 'ana'. Did you mean Anna? Give a name or a ",
        ),
        (
            "Initiator = zoe",
            None,
            "Initiator: nobody is called 'zoe'. Give a name or a distinguished name ",
        ),
        ("WorkItems.Addressee in (zoe)", None, "Addressee: nobody is called 'zoe'."),
        ("Definition = Leave", None, "Definition: there is no definition 'Leave'."),
    ],
)
def test_who_is_not_known_is_said(text, suggestion, said):
    with pytest.raises(InvalidFilter) as refusal:
        resolve_people(parse_condition(text, PROCESSES), find, lambda field: ["Anna", "ben"])

    assert refusal.value.message.startswith(said)
    assert refusal.value.suggestion == suggestion
    assert refusal.value.key == said.partition(":")[0]


@pytest.mark.parametrize(
    ("text", "given", "position"),
    [
        ("Recipient = zoe and Initiator = Zoe", "Zoe", 32),
        ("Initiator in (anna, 'Zoe M')", "Zoe M", 20),
        ("EngineId = x and Initiator = SELF", "me", 29),
        ("CreationTime > -99999Y", "-99999y", 15),
        ("Initiator = anna", "zoe", None),
    ],
)
def test_a_value_that_is_refused_later_has_its_place(text, given, position):
    refusal = placed(InvalidFilter("wrong", given=given), text, PROCESSES)

    assert (refusal.position, refusal.text) == (position, None if position is None else text)
