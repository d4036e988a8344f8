"""What is filled into a form: each fault is named, and what cannot be seen or changed stays as it is."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from placet.core.form_choices import ChoicesWanted, Question, options_of
from placet.core.form_schema import submission_schema
from placet.core.forms import Sheet, approval_form, fill_in, request_form
from placet.core.pattern import Pattern
from placet.core.records import WorkItem
from placet.errors import InvalidData
from placet.loader import parse_definition
from tests.builders import ANNA, BOB, Story, an_approval
from tests.builders import a_definition as plain_definition

TRIP = """
name: Trip
data:
  city: {type: string, required: true}
  kind: {type: string}
  plate: {type: string}
  days: {type: integer}
  from: {type: date}
  stops: {type: string, multi_valued: true}
  budget: {type: decimal}
  room: {type: string}
  rooms: {type: json, internal: true}
  remark: {type: string}
form:
  sections: {where: {en: Where, nl: Waar}}
  fields:
    city: {label: {en: City, nl: Stad}, section: where, min_length: 2, max_length: 20, pattern: "[A-Z].*"}
    kind: {choices: [car, [rail, {en: By train, nl: Per trein}]], required: true}
    plate: {visible: data.kind == 'car', required: true}
    days: {minimum: 1, maximum: 30}
    from: {minimum: 2026-03-01}
    stops: {choices: [Bonn, Köln]}
    budget: {read_only: data.days > 3}
start: rooms
activities:
  rooms: {kind: mapping, set: {rooms: "[['a1', 'A 1'], ['b2'], [], 'c3']"}, next: ask}
  ask:
    kind: approval
    addressees: "'bob'"
    writes: [room, budget, remark]
    form:
      fields:
        city: {}
        room: {required: true, choices: {data: rooms}}
        budget: {maximum: 500}
        remark: {visible: has(data.room) && data.room == 'b2'}
    paths: {approved: done, denied: done}
  done: {kind: finish}
