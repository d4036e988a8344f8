import contextlib
import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.commands import PauseProcess
from placet.core.draft import Draft, Facts
from placet.core.expression_text import FIELDS, outline, unknown_fields
from placet.core.expressions import READING, ExpressionSyntax, check_types, compile_expression, data_references
from placet.errors import ExpressionError
from tests.builders import an_approval, started

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
FACTS = {
    "data": {"amount": 2.5, "days": 3, "route": ["a", "b"], "name": "Anna", "agreed": True, "cost-centre": 7},
    "process": {"id": "p1", "created_at": NOON},
    "initiator": {"dn": "cn=anna", "manager": {"dn": "cn=bob"}, "groups": ["cn=HR"]},
    "recipient": {"dn": "cn=carl"},
    "response": {},
    "now": NOON + timedelta(hours=1),
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("data.days * 2", 6),
        ("data.amount * 2.0", 5.0),
        ("data.amount > 2", True),
        ("data.days == 3.0", True),
        ("data['cost-centre']", 7),
        ("data.`cost-centre`", 7),
        ("data.route[data.days - 2]", "b"),
        ("has(data.reason) ? data.reason : 'none'", "none"),
        ("data.all(name, name != '')", True),
        ("initiator.manager.dn", "cn=bob"),
        ("'cn=HR' in initiator.groups", True),
        ("[recipient.dn, 'cn=x']", ["cn=carl", "cn=x"]),
        ("process.created_at < now", True),
        ("process['created_at']", "2024-05-01T12:00:00+00:00"),
        ("now + duration('24h')", datetime(2024, 5, 2, 13, tzinfo=UTC)),
        ("now - process.created_at", timedelta(hours=1)),
        ("timestamp('2024-05-01T12:00:00.000Z')", NOON),
        ("b'ab'", b"ab"),
        ("{1: [b'a'], 'x': null}", {"1": [b"a"], "x": None}),
        ("'data.nothing' + data.name // data.nothing", "data.nothingAnna"),
    ],
)
def test_an_expression_gives_a_plain_value(source, value):
    assert compile_expression(source).evaluate(FACTS) == value


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("data.reason", "there is no 'reason' in what it looks at; ask with has(…)"),
        ("data.amount * 2", "write a number as 2.0"),
        ("data.name + 1", "convert with string(…)"),
        ("data.name < now", "convert with timestamp(…)"),
        ("data.route[5]", "the list has 2 values, counted from 0; there is none at 5"),
        ("data.route[0.5]", "a list's index has to be an integer"),
        ("data.days / 0", "divides by zero"),
        ("9223372036854775807 + data.days", "beyond 64 bits"),
        ("data.agreed && data.days", "true or false only"),
        ("-data.name", "'-' cannot take a text"),
        ("data.days in data.name", "'in' looks for"),
        ("data.days.x", "no object"),
        ("size(data.days)", "'size' cannot take an integer"),
        ("type(1)", "gives a type"),
        ("duration('3d')", "Duration conversion failed"),
    ],
)
def test_a_failed_evaluation_says_the_expression_and_why(source, reason):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source).evaluate(FACTS)

    assert reason in caught.value.message
    assert source in caught.value.message


@pytest.mark.parametrize(
    ("source", "line", "column", "reason"),
    [
        ("", 1, 1, "it is empty"),
        ("data.days >", 1, 12, "ends too early"),
        ("foo.bar > 1", 1, 1, "there is no 'foo'; an expression can use data, process, initiator"),
        ("data.days > 1 && food(1)", 1, 18, "there is no function 'food'"),
        ("1 +\n  foo", 2, 3, "there is no 'foo'"),
        ("data.days = 3", 1, 11, "write == to compare"),
        ("cn=HR,ou=groups", 1, 3, "quotes round a text such as a DN"),
        ("1.0 * 2", 1, 5, "2.0 for a decimal"),
        ("1 ) 2", 1, 3, "')' cannot stand here"),
        ("a\0b", 1, 1, "control character"),
        ("x" * 4001, 1, 1, "at most 4,000"),
        ("1" + " + 1" * 50, 1, 1, "deeper than 32"),
        ("data.a.all(x, data.a.all(y, data.a.all(z, true)))", 1, 1, "nest 3 deep; at most 2"),
        ("data.a.map(x, x + x + x + x + x + x)", 1, 1, "at most 4"),
        ("[1]" + ".map(u, [u, u])" * 30, 1, 1, "one value 1,073,741,824 times"),
        (f"data.a.map(u, [{'u,' * 500} 1]).map(v, [{'v,' * 500} 1])", 1, 1, "at most 10,000"),
    ],
)
def test_a_wrong_expression_says_where_and_why(source, line, column, reason):
    with pytest.raises(ExpressionSyntax) as caught:
        compile_expression(source)

    assert reason in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)
    assert isinstance(caught.value, ValueError)


