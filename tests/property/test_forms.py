"""The JSON Schema of a form takes what the server takes, for any form and any submission.

Not compared is what JSON Schema has no words for: whole numbers written as 1.0, distinguished names, characters and
numbers in JSON that no database stores, and expressions that look at what is being submitted.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from placet.core.data_items import canonical, read_change
from placet.core.definition import DataItem, DataType, Definition
from placet.core.expressions import compile_expression
from placet.core.form import Field, Form, ListedChoices, Option
from placet.core.form_checks import check
from placet.core.form_schema import submission_schema
from placet.core.forms import Sheet, fill_in
from placet.core.pattern import Pattern
from placet.errors import InvalidData

NAMES = ("a",)  # without expressions no field looks at another
LETTERS = st.text("abX01 ", max_size=6) | st.sampled_from(["ababab", "Xa", "b1"])
NUMBERS = st.integers(-5, 15) | st.sampled_from([2**63, -(2**63) - 1])
FRACTIONS = st.sampled_from([0.5, -2.25, 9.75, 1e15 + 0.5, 12.5])
TIMES = st.datetimes(min_value=datetime(1990, 1, 1)).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z")
BASE64 = st.binary(min_size=1, max_size=5).map(lambda given: base64.b64encode(given).decode())
TREES = st.dictionaries(st.sampled_from("xy"), LETTERS, max_size=2)
VALUES: dict[DataType, st.SearchStrategy[Any]] = {
    DataType.STRING: LETTERS,
    DataType.BOOLEAN: st.booleans(),
    DataType.INTEGER: NUMBERS,
    DataType.DECIMAL: NUMBERS.filter(lambda number: abs(number) < 1000) | FRACTIONS,
    DataType.DATE: TIMES | st.just("2026-02-30T10:00:00Z"),
    DataType.BINARY: BASE64 | st.just("?"),
    DataType.JSON: TREES,
}
ANY = st.none() | st.just("") | LETTERS | st.integers(-5, 15) | FRACTIONS | st.booleans() | TIMES | BASE64 | TREES
TRUTHS = st.sampled_from([None, None, None, "true", "false"]).map(lambda text: text and compile_expression(text))


@st.composite
def fields(draw: st.DrawFn, item: DataItem) -> Field:
    """A field of an item, narrowed in a way that its type allows."""
    narrowed: dict[str, Any] = {}
    match item.type:
        case DataType.STRING:
            narrowed = draw(
                st.fixed_dictionaries(
                    {}, optional={"min_length": st.integers(0, 3), "max_length": st.integers(2, 5),
                                  "pattern": st.sampled_from(["[ab]*", "X.*", "a|b1"]).map(Pattern)}
                )
            )  # fmt: skip
        case DataType.INTEGER | DataType.DECIMAL:
            bounds = {"minimum": st.integers(-3, 3), "maximum": st.integers(2, 9)}
            narrowed = draw(st.fixed_dictionaries({}, optional=bounds))
        case _:
            pass
    if item.type not in (DataType.JSON, DataType.BINARY) and draw(st.booleans()):
        values = [value for value in draw(st.lists(VALUES[item.type], max_size=3)) if is_value(item, value)]
        one = DataItem(item.name, item.type)
        narrowed = {"choices": ListedChoices(tuple(Option(canonical(one, value), {}) for value in values))}
    return Field(
        item=item.name,
        required=draw(st.booleans()),
        visible=draw(TRUTHS),
        read_only=draw(TRUTHS),
        **narrowed,
    )


def is_value(item: DataItem, value: Any) -> bool:
    try:
        return canonical(DataItem(item.name, item.type), value) is not None
    except InvalidData:
        return False


@st.composite
def sheets(draw: st.DrawFn, kind: DataType) -> Sheet:
    """A form over some data items, in the middle of a process."""
    items = {name: DataItem(name, kind, draw(st.booleans()), required=draw(st.booleans())) for name in NAMES}
    definition = Definition(dn="cn=x", name="X", start="done", activities={}, data=items)
    stored = {}
    for name, item in items.items():
        value = draw(st.lists(VALUES[item.type], min_size=1, max_size=2) if item.multi_valued else VALUES[item.type])
        if draw(st.booleans()):
            with suppress(InvalidData):
                stored[name] = canonical(item, value)
    stored = {name: value for name, value in stored.items() if value is not None}
    asked = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    form = Form({name: draw(fields(items[name])) for name in asked})
    return Sheet(form, definition, stored, draw(st.sets(st.sampled_from(NAMES))) | {"a"}, {})


@st.composite
def cases(draw: st.DrawFn, kind: DataType) -> tuple[Sheet, dict[str, Any]]:
    """A sheet and something that is submitted to it, mostly of the right types."""
    sheet = draw(sheets(kind))
    given: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from([*NAMES, "other"]), unique=True)):
        item = sheet.definition.data.get(name)
        right = ANY if item is None else VALUES[item.type]
        of_choices = sheet.form.fields[name].choices if name in sheet.form.fields else None
        if isinstance(of_choices, ListedChoices) and of_choices.options:
            right |= st.sampled_from([option.value for option in of_choices.options])
        several = st.lists(right, max_size=3)
        wanted = several if item is not None and item.multi_valued else right
        given[name] = draw(st.one_of(wanted, wanted, wanted, st.just(sheet.stored.get(name)), ANY))
    return sheet, given


def takes(sheet: Sheet, given: dict[str, Any]) -> bool:
    """Whether the server takes it."""
    checked = read_change(sheet.definition, given, sheet.writable, sheet.stored)
    try:
        check(sheet, checked, {})
    except InvalidData:
        return False
    return True


def admits(sheet: Sheet, given: dict[str, Any]) -> bool:
    """Whether the schema does."""
    schema = submission_schema(fill_in(sheet, {}))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(given)


def plainly(sheet: Sheet, given: dict[str, Any]) -> dict[str, Any]:
    """What the server understands of a submission that it takes, in the one way in which the schema has it."""
    return {name: canonical(sheet.definition.data[name], given[name]) for name in given if name in sheet.form.fields}


@pytest.mark.parametrize("kind", VALUES)
@settings(max_examples=150)
@given(data=st.data())
def test_the_schema_and_the_server_take_the_same(kind: DataType, data: st.DataObject):
    """What the schema takes the server takes, and what the server takes the schema takes once it is written plainly."""
    sheet, given = data.draw(cases(kind))
    is_taken = takes(sheet, given)
    if is_taken:
        assert admits(sheet, plainly(sheet, given))
    if admits(sheet, given):
        assert is_taken
