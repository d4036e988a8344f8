"""Somebody is made inactive over HTTP: whom the items that wait for him are asked of then."""

from __future__ import annotations

import pytest

from placet.core.names import dn_guid, group_dn, user_dn

BASE = "/api/1.0/workflow"
BEN, DORA = user_dn("ben"), user_dn("dora")
BEN_USER = f"{BASE}/user/{dn_guid(BEN)}"
HR, BOARD = group_dn("HR"), group_dn("Board")


async def made_hr(server, user="dora"):
    """Somebody is of the personnel department, the fallback of leave requests."""
    answer = await server("admin").post(f"{BASE}/group/{dn_guid(HR)}/user", json={"usr_uid": dn_guid(user_dn(user))})
    assert answer.is_success, answer.text


async def disabled(server, user=BEN_USER):
    answer = await server("admin").put(user, json={"usr_status": "INACTIVE"})
    assert answer.is_success, answer.text
    await server.engine.settled()


async def inbox(server, user):
    answer = await server(user).get("/v1/wf/workitems?filter=Addressee=self&filter=Status=Open")
    return [item["Link"].rpartition("/")[2][:28] + "0000" for item in answer.json()]


async def test_what_waits_for_somebody_inactive_goes_to_the_fallback_who_can_answer_it(server):
    await made_hr(server)
    process_id = await server.start("anna")
    assert await inbox(server, "dora") == []

    await disabled(server)

    assert await inbox(server, "dora") == [process_id]
    item = await server.item(process_id)
    assert item["Addressee"]["DN"] == HR
    assert [each.text for each in await server.engine.as_system().comments(process_id)] == [
        "Manager's approval: Ben Berg is inactive; HR is asked instead."
    ]
    assert (await server.act("dora", item, "Approve")).is_success
    process = (await server("anna").get(f"/v1/wf/processes/{process_id}")).json()
    assert process["ApprovalStatus"] == "Approved"


async def test_he_gets_nothing_back_and_still_sees_it_once_he_is_active_again(server):
    await made_hr(server)
    process_id = await server.start("anna")
    await disabled(server)

    await server("admin").put(BEN_USER, json={"usr_status": "ACTIVE"})
    await server.engine.settled()

    assert (await server("ben").get(f"/v1/wf/processes/{process_id}")).is_success
    assert await inbox(server, "ben") == []


async def test_a_group_whose_members_left_one_by_one(server):
    await made_hr(server)
    process_id = await server.start("anna", days=20)

    await disabled(server)
    assert (await server.item(process_id))["Addressee"]["DN"] == BOARD
    left = await server("admin").delete(f"{BASE}/group/{dn_guid(BOARD)}/user/{dn_guid(user_dn('clara'))}")
    assert left.is_success, left.text
    await server.engine.settled()

    assert (await server.item(process_id))["Addressee"]["DN"] == HR


async def test_an_absence_keeps_the_work_with_the_delegate(server):
    await made_hr(server)
    process_id = await server.start("anna")
    absence = await server("ben").post("/v1/absences", json={"Delegate": "clara"})
    await disabled(server)

    item = await server.item(process_id)
    assert (item["Addressee"]["DN"], await inbox(server, "dora")) == (BEN, [])
    await server("admin").delete(absence.json()["Link"])
    await server.engine.settled()

    assert await inbox(server, "dora") == [process_id]


@pytest.mark.parametrize("days", [3, 20])
async def test_where_the_fallback_is_empty_the_request_waits_and_says_why(server, days):
    process_id = await server.start("anna", days=days)

    await disabled(server)
    await disabled(server, f"{BASE}/user/{dn_guid(user_dn('clara'))}")

    process = (await server("anna").get(f"/v1/wf/processes/{process_id}")).json()
    assert (process["ProcessStatus"], process["ApprovalStatus"]) == ("Running", "Processing")
    (comment,) = await server.engine.as_system().comments(process_id)
    assert "nobody can answer any more" in comment.text