"""
GOOD: dict[str, Any] = {"city": "Berlin", "kind": "rail"}


def trip(text: str = TRIP) -> Story:
    return Story(parse_definition(text))


def faults_of(refusal: pytest.ExceptionInfo[InvalidData]) -> dict[str, str]:
    return dict(refusal.value.faults)


# -- a start -----------------------------------------------------------------------------------------


def test_what_fits_is_taken():
    story = trip().start(data=GOOD | {"days": "3", "stops": ["Bonn"], "budget": "9.50", "from": "2026-03-01"})

    assert story.process.data["stops"] == ["Bonn"]
    assert story.process.data["budget"] == 9.5


def test_a_form_that_lies_is_refused_with_every_fault():
    given = {
        "kind": "boat",
        "plate": "B-1",
        "days": "many",
        "stops": ["Bonn", "Rom"],
        "budget": "x",
        "remark": "not asked",
        "rooms": [["a1"]],
        "colour": "red",
    }

    with pytest.raises(InvalidData) as refusal:
        trip().start(data=given)

    faults = faults_of(refusal)
    assert set(faults) == {*given, "city"}
    assert "'city' is required" in faults["city"]
    assert faults["kind"] == (
        'Cannot take "boat" for the field \'kind\': it is none of the choices, which are "car", "rail".'
    )
    assert "hidden" in faults["plate"]
    assert "not an integer" in faults["days"]
    assert '"Rom"' in faults["stops"]
    assert "does not ask for 'remark'" in faults["remark"]
    assert "set by the process itself" in faults["rooms"]
    assert "no data item" in faults["colour"]
    assert all(text in str(refusal.value) for text in faults.values())


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"city": "B"}, "city", "has 1 characters where at least 2 are wanted"),
        ({"city": "B" * 21}, "city", "has 21 characters where at most 20 are taken"),
        ({"city": "berlin"}, "city", "does not match the pattern [A-Z].*"),
        ({"city": "x"}, "city", "at least 2 are wanted, and does not match"),
        ({"days": 0}, "days", "is below the minimum, 1"),
        ({"days": 31}, "days", "is above the maximum, 30"),
        ({"from": "2026-02-28"}, "from", "is below the minimum"),
        ({"kind": None}, "kind", "'kind' is required and is empty"),
        ({"kind": "car"}, "plate", "'plate' is required and is empty"),
        ({"days": 4, "budget": 1}, "budget", "is read-only"),
        ({"budget": 1}, "budget", "is read-only"),  # what cannot be told yet keeps a field shut
    ],
)
def test_a_fault_says_what_is_wrong(given, field, reason):
    with pytest.raises(InvalidData) as refusal:
        trip().start(data=GOOD | given)

    assert set(faults_of(refusal)) == {field}
    assert reason in faults_of(refusal)[field]


@pytest.mark.parametrize("given", [{"days": "many", "budget": 5}, {"kind": 7, "plate": "B-1"}])
def test_what_follows_from_a_fault_is_no_fault(given):
    with pytest.raises(InvalidData) as refusal:
        trip().start(data=GOOD | given)

    assert list(faults_of(refusal)) == [next(iter(given))]


def test_the_fields_that_are_shown_follow_from_what_is_submitted():
    assert trip().start(data=GOOD | {"kind": "car", "plate": "B-1"}).process.data["plate"] == "B-1"
    assert "plate" not in trip().start(data=GOOD | {"plate": ""}).process.data
    assert trip().start(data=GOOD | {"days": 3, "budget": 5}).process.data["budget"] == 5


def test_a_process_that_starts_another_fills_in_no_form():
    child = trip().start(data={"city": "berlin"}, parent=f"{'0' * 32}:1")

    assert child.process.data["city"] == "berlin"


# -- an answer -----------------------------------------------------------------------------------------


def test_choices_come_from_the_rows_that_an_activity_has_set():
    story = trip().start(data=GOOD)
    with pytest.raises(InvalidData) as refusal:
        story.act(1, "approve", BOB, data={"room": "z9", "budget": 501, "city": "Bonn"})
    faults = faults_of(refusal)

    assert 'which are "a1", "b2", "c3"' in faults["room"]
    assert "above the maximum" in faults["budget"]
    assert "cannot be changed here" in faults["city"]
    story.act(1, "approve", BOB, data={"room": "b2", "remark": "late", "city": "Berlin"})
    assert (story.process.data["room"], story.process.data["remark"]) == ("b2", "late")


def test_nobody_brings_his_own_choices():
    text = TRIP.replace("writes: [room, budget, remark]", "writes: [room, budget, remark, rooms]").replace(
        "rooms: {type: json, internal: true}", "rooms: {type: json}"
    )
    text = text.replace("        city: {}\n", "        city: {}\n        rooms: {}\n")
    story = trip(text).start(data=GOOD)

    with pytest.raises(InvalidData, match="none of the choices"):
        story.act(1, "approve", BOB, data={"rooms": [["z9"]], "room": "z9"})


@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_an_answer_fills_in_what_is_required(answer):
    story = trip().start(data=GOOD)

    with pytest.raises(InvalidData, match="'room' is required and is empty"):
        story.act(1, answer, BOB)
    story.act(1, answer, BOB, data={"room": "a1"})
    assert story.life.is_over


def test_who_returns_a_request_leaves_the_form_to_others_and_what_he_fills_in_is_checked():
    story = trip().start(data=GOOD)

    with pytest.raises(InvalidData, match="above the maximum"):
        story.act(1, "return", BOB, data={"budget": 600})
    story.act(1, "return", BOB)
    with pytest.raises(InvalidData, match="at least 2"):
        story.act(2, "approve", ANNA, data={"city": "X"})
    story.act(2, "approve", ANNA, data={"city": "Xanten"})
    assert story.process.data["city"] == "Xanten"


def test_who_withdraws_a_request_need_not_fill_it_in():
    story = trip().start(data=GOOD)
    story.act(1, "return", BOB)

    with pytest.raises(InvalidData, match="'plate' is required"):
        story.act(2, "approve", ANNA, data={"kind": "car"})
    story.act(2, "deny", ANNA, data={"kind": "car"})
    assert story.life.is_over


def test_a_value_that_stays_as_it_was_is_not_checked_again():
    story = trip().start(data=GOOD | {"days": 3, "budget": 900})

    story.act(1, "approve", BOB, data={"room": "a1", "budget": 900})
    assert story.life.is_over


# -- a form that nobody declared ----------------------------------------------------------------------


def test_without_a_form_one_is_made_of_the_data_items():
    definition = plain_definition(
        data={"days": "integer required", "note": "string", "count": "integer internal"},
        ask=an_approval(writes=("note",)),
    )
    item = WorkItem("", 1, "ask", 1, BOB, Story(definition).now)

    assert list(request_form(definition).fields) == ["days", "note"]
    assert request_form(definition).fields["days"].required
    assert list(approval_form(definition, an_approval(), item).fields) == ["days", "note"]


def test_every_fault_of_the_data_is_named_without_a_form_too():
    definition = plain_definition(data={"days": "integer required", "price": "decimal"}, ask=an_approval())

    with pytest.raises(InvalidData) as refusal:
        Story(definition).start(data={"price": "x", "colour": 1})
    assert list(faults_of(refusal)) == ["colour", "days", "price"]


def test_a_thousand_unknown_names_cost_no_time():
    definition = plain_definition(data={f"item{n}": "string" for n in range(500)}, ask=an_approval())

    with pytest.raises(InvalidData) as refusal:
        Story(definition).start(data={f"other{n}": 1 for n in range(10_000)})
    assert len(refusal.value.faults) == 100


# -- choices of connectors -----------------------------------------------------------------------------

ASKED = """
name: Asked
data: {who: {type: string}, unit: {type: string}}
form:
  fields:
    unit: {}
    who: {choices: {connector: Users, inputs: {unit: data.unit}, rows: response.message, cache: 5m}}
