import contextlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.core.data_items import canonical, check_change, check_start, for_expressions, plain, to_texts
from placet.core.definition import DataItem, DataType, Definition
from placet.core.expressions import compile_expression
from placet.errors import InvalidData


def a_definition(*items: DataItem) -> Definition:
    return Definition(dn="cn=x", name="Order", start="done", activities={}, data={item.name: item for item in items})


ORDER = a_definition(
    DataItem("supplier", required=True),
    DataItem("amount", DataType.DECIMAL),
    DataItem("approvers", DataType.DN, multi_valued=True),
    DataItem("urgent", DataType.BOOLEAN),
)
SAMPLE = "2008-07-23T08:47:15.000Z"
INTEGER_LIMIT = 2**63


@pytest.mark.parametrize(
    ("kind", "given", "stored", "text"),
    [
        ("string", "Zoë", "Zoë", "Zoë"),
        ("boolean", True, True, "true"),
        ("boolean", " FALSE ", False, "false"),
        ("integer", 42, 42, "42"),
        ("integer", " -42 ", -42, "-42"),
        ("integer", str(-INTEGER_LIMIT), -INTEGER_LIMIT, str(-INTEGER_LIMIT)),
        ("decimal", "1250.50", 1250.5, "1250.5"),
        ("decimal", 5, 5.0, "5"),
        ("decimal", "1e3", 1000.0, "1000"),
        ("decimal", "-0", 0.0, "0"),
        ("decimal", 0.1 + 0.2, 0.3, "0.3"),
        ("decimal", "0.000000000000001", 1e-15, "0.000000000000001"),
        ("decimal", "99999999999999.9", 99999999999999.9, "99999999999999.9"),
        ("decimal", 1e-20, 0.0, "0"),
        ("date", "20080723044715000-0400", SAMPLE, SAMPLE),
        ("date", "2008-07-23T10:47:15+02:00", SAMPLE, SAMPLE),
        ("date", "2008-07-23", "2008-07-23T00:00:00.000Z", "2008-07-23T00:00:00.000Z"),
        ("date", datetime(2008, 7, 23, 8, 47, 15, 999, UTC), SAMPLE, SAMPLE),
        ("dn", " cn=anna,ou=users,o=placet ", "cn=anna,ou=users,o=placet", "cn=anna,ou=users,o=placet"),
        ("binary", "SGVs\nbG8=", "SGVsbG8=", "SGVsbG8="),
        ("binary", b"Hello", "SGVsbG8=", "SGVsbG8="),
        ("json", {"a": [1, None, "x"]}, {"a": [1, None, "x"]}, '{"a":[1,null,"x"]}'),
        ("json", [], [], "[]"),
        ("json", False, False, "false"),
    ],
)
def test_a_value_has_one_stored_form_that_json_keeps(kind, given, stored, text):
    item = DataItem("x", DataType(kind))

    found = canonical(item, given)

    assert found == stored
    assert type(found) is type(stored)
    assert json.loads(json.dumps(found)) == stored
    assert canonical(item, found) == stored
    assert to_texts(item, found) == [text]


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        ("string", 5, "not a text; give a text in quotes"),
        ("string", "a\0", "NUL"),
        ("string", "\ud800", "surrogate"),
        ("string", "x" * 100_001, "has 100,001 characters; at most 100,000"),
        ("boolean", 1, "not a boolean; give true or false"),
        ("boolean", "yes", "not a boolean"),
        ("integer", "1.0", "not an integer; give a whole number"),
        ("integer", 1.0, "not an integer"),
        ("integer", True, "not an integer"),
        ("integer", "٣", "not an integer"),
        ("integer", INTEGER_LIMIT, "does not fit into 64 bits"),
        ("integer", "9" * 5000, "not an integer"),
        ("decimal", "1_000", "not a decimal"),
        ("decimal", "nan", "not a decimal"),
        ("decimal", 1e15, "too large"),
        ("decimal", float("inf"), "too large"),
        ("decimal", float("nan"), "too large"),
        ("decimal", 10**15, "too large a number; give a number such as 1250.50, of at most 15 digits"),
        ("decimal", "1e999", "too large"),
        ("decimal", "12345678901.23456", "more than 15 digits"),
        ("decimal", "1e-16", "more than 15 digits"),
        ("decimal", False, "not a decimal"),
        ("date", "20081399", "not a date; give one such as 2008-07-23T04:47:15-04:00"),
        ("date", "0001-01-01T00:00:00+14:00", "not a date"),
        ("date", 1216802835, "not a date"),
        ("dn", "anna", "give one such as cn=anna"),
        ("dn", ["cn=a", "cn=b"], "takes one value; 2 were given"),
        ("binary", "SGVsbG8", "not base64"),
        ("binary", "é", "not base64"),
        ("json", {"a": float("nan")}, "not finite"),
        ("json", {"a": "\0"}, "NUL"),
        ("json", {"a\0": 1}, "NUL"),
        ("json", [2**64], "64 bits"),
        ("json", [{1, 2}], "holds a set"),
        ("json", [0] * 10_001, "more than 10,000 values"),
    ],
)
def test_a_wrong_value_is_refused_with_the_item_and_what_would_work(kind, given, reason):
    with pytest.raises(InvalidData) as caught:
        canonical(DataItem("x", DataType(kind)), given)

    assert caught.value.item == "x"
    assert "'x'" in caught.value.message
    assert reason in caught.value.message
    assert len(caught.value.message) < 300


def test_deep_json_is_refused_without_using_the_stack():
    fits, deep = [], []
    for _ in range(31):
        fits = [fits]
    for _ in range(50_000):
        deep = [deep]

    assert canonical(DataItem("x", DataType.JSON), fits) == fits
    with pytest.raises(InvalidData, match="deeper than 32"):
        canonical(DataItem("x", DataType.JSON), deep)


