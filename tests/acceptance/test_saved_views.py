"""Saved views over REST: everybody's own, shared by their owner, changed by nobody else."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from placet import saved_views
from tests.acceptance.conftest import RunningServer

VIEWS = "/v1/views"
NEW = {"Name": "Stuck", "Query": "ProcessStatus = Running and CreationTime < -7d"}

pytestmark = pytest.mark.usefixtures("without_jobs")


async def saved(client: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post(VIEWS, json=NEW | more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def reason(answer: httpx2.Response) -> str:
    return str(answer.json()["Fault"]["Reason"]["Text"])


async def names(client: httpx2.AsyncClient, **parameters: str) -> list[str]:
    return [each["Name"] for each in (await client.get(VIEWS, params=parameters)).json()]


async def test_a_view_is_saved_read_changed_and_removed(server: RunningServer):
    anna = server("anna")
    made = await anna.post(VIEWS, json=NEW)

    view = made.json()
    assert (made.status_code, made.headers["location"]) == (201, view["Link"])
    assert view | {"GUID": "", "Link": ""} == {
        "GUID": "",
        "Link": "",
        "Name": "Stuck",
        "Owner": {"DN": "cn=anna,ou=users,o=placet", "Value": "Anna Berg", "GUID": "", "Link": ""},
        "Resource": "processes",
        "Query": NEW["Query"],
        "Shared": False,
        "Revision": 1,
        "Created": "20260302090000000+0000",
        "Updated": "",
    }
    read = await anna.get(view["Link"])
    assert read.json() == view
    assert (await anna.get(view["Link"], headers={"If-None-Match": read.headers["etag"]})).status_code == 304
    changed = view | {"Name": "Late", "Query": "DueTime < now", "Resource": "workitems", "Shared": True}
    assert (await anna.put(view["Link"], json=changed, headers={"If-Match": '"7"'})).status_code == 412
    answer = await anna.put(view["Link"], json=changed, headers={"If-Match": read.headers["etag"]})
    assert (answer.status_code, answer.json()["Revision"]) == (200, 2)
    assert (answer.json()["Name"], answer.json()["Query"], answer.json()["Shared"]) == ("Late", "DueTime < now", True)
    same = await anna.put(view["Link"], json=changed)
    assert same.json()["Revision"] == 2
    assert (await anna.delete(view["Link"], headers={"If-Match": read.headers["etag"]})).status_code == 412
    assert (await anna.delete(view["Link"])).status_code == 204
    assert (await anna.get(view["Link"])).status_code == 404


async def test_others_see_what_is_shared_and_change_nothing_of_it(server: RunningServer):
    await saved(server("anna"))
    shared = await saved(server("anna"), Name="For all", Shared=True)
    own = await saved(server("ben"), Name="Zebra")

    assert await names(server("anna")) == ["For all", "Stuck"]
    assert await names(server("ben")) == ["Zebra", "For all"]
    assert await names(server("dora")) == ["For all"]
    for answer in (await server("ben").put(shared["Link"], json=NEW), await server("admin").delete(shared["Link"])):
        assert answer.status_code == 403
        assert "of somebody else, who shares it" in reason(answer)
    hidden = (await server("anna").get(VIEWS)).json()[1]["Link"]
    for answer in (await server("ben").get(hidden), await server("ben").delete(hidden)):
        assert answer.status_code == 404
    assert (await server("ben").get(own["Link"])).status_code == 200


async def test_names_are_told_apart_per_owner_without_case(server: RunningServer):
    await saved(server("anna"))
    await saved(server("ben"))
    other = await saved(server("anna"), Name="Other")

    for answer in (
        await server("anna").post(VIEWS, json=NEW | {"Name": "STUCK"}),
        await server("anna").put(other["Link"], json=NEW | {"Name": "stuck"}),
    ):
        assert answer.status_code == 409
        assert "You have a view 'Stuck' already" in reason(answer)


async def test_those_of_one_resource_can_be_asked_for(server: RunningServer):
    await saved(server("anna"))
    await saved(server("anna"), Name="Late", Resource="workitems", Query="DueTime < now")

    assert await names(server("anna"), resource="workitems") == ["Late"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Query": "x"}, "has to have a Name and a Query"),
        ({"Name": "x"}, "has to have a Name and a Query"),
        (NEW | {"Name": ""}, "is no name"),
        (NEW | {"Name": "two\nlines"}, "is no name"),
        (NEW | {"Resource": "process"}, "There is no resource 'process'"),
        (NEW | {"Query": "Colour = red"}, "'Colour' is not a field of processes"),
        (NEW | {"Query": "cursor abc"}, "leave it out of a view"),
        (NEW | {"Shared": "yes"}, "Shared"),
    ],
)
async def test_what_cannot_be_saved_says_why(server: RunningServer, body, words):
    answer = await server("anna").post(VIEWS, json=body)

    assert answer.status_code == 400
    assert words in reason(answer)


async def test_a_query_that_is_wrong_says_where(server: RunningServer):
    answer = await server("anna").post(VIEWS, json=NEW | {"Query": "Initiator = me and Statu = 1"})

    assert answer.json()["Fault"]["Detail"]["Query"]["Position"] == 19


async def test_there_are_only_so_many(server: RunningServer, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 2)
    await saved(server("anna"), Name="One")
    await saved(server("anna"), Name="Two")

    answer = await server("anna").post(VIEWS, json=NEW)

    assert (answer.status_code, "You have 2 views already" in reason(answer)) == (409, True)
    await saved(server("ben"))
