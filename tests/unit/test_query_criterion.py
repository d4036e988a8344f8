from datetime import UTC, datetime

import pytest

from placet.errors import InvalidFilter
from placet.query.ast import ME, And, Comparison, Operator, fields_of
from placet.query.criterion import parse_criterion, parse_filters
from placet.query.fields import COMMENTS, PROCESSES, WORK_ITEMS

SAMPLE = datetime(2008, 7, 23, 8, 47, 15, tzinfo=UTC)
ID = "e11a2f10c90f489895f968d565b15091"


@pytest.mark.parametrize(
    ("resource", "text", "name", "operator", "value"),
    [
        (PROCESSES, "recipient=cn=admin,ou=idmsample,o=netiq", "Recipient", "=", "cn=admin,ou=idmsample,o=netiq"),
        (PROCESSES, " Definition = cn=Role Approval, o=x ", "Definition", "=", "cn=Role Approval, o=x"),
        (PROCESSES, "Initiator=Self", "Initiator", "=", ME),
        (PROCESSES, f"ProcesstId={ID.upper()}", "ProcessId", "=", ID),
        (PROCESSES, "EngineId=", "EngineId", "=", ""),
        (PROCESSES, "CorrelationId= a=b ", "CorrelationId", "=", " a=b "),
        (PROCESSES, "CorrelationId=' OR 1=1; DROP TABLE x --", "CorrelationId", "=", "' OR 1=1; DROP TABLE x --"),
        (PROCESSES, "ApprovalStatus=2", "ApprovalStatus", "=", 2),
        (PROCESSES, "processstatus=running", "ProcessStatus", "=", 0),
        (PROCESSES, "CreationTime=20080723044715000-0400EQ", "CreationTime", "=", SAMPLE),
        (PROCESSES, "CreationTime=20080723104715000 0200lt", "CreationTime", "<", SAMPLE),
        (PROCESSES, "CompletionTime=2008-07-23T08:47:15ZLE", "CompletionTime", "<=", SAMPLE),
        (PROCESSES, "CreationTime=20080723044715000-0400 Gt", "CreationTime", ">", SAMPLE),
        (WORK_ITEMS, "ExpTime=20080723044715000-0400GE", "ExpTime", ">=", SAMPLE),
        (WORK_ITEMS, "AssignedTo=self", "Addressee", "=", ME),
        (WORK_ITEMS, "ActivityId=Self", "ActivityId", "=", "Self"),
        (WORK_ITEMS, "Status=timedout", "Status", "=", 4),
        (WORK_ITEMS, "Priority=HIGH", "Priority", "=", 1),
        (COMMENTS, "Type=System", "Type", "=", 1),
    ],
)  # fmt: skip
def test_a_criterion_becomes_a_comparison(resource, text, name, operator, value):
    assert parse_criterion(text, resource) == Comparison(resource.field(name), Operator(operator), value)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("", None, "The filter '' has no =; write Name=Value, for example Definition=…"),
        ("Recipient", None, "'Recipient' has no ="),
        ("=x", "", "'' is not a field of processes"),
        ("Color=red", "Color", "'Color' is not a field of processes"),
        ("Recipient=anna", "Recipient", "Recipient: 'anna' is not a distinguished name; give one such as cn=anna,"),
        ("Recipient=", "Recipient", "or self"),
        ("Definition=self", "Definition", "'self' is not a distinguished name"),
        ("Recipient=cn=" + "x" * 1024, "Recipient", "xxx…'"),
        ("ProcessId=e11a2f10", "ProcessId", "an id is 32 hex digits without dashes"),
        ("processtid=" + "g" * 32, "ProcessId", "is not an id"),
        ("ProcessStatus=4", "ProcessStatus", "'4' is unknown; it takes Running (0), Stopped (1), "),
        ("ProcessStatus=done", "ProcessStatus", "'done' is unknown"),
        ("ProcessStatus=٣", "ProcessStatus", "'٣' is unknown"),
        ("ProcessStatus=" + "9" * 4000, "ProcessStatus", "999…' is unknown"),
        ("ApprovalStatus=1.0", "ApprovalStatus", "'1.0' is unknown"),
        ("CreationTime=20080723044715000-0400", "CreationTime", "does not end in an operator; put one of EQ, LT, LE, "),
        ("CreationTime=20080723044715000-0400NE", "CreationTime", "for example 20080723044715000-0400GE"),
        ("CreationTime=", "CreationTime", "does not end in an operator"),
        ("CreationTime=GE", "CreationTime", "CreationTime: '' is not a time: its form is unknown"),
        ("CreationTime=20081399GE", "CreationTime", "'20081399' is not a time: month 13 is not between 01 and 12"),
        ("CorrelationId=a\x00b", None, "a NUL character at position 16"),
        ("CorrelationId=\ud800", None, "half of a surrogate pair at position 15"),
        ("CorrelationId=" + "x" * 4096, None, "A filter of 4110 characters is too long; at most 4096 are read"),
    ],
)
def test_what_is_wrong_with_a_criterion_is_said(text, key, said):
    with pytest.raises(InvalidFilter) as refusal:
        parse_criterion(text, PROCESSES)

    assert said in refusal.value.message
    assert refusal.value.key == key
    assert len(refusal.value.message) < 400


def test_all_criteria_must_hold():
    texts = ["ProcessStatus=Running", "Recipient=self"]

    tree = parse_filters(texts, PROCESSES)

    assert tree == And(tuple(parse_criterion(text, PROCESSES) for text in texts))
    assert parse_filters(texts[:1], PROCESSES) == parse_criterion(texts[0], PROCESSES)
    assert parse_filters([], PROCESSES) is None
    assert {field.name for field in fields_of(tree)} == {"ProcessStatus", "Recipient"}


def test_too_many_criteria_are_refused():
    with pytest.raises(InvalidFilter, match="101 filters are too many; at most 100 are read"):
        parse_filters(["EngineId=x"] * 101, PROCESSES)
