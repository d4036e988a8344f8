from datetime import UTC, datetime

import pytest

from placet.query.ast import ME, And, Comparison, In, IsNull, Not, Operator, Or, Related, Relative
from placet.query.fields import PROCESSES, WORK_ITEMS, Field, FieldType
from placet.query.printer import to_criteria, to_text

AT = datetime(2008, 7, 23, 8, 47, 15, 120000, tzinfo=UTC)


def is_(name, value, operator="="):
    return Comparison(PROCESSES.field(name), Operator(operator), value)


RUNNING = is_("ProcessStatus", 0)
MINE = is_("Recipient", ME)
LATER = is_("CreationTime", AT, ">=")
ITEMS = PROCESSES.relations[0]
OPEN = Comparison(WORK_ITEMS.field("Status"), Operator.EQ, 0)
OWNER = WORK_ITEMS.field("Owner")
AMOUNT = Field("Data.amount", FieldType.DATA)


@pytest.mark.parametrize(
    ("tree", "criteria"),
    [
        (None, []),
        (RUNNING, ["ProcessStatus=0"]),
        (is_("Recipient", "cn=a, o=b"), ["Recipient=cn=a, o=b"]),
        (
            And((MINE, LATER, is_("EngineId", "x=y"))),
            ["Recipient=self", "CreationTime=20080723084715120+0000GE", "EngineId=x=y"],
        ),
        (Or((RUNNING, MINE)), None),
        (And((RUNNING, Not(MINE))), None),
        (is_("ProcessStatus", 1, ">"), None),
        (is_("CreationTime", AT, "!="), None),
        (IsNull(AMOUNT), None),
        (is_("CreationTime", Relative("-7d"), ">="), None),
        (Comparison(PROCESSES.field("Initiator"), Operator.EQ, PROCESSES.field("Recipient")), None),
        (Related(ITEMS, OPEN), None),
    ],
)
def test_legacy_criteria(tree, criteria):
    assert to_criteria(tree) == criteria


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (RUNNING, "ProcessStatus = Running"),
        (is_("ProcessStatus", 7), "ProcessStatus = 7"),
        (MINE, "Recipient = me"),
        (LATER, "CreationTime >= 2008-07-23T08:47:15.120Z"),
        (is_("Recipient", "cn=a,o=b", "!="), 'Recipient != "cn=a,o=b"'),
        (is_("EngineId", 'a"b\\c\nd', "contains"), r'EngineId contains "a\"b\\c\nd"'),
        (is_("EngineId", "ü", "startswith"), 'EngineId startswith "ü"'),
        (Comparison(AMOUNT, Operator.GT, 1000), "Data.amount > 1000"),
        (Comparison(AMOUNT, Operator.LE, 0.5), "Data.amount <= 0.5"),
        (Comparison(AMOUNT, Operator.EQ, True), "Data.amount = true"),
        (In(PROCESSES.field("ProcessStatus"), (0, 1)), "ProcessStatus in (Running, Stopped)"),
        (IsNull(PROCESSES.field("CompletionTime")), "CompletionTime is null"),
        (Not(MINE), "not (Recipient = me)"),
        (And((RUNNING, MINE)), "ProcessStatus = Running and Recipient = me"),
        (Or((And((RUNNING, MINE)), RUNNING)), "ProcessStatus = Running and Recipient = me or ProcessStatus = Running"),
        (And((Or((RUNNING, MINE)), MINE)), "(ProcessStatus = Running or Recipient = me) and Recipient = me"),
        (And((And((MINE, MINE)), Not(Or((MINE, MINE))))),
         "(Recipient = me and Recipient = me) and not (Recipient = me or Recipient = me)"),
        (Not(Not(MINE)), "not (not (Recipient = me))"),
        (Not(In(PROCESSES.field("ProcessStatus"), (0,))), "ProcessStatus not in (Running)"),
        (Not(IsNull(AMOUNT)), "Data.amount is not null"),
        (Not(is_("EngineId", "x", "contains")), 'EngineId not contains "x"'),
        (And((RUNNING, LATER, is_("CreationTime", AT, "<="), MINE)),
         "ProcessStatus = Running and CreationTime between 2008-07-23T08:47:15.120Z and 2008-07-23T08:47:15.120Z "
         "and Recipient = me"),
        (And((LATER, is_("CompletionTime", AT, "<="))),
         "CreationTime >= 2008-07-23T08:47:15.120Z and CompletionTime <= 2008-07-23T08:47:15.120Z"),
        (Comparison(AMOUNT, Operator.LT, Field("Data.budget", FieldType.DATA)), "Data.amount < Data.budget"),
        (is_("CreationTime", Relative("-7d"), ">"), "CreationTime > -7d"),
        (Related(ITEMS, OPEN), "WorkItems.Status = Open"),
        (Related(ITEMS, Not(IsNull(OWNER))), "WorkItems.Owner is not null"),
        (Related(ITEMS, Not(OPEN)), "WorkItems(not (Status = Open))"),
        (Related(ITEMS, And((OPEN, Comparison(OWNER, Operator.EQ, ME)))), "WorkItems(Status = Open and Owner = me)"),
        (Not(Related(ITEMS, OPEN)), "not (WorkItems.Status = Open)"),
    ],
)  # fmt: skip
def test_the_typed_language(tree, text):
    assert to_text(tree) == text
