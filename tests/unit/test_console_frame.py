"""The frame of the console: files under addresses that never change, routes by path, forms with several of a name."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from placet_api.console.form import parse_pairs, read_form
from placet_api.console.navigation import current
from placet_api.console.results.asked import parse_asked
from placet_api.console.results.bars import rows_of
from placet_api.console.routes import Table, get, post
from placet_api.console.static_files import StaticFiles


async def nothing(page: Any) -> Any: ...


def test_a_file_is_found_by_its_address_alone():
    files = StaticFiles()
    address = files.address("app.css")

    assert re.fullmatch(r"app\.[0-9a-f]{12}\.css", address)
    assert (found := files.answer(address)) is not None
    assert (b"cache-control", b"public, max-age=31536000, immutable") in found.headers
    assert files.answer("app.css") is None
    assert files.answer("../page.py") is None


def test_a_style_sheet_names_other_files_by_their_addresses():
    files = StaticFiles()
    found = files.answer(files.address("app.css"))

    assert found is not None
    assert f"url({files.address('vendor/inter-latin.woff2')})".encode() in found.body


def test_a_path_of_its_own_goes_before_one_with_a_parameter():
    table = Table([get("/x/{id}", nothing), get("/x/new", nothing), post("/x/{id}", nothing)])

    assert table.find("/x/new")["GET"][0].path == "/x/new"
    assert table.find("/x/7")["GET"][1] == {"id": "7"}
    assert set(table.find("/x/7")) == {"GET", "POST"}
    assert table.find("/x/7/y") == {}


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "Overview"),
        ("/query", "Query"),
        ("/processes/1", "Query"),
        ("/work-items/1", "My work"),
        ("/webhooks/1", "Connectors"),
        ("/else", None),
    ],
)
def test_a_page_is_shown_under_an_entry(path: str, title: str | None):
    found = current(path)

    assert (found.title if found else None) == title


async def test_a_form_gives_all_of_a_name_and_files_as_text():
    body = (
        b'--x\r\ncontent-disposition: form-data; name="item"\r\n\r\n1\r\n'
        b'--x\r\ncontent-disposition: form-data; name="item"\r\n\r\n2\r\n'
        b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.yaml"\r\n\r\nname: x\r\n--x--\r\n'
    )

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    form = await read_form(receive, {b"content-type": b"multipart/form-data; boundary=x"}, 1000)

    assert form.all("item") == ["1", "2"]
    assert (form.get("file"), form.get("else", "-"), "file" in form) == ("name: x", "-", True)


def test_an_address_keeps_what_is_empty():
    assert parse_pairs(b"a=&b=x+y&a=%C3%BC") == [("a", ""), ("b", "x y"), ("a", "ü")]


@pytest.mark.parametrize(
    ("group", "value", "text"),
    [
        ("month(CreationTime)", datetime(2026, 12, 1, tzinfo=UTC), "2027-01-01"),
        ("year(CreationTime)", datetime(2026, 1, 1, tzinfo=UTC), "2027-01-01"),
        ("week(CreationTime)", datetime(2026, 12, 28, tzinfo=UTC), "2027-01-04"),
        ("hour(CreationTime)", datetime(2026, 12, 31, 23, tzinfo=UTC), "2027-01-01"),
    ],
)
def test_a_bucket_leads_to_its_rows(group: str, value: datetime, text: str):
    asked = parse_asked("processes", f"group by {group}")

    found = asked.where(rows_of(asked.query.group, (value, 1, None)))
    assert found.startswith(f"CreationTime >= {value:%Y-%m-%dT%H}")
    assert f"CreationTime < {text}T00:00:00.000Z" in found


def test_the_last_bucket_of_all_has_no_end():
    asked = parse_asked("processes", "group by year(CreationTime)")
    last = datetime(9999, 1, 1, tzinfo=UTC)

    assert asked.where(rows_of(asked.query.group, (last, 1, None))) == "CreationTime >= 9999-01-01T00:00:00.000Z"


def test_a_group_without_a_value_leads_to_rows_without_one():
    asked = parse_asked("workitems", "group by Process.Initiator, Owner")
    row = (None, None, 3, None)

    assert asked.where(rows_of(asked.query.group, row)) == "Process.Initiator is null and Owner is null"
