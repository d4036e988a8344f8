"""Rows of the processes collection are written as text; each has to say what the process itself says, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from placet.query.times import format_time
from placet_api.ris.rows import time_text
from tests.acceptance.conftest import LEAVE, RunningServer

ODD = 'case "4\\711" – ünïcode \u2028 <&>'


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


@given(st.integers(0, 253_402_300_799_999))
def test_times_of_rows_are_those_of_the_contract(millis: int):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)

    assert time_text(millis) == format_time(moment)
