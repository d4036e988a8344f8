from datetime import UTC, datetime, timedelta, timezone

import pytest

from placet.query.ast import ME, And, Comparison, In, IsNull, Not, Operator, Or, all_of, any_of, fields_of, resolve_me
from placet.query.evaluate import holds
from placet.query.fields import PROCESSES, Field, FieldType

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ANNA = "cn=Anna,ou=users,o=placet"
FACTS = {
    "Recipient": ANNA,
    "Initiator": None,
    "EngineId": "Straße-1",
    "CorrelationId": None,
    "ProcessStatus": 0,
    "CreationTime": NOON.replace(microsecond=1999),
    "CompletionTime": None,
    "Data.amount": 12.5,
    "Data.urgent": True,
}
RUNNING = Comparison(PROCESSES.field("ProcessStatus"), Operator.EQ, 0)
NOBODY = Comparison(PROCESSES.field("Initiator"), Operator.EQ, ANNA)


def field(name):
    return Field(name, FieldType.TEXT) if name.startswith("Data.") else PROCESSES.field(name)


@pytest.mark.parametrize(
    ("name", "operator", "value", "answer"),
    [
        ("Recipient", "=", "CN=anna, OU=Users ,o=placet", True),
        ("Recipient", "=", "cn=ann,ou=users,o=placet", False),
        ("Recipient", "startswith", "CN = anna", True),
        ("Recipient", "contains", "ou=USERS", True),
        ("EngineId", "=", "STRASSE-1", True),
        ("EngineId", "=", "Strasse -1", False),
        ("EngineId", "contains", "SSE", True),
        ("EngineId", "startswith", "RASSE", False),
        ("EngineId", "<", "t", True),
        ("EngineId", ">", "T", False),
        ("ProcessStatus", "=", 0, True),
        ("ProcessStatus", "!=", 0, False),
        ("ProcessStatus", "<", 1, True),
        ("ProcessStatus", "contains", 0, False),
        ("CreationTime", "=", NOON.replace(microsecond=1000), True),
        ("CreationTime", "<", NOON.replace(microsecond=2000), True),
        ("CreationTime", ">", NOON.replace(microsecond=1000), False),
        ("CreationTime", ">=", NOON.replace(microsecond=1000), True),
        ("CreationTime", "<=", NOON, False),
        ("CreationTime", "=", NOON.replace(microsecond=1500).astimezone(timezone(timedelta(hours=2))), True),
        ("CompletionTime", "<=", NOON, False),
        ("CompletionTime", ">", NOON, False),
        ("Initiator", "=", ANNA, False),
        ("Initiator", "!=", ANNA, True),
        ("CorrelationId", "contains", "", False),
        ("Data.amount", ">", 12, True),
        ("Data.amount", "=", "12.5", False),
        ("Data.amount", "!=", "12.5", True),
        ("Data.urgent", "=", True, True),
        ("Data.urgent", "=", 1, False),
    ],
)
def test_a_comparison(name, operator, value, answer):
    assert holds(Comparison(field(name), Operator(operator), value), FACTS) is answer


@pytest.mark.parametrize(
    ("tree", "answer"),
    [
        (And((RUNNING, NOBODY)), False),
        (Or((RUNNING, NOBODY)), True),
        (And((RUNNING, RUNNING)), True),
        (Or((NOBODY, NOBODY)), False),
        (Not(NOBODY), True),
        (Not(Not(NOBODY)), False),
        (In(field("ProcessStatus"), (3, 0)), True),
        (In(field("ProcessStatus"), (3, 2)), False),
        (In(field("Recipient"), ("cn=bob", ANNA.upper())), True),
        (In(field("Initiator"), (ANNA,)), False),
        (IsNull(field("Initiator")), True),
        (IsNull(field("Recipient")), False),
    ],
)
def test_a_tree(tree, answer):
    assert holds(tree, FACTS) is answer


def test_whoever_asks_must_be_known():
    asked = Comparison(field("Recipient"), Operator.EQ, ME)

    with pytest.raises(ValueError, match="resolve_me must come first"):
        holds(asked, FACTS)
    assert holds(resolve_me(asked, ANNA), FACTS)


def test_whoever_asks_is_named_everywhere():
    def tree(value):
        one, other = Comparison(field("Recipient"), Operator.EQ, value), In(field("Initiator"), ("cn=bob", value))
        return And((RUNNING, Or((one, Not(other))), IsNull(field("EngineId"))))

    assert resolve_me(tree(ME), ANNA) == tree(ANNA)
    assert {each.name for each in fields_of(tree(ME))} == {"ProcessStatus", "Recipient", "Initiator", "EngineId"}


def test_trees_are_built_flat():
    assert all_of([RUNNING]) == RUNNING
    assert all_of([And((RUNNING, NOBODY)), RUNNING]) == And((RUNNING, NOBODY, RUNNING))
    assert any_of([RUNNING, Or((NOBODY, RUNNING))]) == Or((RUNNING, NOBODY, RUNNING))
    assert all_of([Or((RUNNING, NOBODY)), RUNNING]) == And((Or((RUNNING, NOBODY)), RUNNING))
    with pytest.raises(ValueError, match="at least one part"):
        any_of([])