start: done
activities:
  done: {kind: finish}
"""


def question(unit: str) -> Question:
    return Question("Users", json.dumps({"unit": unit}), "response.message", timedelta(minutes=5))


def test_a_decision_asks_for_the_choices_that_it_needs():
    with pytest.raises(ChoicesWanted) as wanted:
        trip(ASKED).start(data={"unit": "A", "who": "u1"})
    assert wanted.value.questions == {question("A")}
    trip(ASKED).start(data={"unit": "A"})


def test_an_answer_counts_for_its_question_alone():
    choices = {question("A"): [["u1", "One"]], question("C"): "Its choices could not be got."}

    assert trip(ASKED).start(data={"unit": "A", "who": "u1"}, choices=choices).process.data["who"] == "u1"
    with pytest.raises(InvalidData, match="none of the choices"):
        trip(ASKED).start(data={"unit": "A", "who": "u2"}, choices=choices)
    with pytest.raises(ChoicesWanted):
        trip(ASKED).start(data={"unit": "B", "who": "u1"}, choices=choices)
    with pytest.raises(InvalidData, match=r"cannot be chosen now\. Its choices could not be got"):
        trip(ASKED).start(data={"unit": "C", "who": "u1"}, choices=choices)
    with pytest.raises(InvalidData, match="depend on data that has not been given"):
        trip(ASKED).start(data={"who": "u1"}, choices=choices)


MOVING = """
name: Moving
data: {country: {type: string, required: true}, city: {type: string}, remark: {type: string}}
form:
  fields:
    country: {}
    city: {choices: {connector: Cities, inputs: {of: data.country}}}
    remark: {}
