"""The query page: what it finds, one click further, saved views, and files of the whole result."""

from __future__ import annotations

import html
import json
import re
from typing import Any, NoReturn
from urllib.parse import quote

import pytest

from placet import ManualClock
from placet.errors import QueryTooSlow
from placet.query.fields import RESOURCES
from placet_api.console.results.examples import EXAMPLES
from tests.acceptance.browsing import Browser, signed_in
from tests.acceptance.conftest import LEAVE, RunningServer

PART = {"HX-Request": "true"}

pytestmark = pytest.mark.usefixtures("without_jobs")


async def query(browser: Browser, text: str = "", of: str = "processes", below: str = "", **more: str) -> str:
    """The page of a query, or what is below it, as its source has it."""
    answer = await browser.get(
        f"/console/query{below}", params={"of": of, "q": text} | more, headers=PART if below else {}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def keys(page: str) -> list[str]:
    return re.findall(r'<tr data-key="([0-9a-f]+)"', page)


def link(page: str, words: str) -> str:
    """Where the link with these words leads."""
    found = re.search(rf'<a[^>]* href="([^"]*)"[^>]*>(?:(?!</a>).)*{re.escape(words)}', page, re.DOTALL)
    assert found is not None, words
    return html.unescape(found[1])


def query_of(address: str) -> str:
    """The query that an address has."""
    found = re.search(r"[?&]q=([^&]*)", address)
    return (
        ""
        if found is None
        else re.sub(r"\+", " ", found[1]).replace("%3D", "=").replace("%22", '"').replace("%2C", ",")
    )


async def test_a_result_is_a_table_that_leads_on(server: RunningServer):
    anna = await signed_in(server, "anna")
    process_id = await server.start()

    page = await query(anna, "ProcessStatus = Running")

    assert keys(page) == [process_id]
    assert f'href="/console/processes/{process_id}"' in page
    assert "<strong>1</strong> process" in page
    assert 'data-tone="busy">Running' in page
    assert "Anna Berg" in page
    assert 'title="2026-03-02 09:00:00.000 UTC (UTC+00:00)">09:00</time>' in page
    assert 'value="ProcessStatus = Running"' in page


async def test_a_heading_sorts_and_says_so(server: RunningServer):
    anna = await signed_in(server, "anna")
    first, second = await server.start(days=1), await server.start(days=2)

    page = await query(anna)
    by_days = await query(anna, "sort Data.days desc fields Definition, Data.days")
    turned = (await anna.get(link(by_days, "Days"))).text

    assert query_of(link(page, "Created")) == "sort CreationTime desc"
    assert 'aria-sort="descending"' in by_days
    assert keys(by_days) == [second, first]
    assert 'aria-sort="ascending"' in turned
    assert keys(turned) == [first, second]


async def test_pages_go_on_until_each_row_was_there_once(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("placet_api.console.pages.query.ROWS", 2)
    anna = await signed_in(server, "anna")
    started = [await server.start() for _ in range(5)]

    page = await query(anna, "sort CreationTime")
    seen = keys(page)
    while len(seen) < 9 and (more := re.search(r'class="more".* href="([^"]*)" hx-get="([^"]*)"', page)):
        whole = (await anna.get(html.unescape(more[1]))).text
        page = (await anna.get(html.unescape(more[2]), headers=PART)).text
        assert keys(whole) == keys(page)  # a reader without scripts sees the same rows
        assert "<h1>" in whole
        assert "<h1>" not in page
        seen += keys(page)

    assert seen == started


async def test_facets_count_and_narrow_down(server: RunningServer):
    anna = await signed_in(server, "anna")
    stopped, _ = await server.start(), await server.start()
    await server.engine.as_system().terminate(stopped)

    facet = await query(anna, below="/facet", field="ProcessStatus")
    narrowed = (await anna.get(link(facet, "Terminated"))).text
    chosen = await query(anna, "ProcessStatus = Terminated", below="/facet", field="ProcessStatus")
    person = await query(anna, below="/facet", field="Initiator")

    assert keys(narrowed) == [stopped]
    assert "Running" in chosen  # what one could choose instead
    assert 'aria-current="true"' in chosen
    assert query_of(link(chosen, "Terminated")) == ""
    assert query_of(link(person, "Anna Berg")) == 'Initiator = "anna"'
    definition = await query(anna, below="/facet", field="Definition")
    assert query_of(link(definition, "Leave request")) == 'Definition = "Leave request"'
    assert 'aria-current="true"' in await query(
        anna, 'Definition = "Leave request"', below="/facet", field="Definition"
    )


async def test_columns_are_chosen(server: RunningServer):
    anna = await signed_in(server, "anna")
    await server.start(days=17)

    answer = await anna.get("/console/query/columns?of=processes&q=&column=Initiator&more=Data.days,ProcessId")
    page = (await anna.get(answer.headers["location"])).text

    assert query_of(answer.headers["location"]) == "fields Initiator, Data.days, ProcessId"
    assert 'data-label="Days">17' in page
    wrong = await anna.get("/console/query/columns?of=processes&more=WorkItems.Owner")
    assert (wrong.status_code, "several for each row" in wrong.text) == (400, True)


async def test_groups_are_bars_and_a_table_that_lead_to_their_rows(server: RunningServer, clock: ManualClock):
    first = await server.start()
    clock.move(days=1)
    anna = await signed_in(server, "anna")
    second, third = await server.start(), await server.start()

    page = await query(anna, "group by day(CreationTime)")
    of_day = (await anna.get(link(page, "3 Mar 2026"))).text
    by_status = await query(anna, "group by ProcessStatus, Definition sort count desc")

    assert "<strong>2</strong> groups of" in page
    assert 'class="upright"' in page
    assert sorted(keys(of_day)) == sorted([second, third])
    assert first not in of_day
    assert 'class="lying"' in by_status
    assert "Running, Leave request" in by_status


@pytest.mark.parametrize(
    ("text", "words", "instead"),
    [
        ("Initator = me", "Did you mean Initiator?", "Initiator = me"),
        ("ProcessStatus =", "Something is missing at the end", None),
        ("Initiator = nobody-at-all", "nobody-at-all", None),
        ('Initiator = "<script>alert(1)</script>"', "&lt;script&gt;", None),
    ],
)
async def test_what_is_wrong_is_told_at_its_place(server: RunningServer, text: str, words: str, instead: str | None):
    anna = await signed_in(server, "anna")

    answer = await anna.get("/console/query", params={"q": text})

    assert answer.status_code == 400
    assert words in answer.text
    assert "This query does not work" in answer.text
    assert "<script>alert" not in answer.text
    if instead is not None:
        assert query_of(link(answer.text, "Use Initiator instead")) == instead
        assert "<mark>^</mark>" in answer.text
        assert 'data-fault="0"' in answer.text


async def test_a_query_that_is_too_slow_says_so_and_what_helps(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    anna = await signed_in(server, "anna")

    async def slow(*args: Any, **named: Any) -> NoReturn:
        raise QueryTooSlow(5)

    monkeypatch.setattr(type(server.engine), "count", slow)
    assert "More than can be counted in time" in await query(anna)
    monkeypatch.setattr(type(server.engine), "query", slow)
    answer = await anna.get("/console/query?q=Initiator+%3D+me")
    assert answer.status_code == 422
    assert "This query takes too long" in answer.text
    assert 'href="/console/query/explain?of=processes&amp;q=Initiator+%3D+me"' in answer.text


async def test_what_one_may_not_ask_is_told_beside_the_query(server: RunningServer):
    anna = await signed_in(server, "anna")

    answer = await anna.get("/console/query", params={"q": "Incidents.Kind = 'mail'"})

    assert answer.status_code == 403
    assert "PM_SUPERVISOR" in answer.text
    assert "Incidents.Kind" in answer.text


async def test_nobody_sees_more_here_than_elsewhere(server: RunningServer):
    dora, admin = await signed_in(server, "dora"), await signed_in(server, "admin")
    process_id = await server.start()

    assert keys(await query(dora)) == []
    assert "Nothing here yet" in await query(dora)
    assert keys(await query(admin)) == [process_id]
    assert process_id not in (await dora.get("/console/query/export?format=csv")).text
    assert "No values" in await query(dora, below="/facet", field="Initiator")
    assert "of=users" not in await query(dora)
    for below in ("", "/rows", "/facet", "/count", "/export", "/explain"):
        answer = await dora.get(f"/console/query{below}?of=users&field=Status")
        assert answer.status_code == 403, below


@pytest.mark.parametrize("form", ["csv", "json", "ndjson"])
async def test_a_file_has_the_whole_result(server: RunningServer, form: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("placet_api.console.pages.query.ROWS", 2)
    anna = await signed_in(server, "anna")
    started = [await server.start(days=n) for n in range(1, 6)]

    text = "sort Data.days fields ProcessId, Data.days"
    answer = await anna.get("/console/query/export", params={"q": text, "format": form})

    assert answer.headers["content-disposition"] == f'attachment; filename="processes-2026-03-02-0900.{form}"'
    lines = answer.text.splitlines()
    rows = (
        json.loads(answer.text) if form == "json" else [json.loads(line) for line in lines] if form == "ndjson" else []
    )
    if form == "csv":
        assert lines[0] == "ProcessId,Data.days"
        rows = [dict(zip(("ProcessId", "Data.days"), line.split(","), strict=True)) for line in lines[1:]]
    assert [each["ProcessId"] for each in rows] == started
    cut = await anna.get("/console/query/export", params={"q": f"{text} limit 3", "format": "ndjson"})
    assert len(cut.text.splitlines()) == 3  # a query's own limit is part of it
    head = await anna.head("/console/query/export", params={"q": text, "format": form})
    assert (head.status_code, head.content) == (200, b"")


async def test_a_view_is_saved_shared_changed_and_removed(server: RunningServer):
    anna, ben = await signed_in(server, "anna"), await signed_in(server, "ben")

    saved = await anna.submit("/query/views", name="Mine <b>", of="processes", q="Initiator = me", shared="true")
    page = (await anna.get(saved)).text
    view_id = saved.rpartition("view=")[2]
    assert "<h1>Mine &lt;b&gt;</h1>" in page
    assert "Saved as Mine &lt;b&gt;." in page
    assert "Saved as" not in (await anna.get(saved)).text  # it is said once
    opened = await ben.get(f"/console/query/views/{view_id}")
    assert (opened.status_code, opened.headers["location"]) == (303, saved)
    assert "Change “" not in (await ben.get(saved)).text
    assert "of somebody else" in await ben.submit(f"/query/views/{view_id}", 403, name="His", of="processes", q="")
    changed = await anna.submit(f"/query/views/{view_id}", name="Ours", of="workitems", q="Status = Open")
    assert "of=workitems" in changed
    assert "Ours" not in await query(ben)
    assert "of=workitems" in await anna.submit(f"/query/views/{view_id}/remove")
    assert (await anna.get(f"/console/query/views/{view_id}")).status_code == 404


async def test_a_view_that_cannot_be_saved_says_why_and_keeps_the_query(server: RunningServer):
    anna = await signed_in(server, "anna")
    await anna.submit("/query/views", name="Mine", of="processes", q="")

    back = await anna.submit("/query/views", name="Mine", of="processes", q="Initiator = me")

    assert query_of(back) == "Initiator = me"
    assert "You have a view" in html.unescape((await anna.get(back)).text)


async def test_the_bar_is_completed(server: RunningServer):
    anna = await signed_in(server, "anna")

    answer = await anna.get("/console/query/complete", params={"of": "processes", "q": "ProcessStatus = R", "at": "17"})

    assert {"start": 16, "text": "Running", "kind": "value", "hint": "0"} in answer.json()
    for at in ("", "-1", "x", "99999999"):
        assert (await anna.get("/console/query/complete", params={"q": "Ini", "at": at})).status_code == 200


async def test_how_a_query_is_run_is_explained(server: RunningServer):
    anna = await signed_in(server, "anna")

    page = await query(anna, "Initiator = me")
    whole = (await anna.get(link(page, "Explain"))).text
    part = await query(anna, "Initiator = me", below="/explain")

    assert "How the query is run" in whole
    assert "SELECT" in part
    assert "<h1>" not in part


async def test_every_example_works(server: RunningServer):
    admin = await signed_in(server, "admin")
    await server.start()

    for of in RESOURCES:
        for text, about in EXAMPLES[of]:
            assert html.escape(about, quote=False) in await query(admin, text, of), text


async def test_cells_say_what_they_are(server: RunningServer):
    anna = await signed_in(server, "anna")
    values = {"text": "a < b", "truth": True, "price": "1234567.5", "tree": {"a": [1]}, "tags": ["x", "y"]}
    await server.engine.start("Parcel", actor="anna", data=values | {"count": 5})

    page = await query(anna, "fields Definition, Data.text, Data.truth, Data.tree, Data.tags, Data.bytes, Data.count")

    for words in ("a &lt; b", ">Yes<", "{&#34;a&#34;:[1]}", "x, y", 'aria-label="none"', ">5<"):
        assert words in page.replace("\n", ""), words


async def test_long_and_odd_addresses_are_answered(server: RunningServer):
    anna = await signed_in(server, "anna")

    for path in (
        f"/console/query?q={quote('(' * 3000)}",
        f"/console/query?q={'x' * 12000}",
        "/console/query?cursor=nonsense",
        "/console/query?q=cursor+%27nonsense%27",
        "/console/query?q=limit+5&view=nothing",
        "/console/query/facet?field=Nothing",
        "/console/query/facet?field=CreationTime",
        "/console/query/facet",
        "/console/query?q=%00",
        f"/console/definitions/{LEAVE}'",
    ):
        answer = await anna.get(path)
        assert answer.status_code in (200, 400, 404, 414, 431), path
