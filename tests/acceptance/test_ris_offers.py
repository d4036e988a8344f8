"""What a work item offers to whom, and what becomes of who may not see it; what only the process itself sets."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import RunningServer
from tests.acceptance.test_ris_changing import parcel, reason_of

COUNTED = """
name: Counted
data:
  text: {type: string}
  round: {type: integer, internal: true}
start: count
activities:
  count: {kind: mapping, set: {round: "has(data.round) ? data.round + 1 : 1"}, next: ask}
  ask: {kind: approval, addressees: initiator.manager, paths: {approved: done, denied: done, returned: count}}
  done: {kind: finish}
"""

pytestmark = pytest.mark.usefixtures("without_jobs")


async def board_item(server: RunningServer) -> dict[str, object]:
    """An item of the board, to which Ben and Clara belong."""
    started = await server("anna").post(await parcel(server), json={"DataItems": []})
    return await server.item(started.headers["location"][-32:])


async def offered(server: RunningServer, user: str, item: dict[str, object]) -> list[str] | int:
    """The actions that an item offers to somebody, or the status where he may not see it."""
    answer = await server(user).get(item["Link"])
    if answer.status_code != 200:
        return answer.status_code
    return [each["Value"] for each in answer.json()["AvailableActions"]]


async def test_what_would_be_refused_is_not_offered(server: RunningServer):
    item = await server.item(await server.start("ben", days=20))  # the board decides, and Ben is of it
    actions = ["Approve", "Deny", "Refuse", "Claim", "Comment only", "Return for changes"]

    assert await offered(server, "ben", item) == []
    assert await offered(server, "clara", item) == actions
    assert await offered(server, "admin", item) == [*actions[:4], "Reassign", *actions[4:]]
    for action in ("Approve", "Deny", "Claim", "Comment only"):
        refused = await server.act("ben", item, action, Comment="It is mine.")
        assert refused.status_code == 403
        assert "forbids self-approval" in reason_of(refused)
    assert (await server.act("clara", item, "Approve")).json()["AvailableActions"] == []


async def test_a_claimed_item_of_a_group_is_not_there_for_the_others(server: RunningServer):
    item = await board_item(server)
    await server.act("ben", item, "Claim")

    hidden = [await server("clara").get(item["Link"])]
    hidden += [await server.act("clara", item, action) for action in ("Approve", "Release", "Claim", "Reassign")]

    assert {(each.status_code, reason_of(each)) for each in hidden} == {
        (404, f"There is no work item {item['GUID']}."),
    }
    again = await server.act("admin", item, "Claim")
    assert again.status_code == 409
    assert "that is claimed; it accepts: Approve, Comment, Deny, Reassign, Refuse, Release, Return." in reason_of(again)
    assert "Release" in await offered(server, "ben", item)
    await server.act("ben", item, "Release")
    assert "Claim" in await offered(server, "clara", item)


async def test_who_was_slower_than_a_colleague_reads_why(server: RunningServer):
    item = await board_item(server)
    await server.act("ben", item, "Claim")
    await server.act("ben", item, "Deny")

    late = await server.act("clara", item, "Approve")

    assert late.status_code == 409
    assert "was denied by Ben Berg at 2026-03-02 09:00:00 UTC" in reason_of(late)
    assert await offered(server, "clara", item) == []


async def test_what_the_process_sets_itself_is_asked_of_nobody(server: RunningServer):
    definition, _, _ = await server.engine.as_system().deploy(COUNTED)
    path = f"/v1/wf/definitions/{definition.guid}"
    asked = [each["Name"] for each in (await server("anna").get(path)).json()["DataItems"]]
    refused = await server("anna").post(path, json={"DataItems": [{"Name": "round", "Value": "3"}]})
    started = await server("anna").post(path, json={"DataItems": [{"Name": "text", "Value": "a"}]})
    item = await server.item(started.headers["location"][-32:])
    await server.act("ben", item, "Return for changes")
    back = (await server("anna").get("/v1/wf/workitems?filter=Addressee=self")).json()[0]

    forged = await server.act("anna", back, "Approve", DataItems=[{"Name": "round", "Value": "7"}])
    sent = await server.act("anna", back, "Approve")

    assert asked == ["text"]
    for answer in (refused, forged):
        assert answer.status_code == 400
        assert (
            reason_of(answer) == "The data item 'round' is set by the process itself and cannot be given; leave it out."
        )
    values = {each["Name"]: each["Value"] for each in sent.json()["DataItems"]}
    assert (sent.status_code, values) == (200, {"text": "a", "round": "2"})
