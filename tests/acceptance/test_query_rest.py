"""The query language over REST: tables, counts, facets, explanations, whole results, and lists by `q`."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx2
import pytest

from placet.errors import QueryTooSlow
from tests.acceptance.conftest import RunningServer
from tests.acceptance.event_source import listening

ANNA, BEN, DORA = (f"cn={name},ou=users,o=placet" for name in ("anna", "ben", "dora"))
LEAVE = "cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet"

pytestmark = pytest.mark.usefixtures("without_jobs")


async def asked(client: httpx2.AsyncClient, text: str, resource: str = "processes", **more: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/query/{resource}", params={"q": text, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def reason(answer: httpx2.Response) -> str:
    return str(answer.json()["Fault"]["Reason"]["Text"])


async def test_a_query_answers_with_a_table(server: RunningServer):
    process = await server.start("anna")

    found = await asked(server("admin"), "Initiator = anna fields ProcessId, Initiator, ProcessStatus, CreationTime")

    assert found == {
        "columns": ["ProcessId", "Initiator", "ProcessStatus", "CreationTime"],
        "rows": [[process, ANNA, "Running", "2026-03-02T09:00:00.000Z"]],
        "next": None,
        "names": {ANNA: "Anna Berg"},
    }


async def test_everybody_is_shown_what_he_may_see(server: RunningServer):
    of_anna, of_dora = await server.start("anna"), await server.start("dora")

    seen = {who: {row[0] for row in (await asked(server(who), "fields ProcessId"))["rows"]} for who in ("anna", "dora")}

    assert seen == {"anna": {of_anna}, "dora": {of_dora}}
    mine = await asked(server("ben"), "Addressee = me fields ProcessId", "workitems")
    assert [of_anna] in mine["rows"]


async def test_pages_follow_each_other_by_the_cursor(server: RunningServer):
    started = [await server.start("anna", days=days) for days in range(5)]
    query, pages, cursor = "sort CreationTime, ProcessId fields ProcessId", [], None
    while True:
        page = await asked(server("admin"), query, limit="2", **({"cursor": cursor} if cursor else {}))
        pages.append([row[0] for row in page["rows"]])
        cursor = page["next"]
        if cursor is None:
            break

    assert pages == [started[:2], started[2:4], started[4:]]


async def test_counts_facets_and_an_explanation_come_along(server: RunningServer):
    for user in ("anna", "anna", "ben"):
        await server.start(user)

    found = await asked(
        server("admin"), "ProcessStatus = Running", count="exact", facet=["Initiator", "Definition"], explain="true"
    )

    assert found["count"] == {"value": 3, "exact": True}
    by_initiator, by_definition = found["facets"]
    assert by_initiator == {
        "field": "Initiator",
        "values": [{"value": ANNA, "count": 2}, {"value": BEN, "count": 1}],
        "exact": True,
    }
    assert by_definition["values"] == [{"value": LEAVE, "count": 3}]
    explanation = found["explanation"]
    assert explanation["text"] == "ProcessStatus = Running"
    assert explanation["sql"].startswith("SELECT")
    assert set(explanation) == {"text", "sql", "indexes", "warning", "plan"}


async def test_groups_are_rows_with_count_and_median(server: RunningServer):
    await server.start("anna")
    await server.start("dora")

    found = await asked(server("admin"), "group by Initiator, day(CreationTime) sort count desc")

    assert found["columns"][0] == "Initiator"
    assert found["columns"][-2:] == ["count", "median"]
    assert {row[0] for row in found["rows"]} == {ANNA, DORA}
    assert {row[-2] for row in found["rows"]} == {1}


async def test_a_long_query_is_asked_by_post(server: RunningServer):
    process = await server.start("anna")
    text = " or ".join(f"ProcessId = {number:032x}" for number in range(150)) + f" or ProcessId = {process}"

    answer = await server("admin").post(
        "/v1/query/processes",
        json={"q": text, "limit": 10, "count": "exact", "facet": "Initiator", "explain": False, "zone": "Asia/Tokyo"},
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == {"value": 1, "exact": True}
    assert answer.json()["facets"][0]["values"] == [{"value": ANNA, "count": 1}]


async def test_the_whole_result_comes_as_csv_and_ndjson(server: RunningServer):
    for reason_ in ("rest", 'a "quote", and a comma', "=HYPERLINK(1)"):
        await server.start("anna", reason=reason_)
    client, query = server("admin"), "sort CreationTime, ProcessId fields ProcessId, Data.reason, CompletionTime"

    answer = await client.get("/v1/query/processes", params={"q": query}, headers={"Accept": "text/csv"})
    rows = list(csv.reader(io.StringIO(answer.text)))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="processes.csv"'
    assert rows[0] == ["ProcessId", "Data.reason", "CompletionTime"]
    assert [row[1:] for row in rows[1:]] == [["rest", ""], ['a "quote", and a comma', ""], ["'=HYPERLINK(1)", ""]]
    lines = await client.get("/v1/query/processes", params={"q": query}, headers={"Accept": "application/x-ndjson"})
    objects = [json.loads(line) for line in lines.text.splitlines()]
    assert [each["Data.reason"] for each in objects] == ["rest", 'a "quote", and a comma', "=HYPERLINK(1)"]
    assert {each["CompletionTime"] for each in objects} == {None}
    limited = await client.get(
        "/v1/query/processes", params={"q": f"{query} limit 2"}, headers={"Accept": "application/x-ndjson"}
    )
    assert limited.text == "".join(line + "\n" for line in lines.text.splitlines()[:2])


async def test_a_whole_result_that_breaks_off_is_seen_to_be_incomplete(server: RunningServer, monkeypatch, caplog):
    for _ in range(4):
        await server.start("anna")
    monkeypatch.setattr("placet.queries._AT_ONCE", 2)
    answer, answered = server.engine._answer, []

    async def failing(question, find):
        answered.append(question)
        if len(answered) == 2:
            raise QueryTooSlow(5)
        return await answer(question, find)

    monkeypatch.setattr(server.engine, "_answer", failing)
    with pytest.raises(httpx2.RemoteProtocolError):
        await server("admin").get("/v1/query/processes", params={"q": "sort Data.days"}, headers={"Accept": "text/csv"})

    assert len(answered) == 2
    assert "Exception in ASGI application" not in caplog.text
    assert not any(record.exc_info for record in caplog.records)


async def test_whatever_one_request_asks_has_one_limit(server: RunningServer, monkeypatch):
    left, ask = [], server.engine._questions.ask_within

    async def counted(work, seconds):
        found = await ask(work, seconds)
        left.append(server.engine._questions._allowance().running)
        return found

    monkeypatch.setattr(server.engine._questions, "ask_within", counted)
    await asked(server("admin"), "", count="exact", facet=["Initiator", "Definition"], explain="true")

    assert len(left) == 5
    assert 5 > left[0] > left[1] > left[2] > left[3] > left[4]
    assert server.engine._questions._allowance().running == 5


async def test_a_query_is_completed(server: RunningServer):
    answer = await server("anna").get("/v1/query/processes/complete", params={"q": "Initi"})

    assert {"start": 0, "text": "Initiator", "kind": "field"}.items() <= answer.json()["completions"][0].items()
    people = await server("anna").get("/v1/query/processes/complete", params={"q": "Initiator = an or x", "at": "14"})
    assert any("anna" in each["text"] for each in people.json()["completions"])


@pytest.mark.parametrize(
    ("path", "parameters", "status", "words"),
    [
        ("process", {}, 404, "There is no resource 'process'"),
        ("processes", {"q": "Colour = red"}, 400, "'Colour' is not a field"),
        ("processes", {"q": "Initiator = nobody"}, 400, "nobody is called 'nobody'"),
        ("processes", {"limit": "0"}, 400, "limit: '0' does not work"),
        ("processes", {"limit": "1001"}, 400, "limit: '1001' does not work"),
        ("processes", {"cursor": "x"}, 400, "cursor"),
        ("processes", {"count": "all"}, 400, "give exact or estimated"),
        ("processes", {"explain": "yes"}, 400, "give true or false"),
        ("processes", {"zone": "Mars/Olympus"}, 400, "'Mars/Olympus' is no time zone"),
        ("processes", {"facet": "Colour"}, 400, "'Colour' is not a field"),
        ("processes", {"query": "x"}, 400, "'query' is not a parameter"),
        ("users", {}, 403, "PM_USERS"),
        ("incidents", {}, 403, "PM_SUPERVISOR"),
        ("processes/complete", {"at": "9"}, 400, "at: '9' is no place in the query"),
    ],
)
async def test_what_cannot_be_asked_says_why(server: RunningServer, path, parameters, status, words):
    answer = await server("anna").get(f"/v1/query/{path}", params=parameters)

    assert (answer.status_code, words in reason(answer)) == (status, True), reason(answer)


async def test_a_refusal_points_at_the_character(server: RunningServer):
    answer = await server("anna").get("/v1/query/processes", params={"q": "Initiator = me and Definitoin = x"})

    assert answer.json()["Fault"]["Detail"] == {"Query": {"Position": 19, "Suggestion": "Definition"}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"text": "x"}, "'text', which means nothing here"),
        ({"limit": "10"}, "limit is a text"),
        ({"limit": True}, "limit is a boolean"),
        ({"q": 7}, "q"),
        ({"facet": [1]}, "facet is an array"),
    ],
)
async def test_a_body_that_cannot_be_meant_is_refused(server: RunningServer, body, words):
    answer = await server("anna").post("/v1/query/processes", json=body)

    assert (answer.status_code, words in reason(answer)) == (400, True), reason(answer)


async def test_of_a_whole_result_nothing_else_is_told(server: RunningServer):
    answer = await server("anna").get("/v1/query/processes?count=exact", headers={"Accept": "text/csv"})

    assert (answer.status_code, "answered as JSON alone" in reason(answer)) == (400, True)


# -- lists of the contract -------------------------------------------------------------------------


async def guids(client: httpx2.AsyncClient, path: str, **parameters: str) -> list[str]:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return [each["GUID"] for each in answer.json()]


async def test_processes_are_listed_by_a_query_as_they_are_by_a_filter(server: RunningServer):
    started = [await server.start("anna", days=days) for days in (1, 2, 3)]
    other = await server.start("dora", days=9)
    admin, path = server("admin"), "/v1/wf/processes"

    by_filter = await admin.get(path, params={"filter": f"Initiator={ANNA}"})
    by_query = await admin.get(path, params={"q": "Initiator = anna"})

    assert by_query.json() == by_filter.json()
    assert await guids(admin, path, q="Data.days >= 2 sort Data.days") == [*started[1:], other]
    assert await guids(admin, path, q="Data.days >= 2", filter=f"Initiator={ANNA}") == [started[2], started[1]]
    assert await guids(admin, path, q="", sort="CreationTime") == [*started, other]
    assert await guids(admin, path, q=f"Initiator = {DORA} or not (Data.days < 3)") == [other, started[2]]
    assert await guids(server("dora"), path, q="Data.days > 0") == [other]


async def test_a_list_by_a_query_comes_in_pages(server: RunningServer):
    started = [await server.start("anna", days=days) for days in (5, 3, 4, 1, 2)]
    by_days = [started[at] for at in (3, 4, 1, 2, 0)]
    admin, found, url = server("admin"), [], "/v1/wf/processes?q=sort+Data.days&limit=2"
    while url:
        answer = await admin.get(url)
        assert answer.status_code == 200, answer.text
        found.append([each["GUID"] for each in answer.json()])
        url = answer.links.get("next", {}).get("url")

    assert found == [by_days[:2], by_days[2:4], by_days[4:]]


async def test_work_items_are_the_open_ones_unless_a_status_is_asked_for(server: RunningServer):
    first, second = await server.start("anna"), await server.start("anna")
    item = await server.item(first)
    await server.act("ben", item, "Approve")
    admin, path = server("admin"), "/v1/wf/workitems"
    of_anna = "Initiator = anna and ActivityId = " + item["Activity"]

    open_ones = await admin.get(path, params={"q": of_anna})
    assert {each["Process"]["GUID"] for each in open_ones.json()} == {second}
    assert open_ones.json() == (await admin.get(path, params={"filter": f"ProcessId={second}"})).json()
    done = await admin.get(path, params={"q": f"{of_anna} and Status = Completed"})
    assert [each["GUID"] for each in done.json()] == [item["GUID"]]
    mine = await server("ben").get(path, params={"q": "Addressee = me"})
    assert mine.json() == (await server("ben").get(path, params={"filter": "Addressee=self"})).json()


async def test_definitions_are_listed_by_a_query(server: RunningServer):
    admin, path = server("admin"), "/v1/wf/definitions"

    found = await admin.get(path, params={"q": "Name startswith 'leave'"})

    assert [each["Value"] for each in found.json()] == ["Leave request"]
    every = (await admin.get(path)).json()
    assert (await admin.get(path, params={"q": "Version >= 1"})).json() == every
    assert [each["Value"] for each in (await admin.get(path, params={"q": "sort Name desc"})).json()] == sorted(
        (each["Value"] for each in every), key=str.casefold, reverse=True
    )


async def test_events_are_listed_by_a_query(server: RunningServer):
    process = await server.start("anna")
    await server.act("ben", await server.item(process), "Approve")
    path = "/v1/events"

    found = await server("admin").get(path, params={"q": "Kind = work_item.approved and Process.Initiator = anna"})

    [event] = found.json()
    assert (event["Kind"], event["Process"]["GUID"], event["Actor"]["Value"]) == (
        "work_item.approved", process, "Ben Berg",
    )  # fmt: skip
    assert event["WorkItem"]["GUID"][:28] == process[:28]
    newest = (await server("admin").get(path, params={"limit": "1"})).json()
    oldest = await server("admin").get(path, params={"limit": "1", "sort": "Time"})
    assert oldest.json()[0]["Kind"] == "process.started"
    assert newest[0] != oldest.json()[0]
    assert (await server("dora").get(path)).json() == []


async def test_users_are_listed_by_a_query(server: RunningServer):
    path = "/api/1.0/workflow/users"

    found = await server("admin").get(path, params={"q": "UserName in (anna, ben) sort UserName desc"})

    assert [each["usr_username"] for each in found.json()] == ["ben", "anna"]
    every = (await server("admin").get(path)).json()
    assert found.json()[1] in every
    refused = await server("admin").get(path, params={"q": "Colour = red"})
    assert (refused.status_code, "'Colour' is not a field" in refused.text) == (400, True)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"q": "group by Initiator"}, "/v1/query/processes"),
        ({"q": "fields ProcessId"}, "neither `group by` nor `fields`"),
        ({"q": "limit 5", "limit": "5"}, "limit is given in q and as a parameter"),
        ({"q": "", "sort": "Colour"}, "'Colour' is not a field"),
    ],
)
async def test_what_a_list_cannot_give_names_where_it_is(server: RunningServer, parameters, words):
    answer = await server("admin").get("/v1/wf/processes", params=parameters)

    assert (answer.status_code, words in reason(answer)) == (400, True), reason(answer)


async def test_a_stream_gives_what_its_query_asks_for(server: RunningServer):
    first, second = await server.start("anna"), await server.start("ben")
    async with listening(server("admin"), after="0-0", q="Process.Initiator = ben") as source:
        assert {each.data["Process"]["GUID"] for each in await source.take(2)} == {second}
    async with listening(server("admin"), after="0-0", q="Kind = work_item.assigned") as source:
        assert [each.data["Process"]["GUID"] for each in await source.take(2)] == [first, second]
    refused = await server("admin").get(
        "/v1/events", params={"q": "Kind = birthday"}, headers={"Accept": "text/event-stream"}
    )
    assert refused.status_code == 400
