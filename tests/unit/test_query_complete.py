import pytest

from placet.query.complete import candidates
from placet.query.fields import DEFINITIONS, EVENTS, PROCESSES, WORK_ITEMS
from placet.query.query import Completion

FIELDS = [field.name for field in PROCESSES.fields]
RELATIONS = ["WorkItems.", "Events.", "Incidents.", "Comments."]
CLAUSES = ["group by", "sort", "fields", "limit", "cursor"]


@pytest.mark.parametrize(
    ("resource", "text", "offered"),
    [
        (PROCESSES, "|", [*FIELDS, "Data.", *RELATIONS, "not", "(", *CLAUSES]),
        (PROCESSES, "|Status", [*FIELDS, "Data.", *RELATIONS, "not", "(", *CLAUSES]),
        (PROCESSES, "pro|", ["ProcessId", "Proxy", "ProcessStatus", "ApprovalStatus"]),
        (PROCESSES, "ProcessStatus|", ["ProcessStatus"]),
        (PROCESSES, "ProcessStatus |",
         ["=", "!=", "<", "<=", ">", ">=", "is", "not", "in", "between", "contains", "startswith"]),
        (PROCESSES, "ProcessId |", ["=", "!=", "is", "not", "in"]),
        (PROCESSES, "ProcessStatus !|", ["!="]),
        (PROCESSES, "ProcessStatus n|", ["not"]),
        (PROCESSES, "ProcessStatus not |", ["in", "between", "contains", "startswith"]),
        (PROCESSES, "ProcessStatus is |", ["not", "null"]),
        (PROCESSES, "ProcessStatus = |", ["Running", "Stopped", "Terminated", "Completed"]),
        (PROCESSES, "ProcessStatus in (0, t|", ["Terminated", "Stopped", "Completed"]),
        (PROCESSES, "ProcessStatus = 'ru|", ["Running"]),
        (PROCESSES, "Initiator = |", ["me", "Recipient", "Proxy"]),
        (PROCESSES, "Initiator = an|", []),
        (PROCESSES, "CreationTime > to|", ["today", "today-7d"]),
        (PROCESSES, "CreationTime between -1d |", ["and"]),
        (PROCESSES, "ProcessStatus = 0 |", ["and", "or", *CLAUSES]),
        (PROCESSES, "(ProcessStatus = 0 |", ["and", "or", ")"]),
        (PROCESSES, "ProcessStatus = 0 a|", ["and"]),
        (PROCESSES, "ProcessStatus = 0 and work|", ["WorkItems."]),
        (PROCESSES, "workitems.own|", ["WorkItems.Owner"]),
        (PROCESSES, "WorkItems(own|", ["Owner"]),
        (PROCESSES, "Data.am|", []),
        (PROCESSES, "sort cre|", ["CreationTime"]),
        (PROCESSES, "sort work|", []),
        (PROCESSES, "sort Initiator |", ["asc", "desc", ",", "group by", "fields", "limit", "cursor"]),
        (PROCESSES, "limit 5 so|", ["sort"]),
        (PROCESSES, "limit 5 li|", []),
        (PROCESSES, "group |", ["by"]),
        (PROCESSES, "group by da|", ["Data.", "day("]),
        (PROCESSES, "group by day(|", ["CreationTime", "CompletionTime"]),
        (WORK_ITEMS, "sort proc|", ["ProcessId", "Process."]),
        (WORK_ITEMS, "sort process.init|", ["Process.Initiator"]),
        (EVENTS, "Kind = mail.|", ["mail.requested", "mail.sent", "mail.failed"]),
        (DEFINITIONS, "Retired = |", ["true", "false"]),
        (PROCESSES, "Nothing = |", []),
        (PROCESSES, "Nothing |", []),
        (PROCESSES, "ProcessStatus = nothing |", []),
        (PROCESSES, "not'|", []),
        (PROCESSES, "ProcessStatus = 0 '|", []),
        (PROCESSES, "ProcessStatus between'|", []),
        (PROCESSES, "ProcessStatus between '|", ["Running", "Stopped", "Terminated", "Completed"]),
        (PROCESSES, ") |", []),
        (PROCESSES, "! |", []),
        (PROCESSES, " " * 10_001 + "|", []),
    ],
)  # fmt: skip
def test_what_fits_is_offered(resource, text, offered):
    at = text.index("|")

    found = candidates(text.replace("|", ""), at, resource)

    assert [each.text for each in found.completions] == offered


@pytest.mark.parametrize(
    ("resource", "text", "start", "typed", "values_of", "data_names"),
    [
        (PROCESSES, "Initiator = |", 12, "", "Initiator", None),
        (PROCESSES, "Initiator = an|", 12, "an", "Initiator", None),
        (PROCESSES, "Initiator = 'Anna M|", 12, "Anna M", "Initiator", None),
        (PROCESSES, "Initiator = cn=anna,ou|", 12, "cn=anna,ou", "Initiator", None),
        (PROCESSES, "WorkItems(Owner in (a, b|", 23, "b", "Owner", None),
        (PROCESSES, "Data.size = |", 12, "", "Data.size", None),
        (PROCESSES, "Initiator contains a|", 19, "a", None, None),
        (PROCESSES, "data.|", 0, "data.", None, "data."),
        (PROCESSES, "data.am|", 0, "data.am", None, "data."),
        (PROCESSES, "sort Data.am|", 5, "Data.am", None, "Data."),
        (WORK_ITEMS, "Process.data.a|", 0, "Process.data.a", None, "Process.data."),
        (WORK_ITEMS, "Data.a|", 0, "Data.a", None, None),
        (PROCESSES, "ProcessStatus = 0 |", 18, "", None, None),
    ],
)
def test_what_others_have_to_offer_is_said(resource, text, start, typed, values_of, data_names):
    found = candidates(text.replace("|", ""), text.index("|"), resource)

    assert (found.start, found.typed) == (start, typed)
    assert (found.values_of.name if found.values_of else None, found.data_names) == (values_of, data_names)


def test_what_is_offered_says_what_it_is():
    found = candidates("ProcessStatus = R", 17, PROCESSES)

    assert found.completions[0] == Completion(16, "Running", "value", "0")
