"""The reference of the query language says what there is."""

import re
from pathlib import Path

import pytest

from placet.query import clauses, conditions, parser
from placet.query.fields import COMMENTS, PROCESSES, RESOURCES, FieldType
from placet.query.fitting import OPERATORS
from placet.query.parser import parse_query
from placet.query.query import BUCKETS

PAGE = (Path(__file__).parents[2] / "docs/reference/query-language.md").read_text("utf-8")
KINDS = {
    FieldType.ID: "id", FieldType.NAME: "text", FieldType.TEXT: "text", FieldType.EXACT: "exact text",
    FieldType.STATUS: "status", FieldType.TIME: "time", FieldType.NUMBER: "number", FieldType.FLAG: "flag",
}  # fmt: skip


def section(title):
    return re.search(rf"^#+ {title}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize(("title", "resource"), [*RESOURCES.items(), ("comments", COMMENTS)])
def test_the_fields_of_every_resource_are_listed(title, resource):
    rows = re.findall(r"^\| (`.*) \| (.*) \|$", section(title), re.MULTILINE)
    expected = []
    for field in resource.fields:
        names = " or ".join(f"`{name}`" for name in (field.name, *field.aliases))
        kind = KINDS.get(field.type) or ("person" if field.person else "definition")
        codes = ", ".join(f"{name} {code}" for name, code in field.codes.items())
        codes = "a kind of event, see [Webhooks](webhooks.md)" if field.name == "Kind" else codes
        expected.append((names, f"{kind}: {codes}" if field.codes else kind))
    expected += [("`Data.…`", "data item")] if resource.has_data else []
    expected += [
        (f"`{each.name}.…`", "its process" if each.single else f"its {each.to.name}") for each in resource.relations
    ]

    assert rows == expected


@pytest.mark.parametrize("text", re.findall(r"^```query\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
def test_every_query_of_the_page_is_read(text):
    assert parse_query(text, PROCESSES).where is not None


def test_the_bounds_are_those_of_the_parser():
    numbers = {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?<!,)", section("Bounds"))}

    assert numbers == {
        parser.MAX_LENGTH, conditions.MAX_DEPTH, conditions.MAX_RELATIONS, conditions.MAX_TESTS, conditions.MAX_VALUES,
        clauses.MAX_LISTED,
    }  # fmt: skip


def test_every_operator_and_bucket_is_on_the_page():
    operators = {operator.value for each in OPERATORS.values() for operator in each}

    assert {each for each in operators if f"`{each}`" not in section("Operators")} == set()
    assert {each for each in BUCKETS if f"`{each}`" not in section("Sorting, groups, pages")} == set()
