"""Reading: what the answers hold, what filters, pages and streams give, and who sees what."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from placet import Engine
from placet.errors import Unavailable
from placet_api.params import MOST_ROWS
from tests.acceptance.conftest import LEAVE, RunningServer

ANNA = {"DN": "cn=anna,ou=users,o=placet", "Value": "Anna Berg", "GUID": "", "Link": ""}
BEN = {"DN": "cn=ben,ou=users,o=placet", "Value": "Ben Berg", "GUID": "", "Link": ""}
NOBODY = {"DN": "", "Value": "", "GUID": "", "Link": ""}
LEAVE_DN = "cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet"


async def ids(server: RunningServer, path: str, user: str = "admin") -> list[str]:
    answer = await server(user).get(path)
    assert answer.status_code == 200, answer.text
    return [each["GUID"] for each in answer.json()]


async def test_a_definition(server: RunningServer):
    answer = await server("anna").get(f"/RIS/v1/wf/definitions/{LEAVE.upper()}")

    found = answer.json()
    assert found | {"Links": [], "DataItems": []} == {
        "Links": [],
        "DataItems": [],
        "Value": "Leave request",
        "DN": LEAVE_DN,
        "GUID": LEAVE,
        "Link": f"/RIS/v1/wf/definitions/{LEAVE}",
        "Category": "accounts",
        "DigitalSignatureType": "not-required",
        "Description": "Paid leave of one or more working days",
        "Operation": "0",
        "LegalDisclaimer": "Leave is granted subject to the collective agreement.",
    }
    assert found["DataItems"][0] == {"Name": "days", "Type": "integer", "Value": "", "Values": [], "MultiValued": False}


@pytest.mark.parametrize(
    ("accepted", "name"),
    [("nl-BE,nl;q=0.9", "Verlofaanvraag"), ("de, nl;q=0.5", "Verlofaanvraag"), ("de", "Leave request")],
)
async def test_texts_follow_accept_language(server: RunningServer, accepted: str, name: str):
    process_id = await server.start()

    headers = {"Accept-Language": accepted}
    definition = await server("anna").get(f"/v1/wf/definitions/{LEAVE}", headers=headers)
    process = await server("anna").get(f"/v1/wf/processes/{process_id}", headers=headers)

    assert definition.json()["Value"] == process.json()["Definition"]["Value"] == name


async def test_a_process(server: RunningServer):
    process_id = await server.start("anna")

    answer = await server("anna").get(f"/RIS/v1/wf/processes/{process_id}")

    assert answer.json() == {
        "Links": [
            {
                "Link": f"/RIS/v1/wf/workitems?filter=ProcessId%3D{process_id}",
                "Type": "wf/workitems",
                "Value": "Workflow Workitems",
            }
        ],
        "GUID": process_id,
        "Link": f"/RIS/v1/wf/processes/{process_id}",
        "Initiator": ANNA,
        "Recipient": ANNA,
        "Definition": {
            "Value": "Leave request",
            "DN": LEAVE_DN,
            "GUID": LEAVE,
            "Link": f"/RIS/v1/wf/definitions/{LEAVE}",
            "Version": "1",
        },
        "Created": "20260302090000000+0000",
        "Completed": "",
        "ApprovalStatus": "Processing",
        "ProcessStatus": "Running",
        "Version": "1",
        "EngineId": "ENGINE",
    }


async def test_a_work_item(server: RunningServer):
    process_id = await server.start("anna", first_day="20260401080000000+0200")

    found = (await server("ben").get("/v1/wf/workitems")).json()

    assert len(found) == 1
    item_id = found[0]["GUID"]
    actions = [(each["Code"], each["Value"]) for each in found[0].pop("AvailableActions")]
    assert actions == [
        ("0", "Approve"),
        ("1", "Deny"),
        ("2", "Refuse"),
        ("3", "Claim"),
        ("6", "Comment only"),
        ("7", "Return for changes"),
    ]
    data = {each["Name"]: each["Value"] for each in found[0].pop("DataItems")}
    assert data == {"days": "3", "first_day": "20260401060000000+0000", "reason": ""}
    found[0].pop("Definition")
    assert found[0] == {
        "GUID": item_id,
        "Link": f"/v1/wf/workitems/{item_id}",
        "Links": [
            {
                "Link": f"/v1/wf/processes?filter=ProcessId%3D{process_id}",
                "Type": "wf/processes",
                "Value": "Workflow Processes",
            }
        ],
        "Process": {"GUID": process_id, "Link": f"/v1/wf/processes/{process_id}"},
        "Activity": "manager",
        "ActivityName": "Manager's approval",
        "Addressee": BEN,
        "Owner": NOBODY,
        "Recipient": ANNA,
        "Initiator": ANNA,
        "Status": {"Code": "0", "Value": "Open"},
        "Priority": {"Code": "2", "Value": "Medium"},
        "Created": "20260302090000000+0000",
        "Expires": "20260307090000000+0000",
        "Completed": "",
    }
    alone = (await server("ben").get(found[0]["Link"])).json()
    assert alone["GUID"] == item_id


async def test_comments(server: RunningServer):
    process_id = await server.start()
    await server.act("ben", await server.item(process_id), "Approve", Comment="Enjoy it.")
    path = f"/v1/wf/processes/{process_id}/comments"

    both = (await server("anna").get(path)).json()
    people = (await server("anna").get(f"{path}?filter=Type=User")).json()
    systems = (await server("anna").get(f"{path}?filter=Type=System")).json()

    assert people == [
        {
            "Activity": "manager",
            "ActivityName": "Manager's approval",
            "Comment": "Enjoy it.",
            "System": False,
            "Timestamp": "20260302090000000+0000",
            "User": {"DN": BEN["DN"], "Value": "Ben Berg"},
        }
    ]
    assert all(comment["System"] for comment in systems)
    assert len(both) == len(people) + len(systems)
    assert (await server("anna").get(f"{path}?filter=Type=User&filter=Type=System")).json() == []


PROCESS_FILTERS = [
    (["Definition=" + LEAVE_DN], 2),
    (["Definition=CN=leave request, cn=RequestDefs,cn=AppConfig,o=placet"], 2),
    (["Definition=cn=Nothing,o=placet"], 0),
    (["EngineId=engine"], 2),
    (["Recipient=cn=clara,ou=users,o=placet"], 1),
    (["initiator=cn=anna,ou=users,o=placet"], 2),
    (["ApprovalStatus=0"], 1),
    (["approvalstatus=approved"], 1),
    (["ProcessStatus=3"], 1),
    (["ProcessStatus=Completed", "ApprovalStatus=Denied"], 0),
    (["CreationTime=20260302090000000+0000EQ"], 1),
    (["CreationTime=20260302090000000+0000GT"], 1),
    (["CreationTime=20260302090000000+0000GE", "CreationTime=20260303000000000-0000LT"], 1),
    (["CreationTime=20260302040000000-0500LE"], 1),
    (["CreationTime=20260302090000000+0000LT"], 0),
    (["CompletionTime=20260302000000000+0000GE"], 1),
    (["CorrelationId=order 7"], 1),
    (["CorrelationId=Order 7"], 0),
    (["Initiator=self"], 0),
]


async def test_filters_of_processes(server: RunningServer):
    """Of two requests of Anna's one is done; the other came a day later and is for Clara."""
    first = await server.start("anna")
    await server.act("ben", await server.item(first), "Approve")
    server.clock.move(days=1)
    body = {
        "DataItems": [{"Name": "days", "Value": 2}],
        "Recipient": "cn=clara,ou=users,o=placet",
        "CorrelationId": "order 7",
    }
    await server("anna").post(f"/v1/wf/definitions/{LEAVE}", json=body)

    for criteria, count in PROCESS_FILTERS:
        answer = await server("admin").get("/v1/wf/processes", params=[("filter", each) for each in criteria])
        assert answer.status_code == 200, answer.text
        assert len(answer.json()) == count, criteria


