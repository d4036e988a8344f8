"""The example queries of the reference: each is read, answered, and found by an index, or its explanation warns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from placet import Engine
from placet.query.fields import RESOURCES
from placet.query.parser import parse_query
from tests.builders import ANNA
from tests.store.purchases import purchases

PAGE = (Path(__file__).parents[2] / "docs/reference/example-queries.md").read_text("utf-8")
EXAMPLES = [
    (int(number), of.replace(" ", ""), text)
    for number, of, text in re.findall(r"^\*\*(\d+)\. .+?\*\* \((.+?)\).*?```query\n(.+?)\n```", PAGE, re.M | re.S)
]
#: By the number of the example: an index that has to serve it, on either database.
INDEXES = {
    1: "ix_process_open", 2: "ix_process_initiator", 3: "ix_process_recipient",
    4: "ix_process_definition|ix_process_created|primary key of process", 5: "ix_process_exception",
    6: "ix_process_completed", 7: "ix_process_initiator", 8: "ix_process_open", 9: "ix_process_open",
    10: "ix_process_correlation", 11: "ix_data_value_text", 12: "ix_data_value_number",
    14: "ix_work_item_inbox|ix_work_item_addressee", 15: "ix_event_rare",
    16: "ix_work_item_inbox|ix_work_item_addressee",
    17: "ix_event_rare", 18: "ix_incident_open", 19: "ix_process_created", 20: "ix_process_completed",
}  # fmt: skip
BY_NONE = {13}


@pytest.fixture
def contents():
    return purchases


@pytest.fixture
async def engine(database_url, clock):
    async with Engine(database_url, clock=clock, run_jobs=False) as engine:
        yield engine


def test_there_are_twenty_that_show_every_part_of_the_language():
    everything = " ".join(text for _, _, text in EXAMPLES)

    assert [number for number, _, _ in EXAMPLES] == list(range(1, 21))
    for part in (" or ", "not ", "contains", "Data.", "WorkItems", "Events", "group by", "sort", "me", "-7d", " in "):
        assert part in everything
    for _, of, text in EXAMPLES:
        parse_query(text, RESOURCES[of])


async def test_each_is_answered_and_served_by_an_index_or_warns(engine):
    faults = []
    for number, of, text in EXAMPLES:
        found = await engine.query(text, of, actor="admin")
        assert found.rows or "order-4711" in text or "me" in text.split(), text
        told = await engine.explain(text, of, actor="admin")
        assert parse_query(told.text, RESOURCES[of]) == parse_query(text, RESOURCES[of])
        served = number in INDEXES and any(re.fullmatch(INDEXES[number], index) for index in told.indexes)
        warned = told.warning is not None and told.warning.startswith("No index serves this query")
        if served is warned or warned is not (number in BY_NONE):
            faults.append((text, told))

    assert faults == []


async def test_what_is_read_whole_is_named_with_what_would_help(engine):
    told = await engine.as_system().explain('Data.reason contains "laptop"')

    assert told.warning is not None
    assert "processes are read one after the other" in told.warning
    assert "Definition, ProcessId, Recipient, Initiator" in told.warning
    assert told.sql.startswith("SELECT")
    assert "laptop" not in told.sql
    assert told.plan


WARNINGS = [
    ("", "processes", None),
    ("sort CreationTime", "processes", None),
    ("ProcessStatus = Running sort Recipient", "processes", "No index has this order"),
    ("EngineId = placet", "processes", "No index serves"),
    ("group by Definition", "processes", "No index serves"),
    ("Actor = anna", "events", "No index serves"),
    ("", "events", None),
    ("Status = Open", "workitems", None),
    ("Priority = High", "workitems", "No index serves"),
    ("Process.ProcessStatus = Running and Addressee = anna", "workitems", None),
    ("Name = Purchase", "definitions", None),
]


async def test_warnings(engine):
    faults = []
    for text, of, warns in WARNINGS:
        told = await engine.as_system().explain(text, of)
        if (told.warning is None) is not (warns is None) or not (told.warning or "").startswith(warns or ""):
            faults.append((text, of, told))

    assert faults == []


async def test_who_sees_some_rows_only_is_told_how_they_are_found_for_him(engine):
    told = await engine.explain("", actor=ANNA)

    assert {"ix_process_initiator", "ix_process_recipient"} <= set(told.indexes)
    assert told.warning is None, "\n".join(told.plan)
    assert ANNA not in told.sql
