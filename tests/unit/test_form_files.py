"""Forms in definition files: what is declared, and each fault with its place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from placet.core.definition import Approval
from placet.core.form import ConnectorChoices, DataChoices, ListedChoices, Option
from placet.errors import InvalidDefinition
from placet.loader import json_schema, parse_definition

FILE = """\
name: Order
data:
  who: {{type: dn, required: true}}
  days: {{type: integer}}
  note: {{type: string}}
  blob: {{type: binary}}
  rows: {{type: json, internal: true}}
  given: {{type: json}}
form:
  sections: {{first: {{en: First, nl: Eerst}}}}
  fields:
    who: {{label: Who}}
    {field}
start: set
activities:
  set: {{kind: mapping, set: {{rows: "[]"}}, next: ask}}
  ask:
    kind: approval
    addressees: "'bob'"
    writes: [days]
    form:
      fields:
        days: {{}}
        {approval}
    paths: {{approved: done, denied: done}}
  done: {{kind: finish}}
"""


def file(field: str = "", approval: str = "") -> str:
    return FILE.format(field=field, approval=approval)


def test_a_form_is_read_with_all_that_it_may_say():
    found = parse_definition(
        file(
            "days: {label: {en: Days, nl: Dagen}, help: How many, section: first, required: true, "
            'choices: [1, [2, Two], [3, {en: Three, nl: Drie}]], visible: has(data.who), read_only: data.note == "x"}',
            "note: {choices: {data: rows}}",
        )
    )
    form, approval = found.form, found.activities["ask"]

    assert form is not None
    assert list(form.fields) == ["who", "days"]
    assert form.sections == {"first": {"en": "First", "nl": "Eerst"}}
    days = form.fields["days"]
    assert days.labels == {"en": "Days", "nl": "Dagen"}
    assert (days.helps, days.section) == ({"en": "How many"}, "first")
    assert days.choices == ListedChoices(
        (Option(1, {"en": "1"}), Option(2, {"en": "Two"}), Option(3, {"en": "Three", "nl": "Drie"}))
    )
    assert isinstance(approval, Approval)
    assert approval.form is not None
    assert approval.form.fields["note"].choices == DataChoices("rows")


def test_choices_of_a_connector_have_inputs_rows_and_a_time():
    form = parse_definition(
        file("note: {choices: {connector: Users, inputs: {state: data.note}, rows: response.message, cache: 5m}}")
    ).form

    assert form is not None
    choices = form.fields["note"].choices
    assert isinstance(choices, ConnectorChoices)
    assert (choices.connector, list(choices.inputs), choices.cache) == ("Users", ["state"], timedelta(minutes=5))


@pytest.mark.parametrize(
    ("field", "place", "reason"),
    [
        ("dayz: {}", "13:5", "names the data item 'dayz', which is not declared: did you mean 'days'?"),
        ("note: {colour: red}", "13:12", "There is no key 'colour': there are: label, help,"),
        ('note: {pattern: "(?=a)"}', "13:21", "is no pattern: invalid perl operator"),
        ("note: {pattern: (a}", "13:21", "'(a' is no pattern: missing )"),
        ("note: {min_length: x}", "13:24", "'x' is no length; write a whole number"),
        ("note: {min_length: 9, max_length: 3}", "13:12", "has a min_length above its max_length"),
        ("days: {pattern: a}", "13:12", "has pattern and is of type integer; pattern is for string and dn"),
        ("note: {minimum: 3}", "13:12", "minimum is for integer and decimal and date"),
        ("days: {minimum: x}", "13:21", "'days': it is not an integer"),
        ("days: {minimum: 9, maximum: 3}", "13:12", "has a minimum above its maximum"),
        ("days: {choices: [1, two]}", "13:25", 'Cannot take "two" for the data item \'days\''),
        ("days: {choices: []}", "13:21", "has to be a list of values"),
        ("days: {choices: [[1, One, 1]]}", "13:21", "has as choice 1 neither a value nor a [value, label] pair"),
        ("note: {choices: [a], max_length: 3}", "13:26", "has max_length and choices"),
        ("blob: {choices: [a]}", "13:12", "is of type binary, of which nothing can be chosen"),
        ("note: {choices: {data: rowz}}", "13:28", "names the data item 'rowz', which is not declared"),
        ("note: {choices: {data: days}}", "13:22", "is of type integer; rows are of type json"),
        ("note: {choices: {data: given}}", "13:22", "which no activity sets"),
        ("note: {choices: {data: rows}}", "13:22", "which no activity can have set at a start"),
        ("note: {choices: {data: rows, connector: U}}", "13:12", "needs one source of choices"),
        ("note: {choices: {}}", "13:12", "needs one source of choices"),
        ("note: {choices: {data: rows, cache: 5m}}", "13:34", "has cache, which only choices of a connector have"),
        ("note: {choices: {connector: U, inputs: {a: data.b}}}", "13:53", "names the data item 'b'"),
        ('note: {choices: {connector: U, rows: "1"}}', "13:42", "'rows' of field 'note' of the request form has to"),
        ("note: {visible: data.nothing}", "13:26", "names the data item 'nothing'"),
        ("note: {visible: initiator.boss}", "13:31", "asks for 'boss' of 'initiator'"),
        ("note: {visible: data.days}", "13:21", "'visible' of field 'note' of the request form has to give true"),
        ("note: {read_only: 1 +}", "13:26", "no expression"),
        ("note: {section: second}", "13:12", "is in the section 'second', which is not declared: there are: first."),
        ("rows: {}", "13:5", "is of an internal data item"),
        ("note: {required: true, read_only: true}", "13:28", "is required and always read-only"),
        ("note: {label: {nl: Noot}}", "13:19", "has no English text"),
    ],
)  # fmt: skip
def test_a_fault_of_a_request_form_is_told_with_its_place(field, place, reason):
    with pytest.raises(InvalidDefinition) as refusal:
        parse_definition(file(field), "order.yaml")

    told = [str(fault) for fault in refusal.value.faults]
    assert any(reason in text and text.startswith(f"order.yaml:{place}:") for text in told), told


@pytest.mark.parametrize(
    ("approval", "reason"),
    [
        ("who: {required: true}", "'who' of the form of approval 'ask' is required and not among what the approval"),
        ("nothing: {}", "The form of approval 'ask' names the data item 'nothing'"),
        ("note: {choices: {data: given}}", "which no activity sets"),
    ],
)
def test_a_fault_of_an_approval_form_is_told(approval, reason):
    with pytest.raises(InvalidDefinition, match=reason):
        parse_definition(file(approval=approval))


def test_an_item_that_has_to_be_asked_for_has_a_field():
    with pytest.raises(InvalidDefinition, match="The request form does not ask for 'who', which are required"):
        parse_definition(file("note: {}").replace("    who: {label: Who}\n", ""))
    with pytest.raises(InvalidDefinition, match="does not ask for 'days', which the approval writes"):
        parse_definition(file(approval="note: {}").replace("        days: {}\n", ""))
    with pytest.raises(InvalidDefinition, match="required data item, so it cannot be hidden"):
        parse_definition(file().replace("{label: Who}", "{visible: has(data.days)}"))


def test_all_faults_are_told_at_once():
    with pytest.raises(InvalidDefinition) as refusal:
        parse_definition(file("dayz: {}\n    note: {section: x}\n    blob: {choices: [a]}", "rows: {required: true}"))

    assert len(refusal.value.faults) == 4


def test_the_schema_for_editors_knows_forms():
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    field = Draft202012Validator(schema["$defs"]["FieldShape"] | {"$defs": schema["$defs"]})

    assert field.is_valid({"choices": ["a", ["b", "B"]], "label": {"en": "A"}, "min_length": 3})
    assert field.is_valid({"choices": {"connector": "Users", "cache": "5m"}})
    assert not field.is_valid({"choices": {"connectors": "Users"}})
