import pytest

from placet.core import names as core_names
from placet.core import statuses
from placet.core.events import NUMBERS
from placet.errors import InvalidFilter
from placet.query import names
from placet.query.fields import COMMENTS, EVENTS, PROCESSES, WORK_ITEMS


@pytest.mark.parametrize(
    ("resource", "field", "enum"),
    [
        (PROCESSES, "ApprovalStatus", statuses.ApprovalStatus),
        (PROCESSES, "ProcessStatus", statuses.ProcessStatus),
        (WORK_ITEMS, "Status", statuses.WorkItemStatus),
        (WORK_ITEMS, "Priority", statuses.Priority),
    ],
)
def test_codes_are_those_of_the_statuses(resource, field, enum):
    assert dict(resource.field(field).codes) == {member.label: member.value for member in enum}


def test_codes_of_events_are_those_that_are_stored():
    assert dict(EVENTS.field("Kind").codes) == NUMBERS


@pytest.mark.parametrize(
    ("resource", "given", "found"),
    [
        (PROCESSES, "recipient", "Recipient"),
        (PROCESSES, "PROCESSTID", "ProcessId"),
        (WORK_ITEMS, "assignedto", "Addressee"),
        (WORK_ITEMS, "WorkId", "WorkId"),
        (COMMENTS, "type", "Type"),
    ],
)
def test_names_and_aliases_match_in_any_case(resource, given, found):
    assert resource.field(given).name == found


@pytest.mark.parametrize(
    ("resource", "given", "said"),
    [
        (PROCESSES, "Recipent", "Did you mean Recipient?"),
        (PROCESSES, "WorkId", "The fields are Definition, ProcessId, EngineId, "),
        (WORK_ITEMS, "AsignedTo", "Did you mean Addressee?"),
        (COMMENTS, "Users", "'Users' is not a field of comments. Did you mean User?"),
        (PROCESSES, "", "'' is not a field of processes"),
    ],
)
def test_an_unknown_name_is_told_what_fits(resource, given, said):
    with pytest.raises(InvalidFilter) as refusal:
        resource.field(given)

    assert said in refusal.value.message
    assert refusal.value.key == given


@pytest.mark.parametrize(
    ("text", "recognised", "folded"),
    [
        ("cn=Anna, OU = Users,o=placet", True, "cn=anna,ou=users,o=placet"),
        (" cn=Straße ", True, "cn=strasse"),
        (r"cn=a\,b,o=x", True, r"cn=a\,b,o=x"),
        ("cn=", True, "cn="),
        ("anna", False, "anna"),
        ("cn==anna", False, "cn==anna"),
        ("cn=anna,", False, "cn=anna,"),
    ],
)
def test_distinguished_names(text, recognised, folded):
    for module in (names, core_names):
        assert (module.is_dn(text), module.fold_dn(text)) == (recognised, folded)