@pytest.mark.parametrize("empty", [None, "", [], [""], [None]])
def test_empty_means_not_given(empty):
    with pytest.raises(InvalidData, match="'supplier' is required and was not given; give a text"):
        check_start(ORDER, {"supplier": empty})
    assert check_start(ORDER, {"supplier": "Acme", "amount": empty, "approvers": empty}) == {"supplier": "Acme"}


def test_single_and_multiple_values():
    start = check_start(ORDER, {"supplier": ["Acme"], "approvers": "cn=a"})

    assert start == {"supplier": "Acme", "approvers": ["cn=a"]}
    assert to_texts(ORDER.data["approvers"], ["cn=a", "cn=b"]) == ["cn=a", "cn=b"]
    assert to_texts(ORDER.data["approvers"], None) == []
    with pytest.raises(InvalidData, match="value 2 of the data item 'approvers': it is empty"):
        check_start(ORDER, {"supplier": "Acme", "approvers": ["cn=a", ""]})
    with pytest.raises(InvalidData, match="at most 1,000"):
        check_start(ORDER, {"supplier": "Acme", "approvers": ["cn=a"] * 1001})


def test_the_values_of_one_item_have_a_common_limit():
    item = DataItem("x", multi_valued=True)
    with pytest.raises(InvalidData, match="longer than 1,000,000"):
        canonical(item, ["x" * 90_000] * 12)


def test_an_unknown_item_is_named_with_those_that_exist_and_the_nearest():
    with pytest.raises(InvalidData) as caught:
        check_start(ORDER, {"supplier": "Acme", "ammount": 1})

    assert caught.value.item == "ammount"
    assert "'Order' has: supplier, amount, approvers, urgent. Did you mean 'amount'?" in caught.value.message
    with pytest.raises(InvalidData, match="'Order' has none"):
        check_start(a_definition(), {"x": 1})


COUNTED = a_definition(
    DataItem("days", DataType.INTEGER, required=True), DataItem("round", DataType.INTEGER, internal=True)
)


def test_what_the_process_sets_itself_is_not_given_at_the_start():
    assert check_start(COUNTED, {"days": 3, "round": ""}) == {"days": 3}

    with pytest.raises(InvalidData, match="'round' is set by the process itself and cannot be given") as caught:
        check_start(COUNTED, {"days": 3, "round": 1})
    assert caught.value.item == "round"


def test_what_the_process_sets_itself_is_changed_by_the_process_alone():
    assert check_change(COUNTED, {"round": 2}, None) == {"round": 2}
    with pytest.raises(InvalidData, match="'round' is set by the process itself and cannot be given"):
        check_change(COUNTED, {"round": 2}, ["days"], {"round": 1})
    assert check_change(COUNTED, {"round": "1", "days": 4}, ["days"], {"round": 1}) == {"days": 4}


def test_a_change_gives_only_what_changes():
    assert check_change(ORDER, {"amount": "5"}, None) == {"amount": 5.0}
    assert check_change(ORDER, {"amount": ""}, ["amount"]) == {"amount": None}
    with pytest.raises(InvalidData, match="'supplier' is required and cannot be emptied"):
        check_change(ORDER, {"supplier": ""}, None)
    with pytest.raises(InvalidData, match="no data item"):
        check_change(ORDER, {"nothing": ""}, None)


def test_a_change_of_what_may_not_be_changed_is_refused():
    with pytest.raises(InvalidData, match="'supplier' cannot be changed here; what can be changed: amount"):
        check_change(ORDER, {"supplier": "B"}, ["amount"])
    with pytest.raises(InvalidData, match="nothing can be changed at this step"):
        check_change(ORDER, {"supplier": "B"}, ())


def test_a_form_may_come_back_whole():
    current = {"supplier": "Acme", "amount": 5.0}
    form = {"supplier": "Acme", "amount": "7", "approvers": "", "urgent": ""}

    assert check_change(ORDER, form, ["amount"], current) == {"amount": 7.0}
    with pytest.raises(InvalidData, match="'supplier' cannot be changed"):
        check_change(ORDER, {**form, "supplier": "B"}, ["amount"], current)


def test_expressions_see_what_is_stored():
    data = check_start(ORDER, {"supplier": "Acme", "amount": "1250.50", "approvers": ["cn=a"]})
    facts = {"data": for_expressions(ORDER, json.loads(json.dumps(data)))}

    assert compile_expression("data.amount * 2.0").evaluate(facts) == 2501.0
    assert compile_expression("size(data.approvers)").evaluate(facts) == 1


def test_results_of_expressions_become_json():
    values = {"at": datetime(2008, 7, 23, 8, 47, 15, tzinfo=UTC), "in": timedelta(hours=1), "bytes": [b"Hello"]}
    assert plain(values) == {"at": SAMPLE, "in": "3600s", "bytes": ["SGVsbG8="]}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=1))
def test_every_decimal_of_fifteen_digits_comes_back_exactly(number):
    item = DataItem("x", DataType.DECIMAL)
    stored = json.loads(json.dumps(canonical(item, str(number))))
    assert Decimal(to_texts(item, stored)[0]) == number


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(DataType), st.booleans(), ANYTHING)
def test_whatever_is_given_is_stored_or_refused(kind, multi_valued, given):
    item = DataItem("x", kind, multi_valued=multi_valued)
    with contextlib.suppress(InvalidData):
        stored = canonical(item, given)
        assert json.loads(json.dumps(stored, allow_nan=False).encode()) == stored
        assert canonical(item, stored) == stored
        assert all(isinstance(text, str) for text in to_texts(item, stored))