async def test_filters_by_id(server: RunningServer):
    one, _ = await server.start(), await server.start()
    item = await server.item(one)

    assert await ids(server, f"/v1/wf/processes?filter=ProcessId={one}") == [one]
    assert await ids(server, f"/v1/wf/processes?filter=processtid={one}") == [one]
    assert await ids(server, f"/v1/wf/workitems?filter=WorkId={item['GUID']}") == [item["GUID"]]


ITEM_FILTERS: list[tuple[list[str], int]] = [
    ([], 1),
    (["Status=Open"], 1),
    (["Status=2"], 1),
    (["Status=timedout"], 0),
    (["Addressee=self"], 1),
    (["AssignedTo=self", "Status=Completed"], 1),
    (["Addressee=cn=ben,ou=users,o=placet"], 1),
    (["Addressee=cn=clara,ou=users,o=placet"], 0),
    (["ActivityId=manager"], 1),
    (["Owner=cn=ben,ou=users,o=placet"], 0),
    (["Priority=Medium"], 1),
    (["Recipient=cn=anna,ou=users,o=placet"], 1),
    (["Initiator=cn=anna,ou=users,o=placet"], 1),
    (["CreationTime=20260302090000000+0000GE"], 1),
    (["ExpTime=20260307090000000+0000EQ"], 1),
    (["CompletionTime=20260302090000000+0000EQ", "Status=Completed"], 1),
    (["Definition=" + LEAVE_DN], 1),
    (["ProxyFor=cn=ben,ou=users,o=placet"], 0),
]


