from datetime import UTC, datetime, timedelta, timezone

import pytest

from placet.query.ast import (
    ME,
    And,
    Comparison,
    In,
    IsNull,
    Not,
    Operator,
    Or,
    Related,
    Relative,
    all_of,
    any_of,
    fields_of,
    resolve_me,
)
from placet.query.evaluate import holds
from placet.query.fields import PROCESSES, WORK_ITEMS, Field, FieldType

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
    "Data.name": "Straße",
    "Data.due": "2024-05-01T12:00:00.000Z",
    "Data.note": "2024-05-01T12:00",
    "Data.tags": ["Red", "green", 7, None, {"a": 1}],
    "Data.none": [],
    "Data.shape": {"a": 1},
    "Data.budget": 12,
    "Proxy": "CN=anna ,ou=Users,o=placet",
    "WorkItems": [
        {"Status": 0, "Owner": None, "Addressee": ANNA, "Recipient": ANNA},
        {"Status": 2, "Owner": ANNA, "Addressee": "cn=bob", "Recipient": ANNA},
    ],
    "Events": [],
}
RUNNING = Comparison(PROCESSES.field("ProcessStatus"), Operator.EQ, 0)
NOBODY = Comparison(PROCESSES.field("Initiator"), Operator.EQ, ANNA)

ITEMS = PROCESSES.relations[0]
owned = Comparison(WORK_ITEMS.field("Owner"), Operator.EQ, ANNA)


def is_open(status):
    return Comparison(WORK_ITEMS.field("Status"), Operator.EQ, status)


def field(name):
    return Field(name, FieldType.DATA) if name.startswith("Data.") else PROCESSES.field(name)


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
        ("Data.name", "=", "STRAßE", True),
        ("Data.name", "=", "strasse", False),
        ("Data.name", "contains", "RA", True),
        ("Data.name", "<", "t", True),
        ("Data.name", ">", 1, False),
        ("Data.amount", "contains", "1", False),
        ("Data.due", "=", NOON, True),
        ("Data.due", ">", NOON - timedelta(milliseconds=1), True),
        ("Data.due", "<=", NOON.astimezone(timezone(timedelta(hours=2))), True),
        ("Data.due", "=", "2024-05-01t12:00:00.000z", True),
        ("Data.note", "<=", NOON, False),
        ("Data.note", "!=", NOON, True),
        ("Data.amount", "<", NOON, False),
        ("Data.tags", "=", "RED", True),
        ("Data.tags", "=", 7, True),
        ("Data.tags", "!=", "red", False),
        ("Data.tags", "contains", "ree", True),
        ("Data.tags", "<", 8, True),
        ("Data.tags", "=", "blue", False),
        ("Data.none", "=", "red", False),
        ("Data.none", "!=", "red", True),
        ("Data.shape", "=", "a", False),
        ("Data.missing", "=", "", False),
        ("Data.missing", "!=", "", True),
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
        (IsNull(field("Data.missing")), True),
        (IsNull(field("Data.none")), True),
        (IsNull(field("Data.tags")), False),
        (IsNull(field("Data.shape")), False),
        (IsNull(field("Data.urgent")), False),
        (In(field("Data.tags"), (1, "GREEN")), True),
        (In(field("Data.budget"), ()), False),
        (Comparison(field("Recipient"), Operator.EQ, field("Proxy")), True),
        (Comparison(field("Recipient"), Operator.EQ, field("Initiator")), False),
        (Comparison(field("Initiator"), Operator.EQ, field("Initiator")), False),
        (Comparison(field("Initiator"), Operator.NE, field("Initiator")), True),
        (Comparison(field("Data.amount"), Operator.GT, field("Data.budget")), True),
        (Comparison(field("Data.name"), Operator.GT, field("Data.budget")), False),
        (Comparison(field("Data.budget"), Operator.GT, field("Data.tags")), True),
        (Comparison(field("Data.none"), Operator.EQ, field("Data.none")), False),
        (Comparison(field("Data.shape"), Operator.EQ, field("Data.shape")), False),
        (In(field("Recipient"), ("cn=bob", field("Proxy"))), True),
        (Related(ITEMS, is_open(0)), True),
        (Related(ITEMS, is_open(1)), False),
        (Related(ITEMS, And((is_open(0), owned))), False),
        (And((Related(ITEMS, is_open(0)), Related(ITEMS, owned))), True),
        (Related(ITEMS, Not(is_open(0))), True),
        (Not(Related(ITEMS, is_open(0))), False),
        (Related(ITEMS, Comparison(WORK_ITEMS.field("Owner"), Operator.EQ, WORK_ITEMS.field("Recipient"))), True),
        (Related(PROCESSES.relations[1], IsNull(PROCESSES.relations[1].to.field("Actor"))), False),
    ],
)
def test_a_tree(tree, answer):
    assert holds(tree, FACTS) is answer


def test_whoever_asks_must_be_known():
    asked = Comparison(field("Recipient"), Operator.EQ, ME)

    with pytest.raises(ValueError, match="resolve_me or resolve comes first"):
        holds(asked, FACTS)
    with pytest.raises(ValueError, match="CreationTime is compared with what only the asking tells"):
        holds(Comparison(field("CreationTime"), Operator.EQ, Relative("now")), FACTS)
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