start: ask
activities:
  ask:
    kind: approval
    addressees: "'bob'"
    writes: [country, city, remark]
    form:
      fields:
        country: {}
        city: {choices: {connector: Cities, inputs: {of: data.country}}}
        remark: {}
    paths: {approved: done, denied: done}
  done: {kind: finish}
"""


def cities(country: str) -> Question:
    return Question("Cities", json.dumps({"of": country}), None, timedelta(minutes=1))


CITIES = {cities("NL"): [["Breda"], ["Ede"]], cities("BE"): [["Gent"], ["Ede"]], cities("XX"): "They could not be got."}


def moving(city: str) -> Story:
    return trip(MOVING).start(data={"country": "NL", "city": city}, choices=CITIES)


def test_what_was_chosen_has_to_fit_what_its_choices_depend_on():
    with pytest.raises(ChoicesWanted) as wanted:
        moving("Breda").act(1, "approve", BOB, data={"country": "BE"})
    assert wanted.value.questions == {cities("BE")}
    with pytest.raises(InvalidData, match="'city': it is none of the choices") as refusal:
        moving("Breda").act(1, "approve", BOB, data={"country": "BE"}, choices=CITIES)
    assert list(faults_of(refusal)) == ["city"]
    with pytest.raises(InvalidData, match="could not be got"):
        moving("Breda").act(1, "approve", BOB, data={"country": "XX"}, choices=CITIES)


@pytest.mark.parametrize(
    ("city", "change"),
    [
        ("Ede", {"country": "BE"}),  # is one there as well
        ("Breda", {"country": "BE", "city": "Gent"}),
        ("Breda", {"country": "BE", "city": ""}),
        ("Breda", {"country": "NL", "remark": "as it was"}),
    ],
)
def test_what_fits_all_the_same_is_taken(city: str, change: dict[str, Any]):
    story = moving(city)
    story.act(1, "approve", BOB, data=change, choices=CITIES)

    assert story.process.data["country"] == change["country"]


def test_the_schema_lets_nothing_stay_that_is_no_choice_any_more():
    story = moving("Breda")
    definition = parse_definition(MOVING)
    sheet = Sheet(definition.form, definition, story.process.data, definition.asked, {}, {"country": "BE"})

    schema = submission_schema(fill_in(sheet, CITIES))
    assert schema["properties"]["city"]["anyOf"][0] == {"enum": ["Gent", "Ede"]}
    assert {"const": "Breda"} not in schema["properties"]["city"]["anyOf"]


def test_rows_are_read_as_the_source_page_has_them():
    item = parse_definition(TRIP).data["city"]
    found = options_of([["a", "A"], ["b"], [], "c", ["d", "D", "more"], ["e", 5], ["f", None]], item)

    assert [(option.value, option.labels[""]) for option in found.options] == [
        ("a", "A"), ("b", ""), ("", ""), ("c", ""), ("d", "D"), ("e", "5"), ("f", ""),
    ]  # fmt: skip
    assert found.fault == ""
    assert options_of("text", item).fault
    assert options_of([[1], ["a"]], item).fault == "1 of its choices cannot be values of 'city'."
    assert len(options_of([["a"]] * 1_500, item).options) == 1_000


# -- patterns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r"\d{4}", "2026", True),
        (r"\d{4}", "12026", False),
        (r"\d{4}", "2026\n", False),
        ("a|bc", "bc", True),
        ("a|bc", "ac", False),
        ("[äö]+😀", "äö😀", True),
        ("(a+)+", "a" * 50_000 + "!", False),  # for ever, with an engine that goes back
    ],
)
def test_all_of_a_text_matches(pattern, text, fits):
    assert Pattern(pattern).matches(text) is fits


@pytest.mark.parametrize("pattern", ["(", "a)(b", "(?=a)", r"(a)\1", "(a{1000}){1000}", "a" * 501, "*"])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011  # what it says is the library's
        Pattern(pattern)
    assert str(refusal.value)