async def test_filters_of_work_items(server: RunningServer):
    """Of two items of Ben's one is done; without a `Status` only the open one counts."""
    await server.act("ben", await server.item(await server.start()), "Approve")
    await server.start()

    for criteria, count in ITEM_FILTERS:
        answer = await server("ben").get("/v1/wf/workitems", params=[("filter", each) for each in criteria])
        assert answer.status_code == 200, answer.text
        assert len(answer.json()) == count, criteria


async def test_processes_come_newest_first_and_items_oldest_first(server: RunningServer):
    made = []
    for _ in range(3):
        made.append(await server.start())
        server.clock.move(seconds=1)
    items = [f"{each[:28]}0001" for each in made]

    assert await ids(server, "/v1/wf/processes") == made[::-1]
    assert await ids(server, "/v1/wf/processes?sort=CreationTime") == made
    assert await ids(server, "/v1/wf/workitems") == items
    assert await ids(server, "/v1/wf/workitems?sort=-CreationTime") == items[::-1]


@pytest.mark.parametrize("collection", ["processes", "workitems"])
@pytest.mark.parametrize("sort", ["CreationTime", "-CreationTime"])
async def test_pages_lead_through_the_whole_collection(server: RunningServer, collection: str, sort: str):
    for _ in range(5):
        await server.start()  # all at one moment: a page must be able to end between them
    path = f"/RIS/v1/wf/{collection}?filter=Initiator%3Dcn%3Danna,ou%3Dusers,o%3Dplacet&sort={sort}"
    whole = await ids(server, path)

    pages, following = [], f"{path}&limit=2"
    while following:
        answer = await server("admin").get(following)
        pages.append([each["GUID"] for each in answer.json()])
        following = answer.links.get("next", {}).get("url", "")
        assert following == "" or following.startswith("/RIS/v1/wf/")

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [guid for page in pages for guid in page] == whole


async def start_many(engine: Engine, count: int) -> None:
    for _ in range(0, count, 500):
        await asyncio.gather(
            *(engine.as_system().start("Leave request", initiator="anna", data={"days": 1}) for _ in range(500))
        )


@pytest.mark.parametrize("flags", ["", ";debug"])
async def test_a_plain_get_gives_the_whole_collection(server: RunningServer, flags: str):
    """More than two pages are streamed as one array, also indented, and each row is there once."""
    await start_many(server.engine, 2 * MOST_ROWS + 500)

    for collection in ("processes", "workitems"):
        found = await ids(server, f"/v1/wf/{collection}{flags}")
        assert len(found) == len(set(found)) == 2 * MOST_ROWS + 500


async def test_a_collection_of_whole_pages_ends_well(server: RunningServer):
    await start_many(server.engine, 2 * MOST_ROWS)

    assert len(await ids(server, "/v1/wf/processes")) == 2 * MOST_ROWS
    assert len(await ids(server, "/v1/wf/processes;debug")) == 2 * MOST_ROWS