def test_loops_one_after_the_other_do_not_nest():
    source = "data.a.filter(x, x > 1).map(x, x * 2).all(x, data.a.exists(y, y < x))"
    assert compile_expression(source).evaluate({"data": {"a": [1, 2, 3]}}) is True


@pytest.mark.parametrize(
    ("source", "data", "reason"),
    [
        ("size(data.a)", {"a": [0] * 1001}, "given too much"),
        ("size(data.a)", {"a": "x" * 2_000_001}, "given too much"),
        ("size(data)", {f"k{n}": [0] * 900 for n in range(12)}, "given too much"),
        ("data.a.all(x, data.a.all(y, true))", {"a": [0] * 300}, "10,000 turns"),
        ("data.a.map(x, data.b)", {"a": [0] * 900, "b": "x" * 200_000}, "shorter lists"),
    ],
)
def test_what_an_expression_is_given_is_bounded(source, data, reason):
    with pytest.raises(ExpressionError, match=reason):
        compile_expression(source).evaluate({"data": data})


def test_depth_is_bounded_too():
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ExpressionError, match="given too much"):
        compile_expression("size(data.a)").evaluate({"data": {"a": deep}})


def test_data_that_is_not_named_does_not_count():
    facts = {"data": {"a": 1, "huge": [0] * 5000}, "response": {"code": 201, "message": [0] * 500_000}}
    assert compile_expression("data.a + 1").evaluate(facts) == 2
    assert compile_expression("response.code == 201").evaluate(facts) is True


def test_what_a_service_answers_may_be_longer_than_what_a_decision_looks_at():
    people = [{f"field{n}": f"{n} of {number}" for n in range(27)} for number in range(3000)]
    names = compile_expression("response.message.filter(u, u.field1 != '').map(u, [u.field1, u.field2])")

    assert len(names.evaluate({"response": {"message": people}}, READING)) == 3000
    with pytest.raises(ExpressionError, match="at most 10,000 values"):
        names.evaluate({"response": {"message": people}})


def test_what_an_expression_gives_is_bounded():
    source = f"data.a.map(u, [{', '.join(['u'] * 200)}])"
    with pytest.raises(ExpressionError, match="gives more than 100,000 values"):
        compile_expression(source).evaluate({"data": {"a": [[0]] * 900}})


@pytest.mark.parametrize(
    ("source", "around", "copies"),
    [
        ("data.a.map(x, [x.b, x.c])", False, 2),
        ("data.a.map(x, x.d.map(y, [y, y]))", False, 8),
        ("data.a.filter(x, x in data.b)", True, 1),
        ("data.a.map(x, x.d.filter(y, y == x.e))", True, 4),
        ("data.a.filter(x, x > 1).map(x, string(x))", False, 1),
    ],
)
def test_what_loops_look_at_and_how_much_they_make(source, around, copies):
    seen = outline(source)

    assert (seen.looks_around, seen.copies) == (around, copies)


def test_a_surrogate_fails_as_every_other_error_does():
    with pytest.raises(ExpressionError):
        compile_expression("data.a").evaluate({"data": {"a": "\ud800"}})


