"""Changing: starting, acting on items, ending, pausing and commenting; with keys, preferences and revisions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from placet_api import create_app
from tests.acceptance.conftest import LEAVE, RunningServer, serving

START = f"/v1/wf/definitions/{LEAVE}"
BODY = {"DataItems": [{"Name": "days", "Value": "3"}]}

pytestmark = pytest.mark.usefixtures("without_jobs")


def reason_of(answer: httpx2.Response) -> str:
    return str(answer.json()["Fault"]["Reason"]["Text"])


async def parcel(server: RunningServer) -> str:
    definitions = (await server("anna").get("/v1/wf/definitions")).json()
    return next(str(each["Link"]) for each in definitions if each["Value"] == "Parcel")


# -- starting ------------------------------------------------------------------------------------


async def test_a_start_says_where_the_process_is(server: RunningServer):
    answer = await server("anna").post(f"/RIS{START}", json=BODY)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"].startswith("/RIS/v1/wf/processes/")
    assert (await server("anna").get(answer.headers["location"])).json()["Initiator"]["Value"] == "Anna Berg"


async def test_a_start_takes_a_recipient_and_a_correlation_id(server: RunningServer):
    body = BODY | {"Recipient": "clara", "CorrelationId": "order 7", "Proxy": "", "Nonsense": [1]}

    started = await server("anna").post(START, json=body)

    process = (await server("anna").get(started.headers["location"])).json()
    assert process["Recipient"]["DN"] == "cn=clara,ou=users,o=placet"
    assert process["CorrelationId"] == "order 7"
    assert "Proxy" not in process


async def test_an_administrator_starts_as_a_proxy(server: RunningServer):
    body = BODY | {"Proxy": {"DN": "cn=anna,ou=users,o=placet"}}

    started = await server("admin").post(START, json=body)
    refused = await server("ben").post(START, json=body)

    assert (await server("admin").get(started.headers["location"])).json()["Proxy"] == "cn=anna,ou=users,o=placet"
    assert refused.status_code == 403


async def test_prefer_asks_for_the_process(server: RunningServer):
    answer = await server("anna").post(START, json=BODY, headers={"Prefer": "respond-async, return=representation"})

    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "return=representation"
    value = answer.json()
    assert value.pop("requestID") == value["GUID"]
    read = await server("anna").get(answer.headers["location"])
    assert value == read.json()
    assert answer.headers["etag"] == read.headers["etag"]


async def test_a_setting_lets_a_start_answer_with_the_new_id(server: RunningServer):
    engine = server.engine
    engine.settings = replace(engine.settings, start_response="requestID")

    answer = await server("anna").post(START, json=BODY)
    minimal = await server("anna").post(START, json=BODY, headers={"Prefer": "return=minimal"})

    assert answer.status_code == 200
    assert answer.headers["location"].endswith(answer.json()["requestID"])
    assert minimal.status_code == 204


@pytest.mark.parametrize("by", ["Value", "Values"])
async def test_values_of_every_type(server: RunningServer, by: str):
    """What is given for each type, and what is shown for it; what is shown may be sent back."""
    given: dict[str, tuple[Any, Any]] = {
        "text": ("Ünïcode 🙂", "Ünïcode 🙂"),
        "truth": (True, "true"),
        "count": ("-7", "-7"),
        "price": (1250.5, "1250.5"),
        "day": ("2008-07-23T04:47:15-04:00", "20080723084715000+0000"),
        "who": ("cn=anna,ou=users,o=placet", "cn=anna,ou=users,o=placet"),
        "bytes": ("SGVsbG8=", "SGVsbG8="),
        "tree": ({"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
    }
    entries = [{"Name": name, by: value if by == "Value" else [{"Value": value}]} for name, (value, _) in given.items()]
    entries.append({"Name": "tags", "Values": [{"Value": "red"}, {"Value": "blue"}], "MultiValued": True})

    started = await server("anna").post(await parcel(server), json={"DataItems": entries})
    assert started.status_code == 204, started.text
    item = await server.item(started.headers["location"][-32:])

    shown = {each["Name"]: each for each in item["DataItems"]}
    assert {name: shown[name]["Value"] for name in given} == {name: value for name, (_, value) in given.items()}
    assert shown["tags"]["Values"] == [{"Value": "red"}, {"Value": "blue"}]
    assert shown["tags"]["MultiValued"] is True
    done = await server.act("ben", item, "Approve")
    assert done.status_code == 200, done.text
    assert done.json()["DataItems"] == item["DataItems"]


async def test_an_edited_form_tells_which_of_value_and_values_was_edited(server: RunningServer):
    started = await server("anna").post(
        await parcel(server), json={"DataItems": [{"Name": "text", "Value": "old"}, {"Name": "count", "Value": 1}]}
    )
    item = await server.item(started.headers["location"][-32:])
    by_name = {each["Name"]: each for each in item["DataItems"]}
    by_name["text"]["Value"] = "new"  # Values still says old
    by_name["count"]["Values"] = [{"Value": "2"}]  # Value still says 1

    done = await server.act("ben", item, "Approve")

    assert done.status_code == 200, done.text
    shown = {each["Name"]: each["Value"] for each in done.json()["DataItems"]}
    assert (shown["text"], shown["count"]) == ("new", "2")


# -- idempotency ---------------------------------------------------------------------------------


async def test_a_key_gives_one_process_however_often_it_is_sent(server: RunningServer):
    key = {"Idempotency-Key": "one"}

    body = BODY | {"Recipient": "clara"}
    answers = await asyncio.gather(*(server("anna").post(START, json=body, headers=key) for _ in range(8)))
    later = await server("anna").post(START, json=dict(reversed(body.items())), headers=key)

    assert {each.status_code for each in [*answers, later]} == {204}
    assert len({each.headers["location"] for each in [*answers, later]}) == 1
    assert len((await server("anna").get("/v1/wf/processes")).json()) == 1
    whole = await server("anna").post(START, json=body, headers=key | {"Prefer": "return=representation"})
    assert whole.json()["Link"] == later.headers["location"]


async def test_a_key_belongs_to_one_request_and_one_caller(server: RunningServer):
    key = {"Idempotency-Key": "one"}
    first = await server("anna").post(START, json=BODY, headers=key)

    other_body = await server("anna").post(START, json=BODY | {"Recipient": "clara"}, headers=key)
    other_definition = await server("anna").post(await parcel(server), json=BODY, headers=key)
    other_caller = await server("clara").post(START, json=BODY, headers=key)

    assert (other_body.status_code, other_definition.status_code) == (409, 409)
    assert other_caller.status_code == 204
    assert other_caller.headers["location"] != first.headers["location"]


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_cannot_be_one(server: RunningServer, key: str):
    answer = await server("anna").post(START, json=BODY, headers={"Idempotency-Key": key})

    assert answer.status_code == 400


# -- acting --------------------------------------------------------------------------------------


ACTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("PUT", {"Code": "0"}, "Completed"),
    ("POST", {"Code": 1}, "Completed"),
    ("PUT", {"Code": "0", "Value": "Approve"}, "Completed"),
    ("PUT", {"Value": "refuse"}, "Completed"),
    ("PUT", {"Value": "Claim"}, "Claimed"),
    ("PUT", {"Value": "Return for changes"}, "Completed"),
    ("PUT", {"Code": "7", "Value": "Return"}, "Completed"),
]


async def test_actions(server: RunningServer):
    for method, action, status in ACTIONS:
        item = await server.item(await server.start())
        answer = await server("ben").request(method, item["Link"], json=item | {"AvailableActions": [action]})
        assert answer.status_code == 200, answer.text
        assert answer.json()["Status"]["Value"] == status, action
        assert answer.json() == (await server("ben").get(item["Link"])).json()


async def test_a_claimed_item_is_released_reassigned_and_commented(server: RunningServer):
    item = await server.item(await server.start())

    claimed = await server.act("ben", item, "Claim")
    released = await server.act("ben", item, "Release")
    forbidden = await server.act("ben", item, "Reassign", Addressee={"DN": "cn=clara,ou=users,o=placet"})
    moved = await server.act("admin", item, "Reassign", Addressee={"DN": "cn=clara,ou=users,o=placet"})
    noted = await server.act("clara", item, "Comment only", Comment="I will look at it.")

    assert claimed.json()["Owner"]["Value"] == "Ben Berg"
    assert released.json()["Owner"]["DN"] == ""
    assert forbidden.status_code == 403
    assert moved.json()["Addressee"]["Value"] == "Clara Berg"
    assert noted.status_code == 200
    comments = (await server("clara").get(f"{item['Link']}/comments?filter=Type=User")).json()
    assert [each["Comment"] for each in comments] == ["I will look at it."]


async def test_of_two_decisions_at_once_one_wins_and_the_other_reads_why(server: RunningServer):
    started = await server("anna").post(await parcel(server), json={"DataItems": []})
    item = await server.item(started.headers["location"][-32:])

    answers = await asyncio.gather(server.act("ben", item, "Approve"), server.act("clara", item, "Deny"))

    assert sorted(each.status_code for each in answers) == [200, 409]
    loser = next(each for each in answers if each.status_code == 409)
    winner = "approved by Ben Berg" if loser is answers[1] else "denied by Clara Berg"
    assert f"{winner} at 2026-03-02 09:00:00 UTC" in reason_of(loser)


async def test_who_may_not_act_is_told_so_and_who_may_not_see_is_told_nothing(server: RunningServer):
    item = await server.item(await server.start("anna"))

    assert (await server.act("dora", item, "Approve")).status_code == 404
    assert (await server.act("anna", item, "Approve")).status_code == 404
    assert (await server("anna").delete(item["Process"]["Link"])).status_code == 204


NOT_UNDERSTOOD: list[tuple[dict[str, Any], str]] = [
    ({"AvailableActions": []}, "0 entries"),
    ({"AvailableActions": [{"Code": "0"}, {"Code": "1"}]}, "2 entries"),
    ({"AvailableActions": [{"Code": "0", "Value": "Deny"}]}, "Code 0 is Approve"),
    ({"AvailableActions": [{"Code": "9"}]}, "no Code '9'"),
    ({"AvailableActions": [{"Code": True}]}, "a boolean"),
    ({"AvailableActions": [{"Value": "Bless"}]}, "no Value 'Bless'"),
    ({"AvailableActions": [{}]}, "neither Code nor Value"),
    ({"AvailableActions": "Approve"}, "a text"),
    ({"AvailableActions": [{"Code": "6"}]}, "Comment"),
    ({"GUID": "0" * 32}, "work item"),
    ({"Comment": 5}, "Comment is a number"),
    ({"Comment": "\x00"}, "NUL"),
    ({"DataItems": [{"Name": "days", "Value": "9"}]}, "cannot be changed"),
]


async def test_an_action_that_cannot_be_understood(server: RunningServer):
    item = await server.item(await server.start())

    for members, said in NOT_UNDERSTOOD:
        body = item | {"AvailableActions": [{"Code": "0"}]} | members
        answer = await server("ben").put(item["Link"], json=body)
        assert answer.status_code == 400, answer.text
        assert said in reason_of(answer)
    assert (await server("ben").get(item["Link"])).json()["Status"]["Value"] == "Open"


# -- ending, pausing, commenting -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["DELETE", "POST"])
async def test_a_process_is_terminated_once(server: RunningServer, method: str):
    path = f"/v1/wf/processes/{await server.start()}"

    first = await server("anna").request(method, path)
    second = await server("anna").request(method, path)

    assert (first.status_code, first.content) == (204, b"")
    assert second.status_code == 409
    process = (await server("anna").get(path)).json()
    assert (process["ProcessStatus"], process["ApprovalStatus"]) == ("Terminated", "Retracted")
    assert process["Completed"] == "20260302090000000+0000"


async def test_an_administrator_ends_a_process_in_error(server: RunningServer):
    path = f"/v1/wf/processes/{await server.start()}"

    assert (await server("admin").delete(f"{path}?type=oops")).status_code == 400
    assert (await server("anna").delete(f"{path}?type=ERROR")).status_code == 403
    assert (await server("admin").delete(f"{path}?type=error")).status_code == 204
    assert (await server("admin").get(path)).json()["ApprovalStatus"] == "Error"


async def test_who_may_read_but_not_terminate_is_forbidden(server: RunningServer):
    path = f"/v1/wf/processes/{await server.start()}"

    assert (await server("ben").delete(path)).status_code == 403
    assert (await server("dora").delete(path)).status_code == 404


async def test_a_paused_process_is_read_but_not_acted_on(server: RunningServer):
    process_id = await server.start()
    path, item = f"/v1/wf/processes/{process_id}", await server.item(process_id)

    assert (await server("anna").post(f"{path}/pause")).status_code == 403
    assert (await server("admin").post(f"{path}/pause")).status_code == 204
    assert (await server("anna").get(path)).json()["ProcessStatus"] == "Stopped"
    assert (await server("ben").get(item["Link"])).json()["AvailableActions"] == []
    assert (await server.act("ben", item, "Approve")).status_code == 409
    assert (await server("admin").post(f"{path}/pause")).status_code == 409
    assert (await server("admin").post(f"{path}/resume")).status_code == 204
    assert (await server.act("ben", item, "Approve")).status_code == 200


async def test_comments_are_added_to_processes_and_items(server: RunningServer):
    process_id = await server.start()
    path, item = f"/v1/wf/processes/{process_id}/comments", await server.item(process_id)

    assert (await server("anna").post(path, json={"Comment": "Please."})).status_code == 204
    assert (await server("ben").post(f"{item['Link']}/comments", json={"Comment": "Soon."})).status_code == 204
    assert (await server("dora").post(path, json={"Comment": "?"})).status_code == 404
    assert (await server("anna").post(path, json={"Comment": " "})).status_code == 400
    assert (await server("anna").post(path, json={})).status_code == 400

    comments = (await server("anna").get(f"{path}?filter=Type=User")).json()
    assert [(each["User"]["Value"], each["Activity"], each["Comment"]) for each in comments] == [
        ("Anna Berg", "", "Please."),
        ("Ben Berg", "manager", "Soon."),
    ]


# -- revisions -----------------------------------------------------------------------------------


async def test_if_match_holds_a_command_to_what_its_sender_has_read(server: RunningServer):
    item = await server.item(await server.start())
    path = item["Process"]["Link"]
    tag = (await server("ben").get(item["Link"])).headers["etag"]
    body = item | {"AvailableActions": [{"Code": "3"}]}

    claimed = await server("ben").put(item["Link"], json=body, headers={"If-Match": f'"77.0.en", {tag}'})
    stale = await server("ben").put(item["Link"], json=body, headers={"If-Match": tag})
    stale_end = await server("anna").delete(path, headers={"If-Match": tag})
    weak = await server("anna").delete(path, headers={"If-Match": f"W/{claimed.headers['etag']}"})
    stranger = await server("dora").delete(path, headers={"If-Match": tag})
    any_state = await server("anna").delete(path, headers={"If-Match": "*"})

    assert claimed.status_code == 200
    assert claimed.headers["etag"] != tag
    assert (stale.status_code, stale_end.status_code, weak.status_code) == (412, 412, 412)
    assert "read it again" in reason_of(stale)
    assert stranger.status_code == 404
    assert any_state.status_code == 204


async def test_if_match_guards_pause_and_resume(server: RunningServer):
    path = f"/v1/wf/processes/{await server.start()}"

    refused = await server("admin").post(f"{path}/pause", headers={"If-Match": '"99.0.en"'})
    tag = (await server("admin").get(path)).headers["etag"]
    taken = await server("admin").post(f"{path}/pause", headers={"If-Match": tag})
    late = await server("admin").post(f"{path}/resume", headers={"If-Match": tag})

    assert (refused.status_code, taken.status_code, late.status_code) == (412, 204, 412)


async def test_the_same_engine_serves_another_application(server: RunningServer):
    """Two applications on one engine see the same processes, each below its own prefix."""
    process_id = await server.start()

    async with serving(create_app(server.engine)) as url:
        answer = await server("anna").get(f"{url}/RIS/v1/wf/processes/{process_id}")

    assert answer.json()["Link"] == f"/RIS/v1/wf/processes/{process_id}"