async def test_a_stream_stops_when_the_client_goes_away(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    await start_many(server.engine, 3 * MOST_ROWS)
    asked: list[Any] = []
    gone = asyncio.Event()
    read = server.engine.list_processes

    async def slow(*args: Any, **options: Any) -> Any:
        asked.append(options["after"])
        if len(asked) == 2:
            await gone.wait()
        return await read(*args, **options)

    monkeypatch.setattr(server.engine, "list_processes", slow)
    async with server("admin").stream("GET", "/v1/wf/processes") as answer:
        assert answer.status_code == 200
    await server("admin").aclose()  # leaves in the middle of the second page
    server._clients.pop("admin")
    assert (await server("anna").get("/healthz")).status_code == 200  # by now the server has seen that
    gone.set()
    for _ in range(20):
        assert (await server("anna").get("/healthz")).status_code == 200

    assert len(asked) == 2


async def test_a_stream_that_fails_is_cut_off(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    """No client takes the rows before a failure for the whole collection."""
    await start_many(server.engine, 2 * MOST_ROWS)
    read = server.engine.list_processes

    async def failing(*args: Any, **options: Any) -> Any:
        if options["after"] is not None:
            raise Unavailable("The database cannot take this now.")
        return await read(*args, **options)

    monkeypatch.setattr(server.engine, "list_processes", failing)

    with pytest.raises(httpx2.RemoteProtocolError):
        await server("admin").get("/v1/wf/processes")


async def test_debug_is_indented_anywhere_in_the_path(server: RunningServer):
    process_id = await server.start()
    plain = await server("anna").get(f"/v1/wf/processes/{process_id}")

    for path in (
        f"/v1/wf/processes/{process_id};debug",
        f"/v1/wf/processes;debug/{process_id}",
        f"/v1;debug/wf/processes/{process_id}",
        f"/v1/wf;DEBUG=true;jsessionid=7/processes/{process_id}/",
    ):
        indented = await server("anna").get(path)
        assert indented.json() == plain.json()
        assert indented.text.startswith('{\n  "Links": [\n')
    assert "\n" not in plain.text
    assert (await server("anna").get("/v1/wf/processes;debug")).text.startswith("[\n  {\n")


async def test_who_sees_what(server: RunningServer):
    process_id = await server.start("anna")
    item = await server.item(process_id)

    for user, sees in {"anna": 200, "ben": 200, "admin": 200, "dora": 404, "clara": 404}.items():
        for path in ("", "/comments"):
            answer = await server(user).get(f"/v1/wf/processes/{process_id}{path}")
            assert answer.status_code == sees, (user, path)
        assert bool(await ids(server, "/v1/wf/processes", user)) == (sees == 200)
    for user, sees in {"ben": 200, "admin": 200, "dora": 404, "anna": 404}.items():
        assert (await server(user).get(item["Link"])).status_code == sees, user


async def test_a_retired_definition_is_not_listed_but_its_link_still_leads_to_it(server: RunningServer):
    process_id = await server.start()
    await server.engine.as_system().retire("Leave request")

    listed = [each["GUID"] for each in (await server("anna").get("/v1/wf/definitions")).json()]
    process = (await server("anna").get(f"/v1/wf/processes/{process_id}")).json()

    assert LEAVE not in listed
    assert (await server("anna").get(process["Definition"]["Link"])).status_code == 200
    refused = await server("anna").post(f"/v1/wf/definitions/{LEAVE}", json={})
    assert refused.status_code == 409


async def test_head_has_the_headers_of_get_and_no_body(server: RunningServer):
    process_id = await server.start()

    for path in ("/v1", "/v1/wf/processes", f"/v1/wf/processes/{process_id}", "/v1/wf/processes;schema", "/healthz"):
        got, head = await server("anna").get(path), await server("anna").head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]
        assert head.headers.get("etag") == got.headers.get("etag")


async def test_an_entity_tag_saves_sending_again(server: RunningServer):
    process_id = await server.start()
    path = f"/v1/wf/processes/{process_id}"
    tag = (await server("anna").get(path)).headers["etag"]

    again = await server("anna").get(path, headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)

    await server.act("ben", await server.item(process_id), "Claim")
    changed = await server("anna").get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag

    dutch = await server("anna").get(path, headers={"Accept-Language": "nl"})
    assert dutch.headers["etag"] != changed.headers["etag"]


async def test_a_timed_out_item_says_so(server: RunningServer):
    item = await server.item(await server.start())
    server.clock.move(days=6)
    await server.engine.settled()

    found = (await server("admin").get(item["Link"])).json()

    assert found["Status"] == {"Code": "4", "Value": "Timedout"}
    assert found["AvailableActions"] == []
