"""Results of queries as JSON, NDJSON and CSV: whole, also where they come in pages."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from placet.query.query import Table
from placet_api.tables import first_rows, parts

AT = datetime(2026, 3, 2, 9, 0, 0, 123_000, UTC)
ROWS = [(1, "a", AT), (None, 'say "x", y', None), (True, "=1+1", AT), (2.5, ["l", 1], None)]


async def pages(*sizes):
    rows = iter(ROWS)
    for size in sizes:
        yield Table(("A", "B.c", "At"), [next(rows) for _ in range(size)])


async def written(form, *sizes):
    return b"".join([part async for part in parts(form, pages(*sizes))])


@pytest.mark.parametrize("sizes", [(4,), (1, 3), (2, 2, 0), (0, 4), (1, 1, 1, 1)])
async def test_pages_are_one_whole(sizes):
    whole = json.loads(await written("json", *sizes))

    assert whole == [json.loads(line) for line in (await written("ndjson", *sizes)).splitlines()]
    assert whole[0] == {"A": 1, "B.c": "a", "At": "2026-03-02T09:00:00.123Z"}
    assert [each["B.c"] for each in whole] == ["a", 'say "x", y', "=1+1", ["l", 1]]
    table = list(csv.reader(io.StringIO((await written("csv", *sizes)).decode())))
    assert table == [
        ["A", "B.c", "At"],
        ["1", "a", "2026-03-02T09:00:00.123Z"],
        ["", 'say "x", y', ""],
        ["true", "'=1+1", "2026-03-02T09:00:00.123Z"],
        ["2.5", '["l",1]', ""],
    ]


async def test_nothing_is_written_as_nothing():
    assert await written("json", 0) == b"[]\n"
    assert await written("ndjson", 0) == b""
    assert await written("csv", 0) == b"A,B.c,At\r\n"


@pytest.mark.parametrize(("limit", "counts"), [(None, [2, 2]), (1, [1]), (2, [2]), (3, [2, 1]), (9, [2, 2]), (0, [0])])
async def test_a_result_can_end_early(limit, counts):
    assert [len(page.rows) async for page in first_rows(pages(2, 2), limit)] == counts


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
async def test_no_spreadsheet_runs_what_somebody_wrote(text):
    async def one():
        yield Table(("A",), [(text,)])

    [_, row] = csv.reader(io.StringIO(b"".join([part async for part in parts("csv", one())]).decode(), newline=""))

    assert row == [f"'{text}"]
