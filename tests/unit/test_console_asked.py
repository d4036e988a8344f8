"""The queries that lie one click away from a query: sorted, narrowed down, with other columns."""

from __future__ import annotations

import pytest

from placet.errors import InvalidFilter
from placet.query.fields import PROCESSES, RESOURCES
from placet.query.paths import data_field
from placet.query.query import Path
from placet_api.console.results.asked import equal_to, parse_asked
from placet_api.console.results.columns import FACETS, ID_FIELDS, default_paths, title_of

STATUS, INITIATOR = PROCESSES.field("ProcessStatus"), PROCESSES.field("Initiator")
CREATED = Path(PROCESSES.field("CreationTime"))


@pytest.mark.parametrize(
    ("text", "path", "sorted_text"),
    [
        ("", Path(INITIATOR), "sort Initiator"),
        ("sort Initiator", Path(INITIATOR), "sort Initiator desc"),
        ("sort Initiator desc", Path(INITIATOR), "sort Initiator"),
        ("", CREATED, "sort CreationTime desc"),  # who sorts by a time wants the latest
        ("sort CreationTime desc", CREATED, "sort CreationTime"),
        ("ProcessStatus = Running", Path(INITIATOR), "ProcessStatus = Running sort Initiator"),
    ],
)
def test_a_heading_sorts_and_turns_round(text: str, path: Path, sorted_text: str):
    assert parse_asked("processes", text).sorted_by(path) == sorted_text


def test_the_direction_is_told_of_the_first_key_alone():
    asked = parse_asked("processes", "sort CreationTime desc, Initiator")

    assert (asked.sort_of(CREATED), asked.sort_of(Path(INITIATOR))) == ("descending", None)


@pytest.mark.parametrize(
    ("text", "narrowed"),
    [
        ("", "ProcessStatus = Running"),
        ("ProcessStatus = Completed", "ProcessStatus = Running"),
        ('Initiator = "anna"', 'Initiator = "anna" and ProcessStatus = Running'),
        ("Initiator = me or Recipient = me", "(Initiator = me or Recipient = me) and ProcessStatus = Running"),
        ("group by ProcessStatus sort count desc", "ProcessStatus = Running"),
        ("sort Initiator fields Initiator", "ProcessStatus = Running sort Initiator fields Initiator"),
    ],
)
def test_a_value_narrows_down_in_place_of_another_of_its_field(text: str, narrowed: str):
    assert parse_asked("processes", text).where(equal_to(STATUS, STATUS.codes["Running"])) == narrowed


def test_no_value_narrows_down_too():
    asked = parse_asked("processes", 'Initiator = "anna"')

    assert asked.where(equal_to(INITIATOR, None)) == "Initiator is null"


def test_what_was_chosen_is_taken_away_again():
    asked = parse_asked("processes", "ProcessStatus = Running and Initiator = me")

    assert asked.chosen(STATUS) == STATUS.codes["Running"]
    assert asked.without(STATUS) == "Initiator = me"
    assert asked.besides(STATUS) == parse_asked("processes", "Initiator = me").query
    assert parse_asked("processes", "ProcessStatus = Running or Initiator = me").chosen(STATUS) is None


def test_columns_are_said_only_where_they_are_others():
    asked = parse_asked("processes", "Initiator = me")

    assert asked.with_columns(default_paths("processes")) == "Initiator = me"
    assert asked.with_columns([CREATED, Path(data_field("days"))]) == "Initiator = me fields CreationTime, Data.days"


def test_a_row_knows_what_it_leads_to():
    shown = parse_asked("processes", "fields Initiator")
    with_id = parse_asked("processes", "fields ProcessId, Initiator")

    assert [path.name for path in shown.run.fields] == ["Initiator", "ProcessId"]
    assert [path.name for path in with_id.run.fields] == ["ProcessId", "Initiator"]
    assert [path.name for path in shown.whole.fields] == ["Initiator"]
    assert parse_asked("processes", "Initiator = me cursor 'x'").whole.fields == default_paths("processes")


@pytest.mark.parametrize("of", RESOURCES)
def test_what_is_shown_by_itself_are_fields_of_the_resource(of: str):
    names = [path.name for path in default_paths(of)] + FACETS[of].split() + [ID_FIELDS[of]]

    assert [RESOURCES[of].field(name).name for name in names] == names


def test_what_was_probably_meant_is_put_in_its_place():
    with pytest.raises(InvalidFilter) as found:
        parse_asked("processes", "ProcessStatus = Running and Initator = me")

    assert found.value.corrected == "ProcessStatus = Running and Initiator = me"


def test_nothing_is_suggested_where_nobody_can_guess():
    with pytest.raises(InvalidFilter) as found:
        parse_asked("processes", "Initiator =")

    assert found.value.corrected is None


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("CreationTime", "Created"),
        ("ProxyFor", "Proxy for"),
        ("Data.amount", "Amount"),
        ("Process.Initiator", "Process initiator"),
    ],
)
def test_names_are_told_in_words(name: str, title: str):
    assert title_of(name) == title