def test_expressions_are_equal_by_source_and_can_be_copied():
    one, other = compile_expression("data.a > 1"), copy.deepcopy(compile_expression("data.a > 1"))

    assert one == other == pickle.loads(pickle.dumps(one))
    assert len({one, other}) == 1
    assert one != compile_expression("data.a > 2")
    assert one != "data.a > 1"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("data.days > 10 && data['first day'] == data . reason", {"days", "first day", "reason"}),
        ("'data.a' == \"data.b\" && r'data.c' == '''data.d'''", set()),
        ("'it\\'s data.a' + data.b", {"b"}),
        ("data.a // and data.b", {"a"}),
        ("has(data.a) && response.data.b", {"a"}),
        ("data.all(k, true) || 'x' in data || data[initiator.dn]", set()),
        ("data.`a-b`", {"a-b"}),
        (".data.a", {"a"}),
    ],
)
def test_the_data_items_of_an_expression(source, names):
    assert data_references(source) == names


TYPES = {
    "amount": ("decimal", False),
    "days": ("integer", False),
    "route": ("dn", True),
    "begin": ("date", False),
    "lines": ("json", False),
}


@pytest.mark.parametrize(
    ("source", "columns"),
    [
        ("data.amount * 2 > 3 && data.days > 2.5", [13]),
        ("data.begin < now", [12]),
        ("data.route + 1", [12]),
        ("data.route.all(x, x + 1 == 2)", [21]),
        ("data.days + 'a'", [11]),
        ("data.amount > 2 && data.days == 2.5", []),
        ("has(data.days) && data.days > 2 ? data.route[data.days] : 'x'", []),
        ("(has(data.days) ? data.days : 0) + 1", []),
        ("data.lines.total * 2 > data.amount", []),
    ],
)
def test_types_that_can_never_work_are_found_beforehand(source, columns):
    assert [fault.column for fault in check_types(source, TYPES)[1]] == columns


@pytest.mark.parametrize(
    ("source", "gives"),
    [
        ("data.days", "int"),
        ("data.route", "list<string>"),
        ("data.route[0]", "string"),
        ("[data.days, 'bob']", "list<dyn>"),
        ("[1, 2]", "list<int>"),
        ("data.lines", "dyn"),
        ("initiator.manager", "dyn"),
        ("has(data.days) ? data.days : 0", "dyn"),
        ("has(data.days)", "dyn"),
    ],
)
def test_the_kind_of_result_is_known_as_far_as_the_types_tell(source, gives):
    assert check_types(source, TYPES) == (gives, [])


def test_the_fields_that_are_known_are_those_that_a_run_is_given():
    story = started(ask=an_approval())
    known = Facts(NOON, story.directory, "node-1", story.ids.make)
    draft = Draft(story.definition, story.snapshot, PauseProcess(process_id=story.id), known)
    facts = draft.expression_facts()

    assert {name: set(fields) for name, fields in FIELDS.items()} == {name: set(facts[name]) for name in FIELDS}


@pytest.mark.parametrize(
    ("source", "unknown"),
    [
        ("initiator.boss", [("initiator", "boss", 10)]),
        ("recipient.manager.manager.boss.dn", [("recipient.manager.manager", "boss", 26)]),
        ("process['title'] + initiator['manager'].nam", [("process", "title", 8), ("initiator.manager", "nam", 40)]),
        ("has(initiator.boss)", [("initiator", "boss", 14)]),
        ("initiator.manager.dn + recipient.groups[0] + process.created_at.getFullYear()", []),
        ("initiator.name.startsWith('a') && initiator.manager == initiator", []),
        ("'initiator.boss' == data.initiator.boss", []),
        ("data.people.exists(recipient, recipient.age > 3)", []),
        ("response.boss + now.boss", []),
    ],
)
def test_fields_that_nobody_has_are_found_beforehand(source, unknown):
    assert [(field.owner, field.name, field.start) for field in unknown_fields(source)] == unknown


@pytest.mark.parametrize(
    ("source", "gives"), [("data.a", "dyn"), ("data.a > 1", "bool"), ("'x'", "string"), ("now", "timestamp")]
)
def test_the_kind_of_result_is_known_as_far_as_the_text_tells(source, gives):
    assert compile_expression(source).gives == gives


@given(st.text(alphabet="data.aÄ'\"\\[](){}+-*/=<>!&|?:, \n`1r", max_size=30))
def test_no_text_ever_fails_but_in_the_two_documented_ways(source):
    data_references(source)
    with contextlib.suppress(ExpressionSyntax, ExpressionError):
        compile_expression(source).evaluate(FACTS)
