"""Rows of the processes collection are written as text; each has to say what the process itself says, to the letter."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from placet import ProcessRow
from placet.query.times import format_time
from placet_api.ris.render import Renderer
from placet_api.ris.rows import write_processes
from tests.acceptance.conftest import LEAVE, RunningServer

ODD = 'case "4\\711" – ünïcode \u2028 <&>'

pytestmark = pytest.mark.usefixtures("without_jobs")


async def test_a_row_is_what_the_process_is(server: RunningServer):
    start = {"DataItems": [{"Name": "days", "Value": 3}], "Recipient": 'cn=O"Neil \\, Zoë,o=elsewhere'}
    for more in ({}, {"CorrelationId": ODD}, {"CorrelationId": "x", "Proxy": "dora"}):
        server.clock.move(milliseconds=12_345.0)
        answer = await server("admin").post(f"/v1/wf/definitions/{LEAVE}", json=start | more)
        assert answer.status_code == 204, answer.text
    await server("admin").delete(answer.headers["location"])

    for prefix in ("/v1", "/RIS/v1"):
        for accepted in ("", "nl"):
            headers = {"Accept-Language": accepted}
            listed = (await server("admin").get(f"{prefix}/wf/processes", headers=headers)).json()
            assert len(listed) == 3
            for row in listed:
                alone = await server("admin").get(row["Link"], headers=headers)
                assert list(row.items()) == list(alone.json().items())


async def test_debug_shows_the_same_rows(server: RunningServer):
    for _ in range(2):
        await server.start()

    plain = await server("anna").get("/v1/wf/processes")
    debug = await server("anna").get("/v1/wf/processes;debug")

    assert debug.json() == plain.json()
    assert debug.text.startswith('[\n  {\n    "Links"')


async def test_times_of_rows_are_those_of_the_contract(server: RunningServer):
    await server.start()
    listing = await server.engine.as_system().list_processes()
    created, completed = (ProcessRow._fields.index(name) for name in ("created_at", "completed_at"))
    chance = random.Random(2608)
    times = [0, 59_999, 60_000, 253_402_300_799_999, *(chance.randrange(253_402_300_800_000) for _ in range(2_000))]
    rows = []
    for millis in times:
        row = list(listing.rows[0])
        row[created] = row[completed] = millis
        rows.append(ProcessRow._make(row))

    written = write_processes(dataclasses.replace(listing, rows=rows), Renderer(server.engine, "/v1"), "")

    for millis, text in zip(times, written, strict=True):
        row = json.loads(text)
        expected = format_time(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis))
        assert (row["Created"], row["Completed"]) == (expected, expected)


@pytest.mark.parametrize("changed", [(), (1,), (0, 2, 4, 5, 7)], ids=["none", "one of eight", "most"])
async def test_a_row_that_was_listed_before_shows_what_has_changed_since(server: RunningServer, changed: Sequence[int]):
    for _ in range(8):
        await server.start()
    before = (await server("admin").get("/v1/wf/processes?limit=8")).json()
    for place in changed:
        await server("admin").delete(before[place]["Link"])

    after = (await server("admin").get("/v1/wf/processes?limit=8")).json()

    for place, row in enumerate(after):
        assert row["ProcessStatus"] == ("Terminated" if place in changed else "Running")
        assert (row == before[place]) is (place not in changed)
        assert (await server("admin").get(row["Link"])).json() == row
