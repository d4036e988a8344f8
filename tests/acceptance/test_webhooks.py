"""Webhooks over REST: kept, tested, listed when dead and replayed, by operators alone, and secrets told once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from placet import Engine, ManualClock
from tests.acceptance.conftest import SETTINGS, RunningServer
from tests.acceptance.pages import blocks
from tests.fault_server import FaultServer
from tests.programs import ROOT

WEBHOOKS = "/v1/webhooks"
PAGE = ROOT / "docs/how-to/receive-events.md"
REFERENCE = ROOT / "docs/reference/webhooks.md"
SECRET = "a secret of 16 and more"


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    """An engine that may call servers of this machine."""
    settings = SETTINGS.with_values("test", outbound_allow="127.0.0.0/8")
    async with Engine(database_url, settings=settings, clock=clock) as engine:
        engine._courier._chance = lambda: 1.0
        yield engine


@pytest.fixture
async def receiver() -> AsyncIterator[FaultServer]:
    async with FaultServer() as receiver:
        yield receiver


@pytest.fixture
def admin(server: RunningServer) -> httpx2.AsyncClient:
    return server("admin")


async def added(admin: httpx2.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    answer = await admin.post(WEBHOOKS, json={"Name": "Ledger", "URL": url, "Secret": SECRET, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def reason(answer: httpx2.Response) -> str:
    return str(answer.json()["Fault"]["Reason"]["Text"])


async def test_a_webhook_is_added_read_changed_and_removed(admin: httpx2.AsyncClient):
    body = {"Name": "Ledger", "URL": "https://ledger.example.org/in", "Events": [{"Value": "process.*"}]}
    made = await admin.post(WEBHOOKS, json=body)

    told = made.json()
    secret = told.pop("Secret")
    assert (made.status_code, made.headers["location"]) == (201, told["Link"])
    assert made.headers["cache-control"] == "no-store"
    assert len(secret) >= 32
    assert (told["Name"], told["URL"], told["Events"]) == (body["Name"], body["URL"], body["Events"])
    assert (told["Active"], told["Trouble"], told["Waiting"], told["Dead"]) == (True, "", 0, 0)
    read = await admin.get(told["Link"])
    assert read.json() == told
    assert (await admin.get(WEBHOOKS)).json() == [told]
    again = await admin.get(told["Link"], headers={"If-None-Match": read.headers["etag"]})
    assert again.status_code == 304

    changed = told | {"Name": "Books", "Active": False, "Filter": "ProcessStatus=Running"}
    stale = {"If-Match": '"7"'}
    assert (await admin.put(told["Link"], json=changed, headers=stale)).status_code == 412
    answer = await admin.put(told["Link"], json=changed, headers={"If-Match": read.headers["etag"]})
    assert (answer.status_code, answer.json()["Revision"], answer.json()["Active"]) == (200, 2, False)
    assert answer.json()["Filter"] == "ProcessStatus=Running"
    assert (await admin.delete(told["Link"])).status_code == 204
    assert (await admin.get(told["Link"])).status_code == 404


async def test_a_test_shows_the_answer_and_no_secret(admin: httpx2.AsyncClient, receiver: FaultServer):
    made = await added(admin, receiver.url("/echo"))
    answer = await admin.post(f"{made['Link']}/test")

    found = answer.json()
    assert (answer.status_code, found["Success"], found["Message"]) == (200, True, "It answered 200 OK.")
    assert found["Request"]["Headers"]["Placet-Signature".lower()] == "***"
    (request,) = receiver.requests
    assert request.json["event"]["kind"] == "ping"
    assert request.json["process"] is None
    for hidden in (SECRET, request.headers["placet-signature"]):
        assert hidden not in answer.text

    made = await added(admin, receiver.url("/error?code=503"), Name="Other")
    found = (await admin.post(f"{made['Link']}/test")).json()
    assert (found["Success"], found["Message"]) == (False, "It answered 503 Service Unavailable.")


async def test_what_is_dead_is_listed_and_replayed(
    admin: httpx2.AsyncClient, server: RunningServer, engine: Engine, receiver: FaultServer, clock: ManualClock
):
    made = await added(admin, receiver.url("/error?times=36"), Events=[{"Value": "process.started"}])
    for _ in range(3):
        await engine.start("Leave request", actor="anna", data={"days": 1, "reason": "rest"})
    for _ in range(36):  # after ten failures it is left alone but for one try at a time
        await engine.settled()
        clock.move(hours=12)
    await engine.settled()

    deliveries = f"{made['Link']}/deliveries"
    assert (await admin.get(made["Link"])).json()["Dead"] == 3
    assert (await admin.get(deliveries, params={"state": "waiting"})).json() == []
    first = await admin.get(deliveries, params={"state": "dead", "limit": 2})
    second = await admin.get(first.links["next"]["url"])
    rows = [*first.json(), *second.json()]
    assert [(row["Tries"], row["LastError"]) for row in rows] == [(12, "It answered 500 Internal Server Error.")] * 3
    event_id = rows[1]["EventId"]
    assert event_id.startswith(rows[1]["Process"]["GUID"])

    one = await admin.post(f"{made['Link']}/replay", json={"EventId": event_id})
    assert (one.status_code, one.json()) == (200, {"Replayed": 1})
    await engine.settled()
    assert receiver.requests[-1].headers["placet-event-id"] == event_id
    missing = await admin.post(f"{made['Link']}/replay", json={"EventId": event_id})
    assert (missing.status_code, "no dead delivery" in reason(missing)) == (404, True)
    assert (await admin.post(f"{made['Link']}/replay")).json() == {"Replayed": 2}
    await engine.settled()
    assert (await admin.get(deliveries)).json() == []


async def test_another_secret_is_told_once(admin: httpx2.AsyncClient, receiver: FaultServer):
    made = await added(admin, receiver.url("/ok"))
    answer = await admin.post(f"{made['Link']}/secret")
    given = await admin.post(f"{made['Link']}/secret", json={"Secret": "one that was thought of"})

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["Secret"] not in (SECRET, given.json()["Secret"])
    assert given.json()["Secret"] == "one that was thought of"
    everything = (await admin.get(WEBHOOKS)).text + (await admin.get("/v1/audit")).text
    for secret in (SECRET, answer.json()["Secret"], given.json()["Secret"]):
        assert secret not in everything


@pytest.mark.parametrize(
    ("more", "status", "text"),
    [
        ({"Name": ""}, 400, "is no name"),
        ({"Name": "Theirs"}, 409, "There is a webhook 'theirs' already"),
        ({"URL": "ftp://example.org"}, 400, "use http or https"),
        ({"URL": "http://127.1/"}, 400, "odd spelling"),
        ({"Events": [{"Value": "process.startet"}]}, 400, "did you mean 'process.started'"),
        ({"Events": ["process.started"]}, 400, "Events: entry 1 is a text"),
        ({"Filter": "Colour=red"}, 400, "is not a field of processes"),
        ({"Filter": "Initiator=self"}, 400, "a webhook is nobody"),
        ({"Secret": "short"}, 400, "This secret has 5 characters"),
        ({"Active": "yes"}, 400, "give true or false"),
    ],
)
async def test_what_cannot_be_a_webhook_is_refused(
    admin: httpx2.AsyncClient, more: dict[str, Any], status: int, text: str
):
    await added(admin, "https://example.org/", Name="theirs")
    answer = await admin.post(WEBHOOKS, json={"Name": "Ledger", "URL": "https://example.org/", **more})

    assert answer.status_code == status
    assert text in reason(answer)


async def test_only_operators_have_to_do_with_them(admin: httpx2.AsyncClient, server: RunningServer):
    made = await added(admin, "https://example.org/")
    link, anna = made["Link"], server("anna")
    wanted = {"Name": "Ledger", "URL": "https://example.org/"}
    answers = [
        await anna.get(WEBHOOKS),
        await anna.post(WEBHOOKS, json=wanted),
        await anna.get(link),
        await anna.put(link, json=wanted),
        await anna.delete(link),
        await anna.get(f"{link}/deliveries"),
        *[await anna.post(f"{link}/{way}") for way in ("test", "replay", "secret")],
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert (await admin.get(f"{link}/deliveries", params={"state": "lost"})).status_code == 400


# -- the receiver's side ---------------------------------------------------------------------------


def verify() -> Any:
    """The function that the documentation gives to receivers."""
    (text,) = [block.text for block in blocks(PAGE.read_text("utf-8")) if block.name == "receiver.py"]
    names: dict[str, Any] = {}
    exec(compile(text, "receiver.py", "exec"), names)
    return names["verify"]


async def test_a_receiver_knows_a_delivery_as_the_documentation_says(
    admin: httpx2.AsyncClient, engine: Engine, receiver: FaultServer, clock: ManualClock
):
    made = await added(admin, receiver.url("/ok"), Events=[{"Value": "process.started"}])
    other = (await admin.post(f"{made['Link']}/secret")).json()["Secret"]
    await engine.start("Leave request", actor="anna", data={"days": 1, "reason": "rest"})
    await engine.settled()

    (request,) = receiver.requests
    headers, at = {"Placet-Signature": request.headers["placet-signature"]}, clock.now().timestamp()
    for secret in (SECRET, other):
        assert verify()(secret, headers, request.body, now=at + 60)
    assert not verify()("some other secret", headers, request.body, now=at)
    assert not verify()(SECRET, headers, request.body + b" ", now=at)
    assert not verify()(SECRET, headers, request.body, now=at + 3600)
    forged = {"Placet-Signature": headers["Placet-Signature"].replace(str(int(at)), str(int(at) + 3600))}
    assert not verify()(SECRET, forged, request.body, now=at + 3600)


async def test_what_arrives_has_the_members_of_the_reference(
    admin: httpx2.AsyncClient, engine: Engine, receiver: FaultServer
):
    (text,) = [block.text for block in blocks(REFERENCE.read_text("utf-8")) if block.language == "json"]
    await added(admin, receiver.url("/ok"), Events=[{"Value": "process.started"}])
    await engine.start("Leave request", actor="anna", data={"days": 1, "reason": "rest"})
    await engine.settled()

    printed, (request,) = json.loads(text), receiver.requests
    assert list(printed) == list(request.json)
    for part in ("event", "process"):
        assert list(printed[part]) == list(request.json[part])
    assert list(printed["process"]["definition"]) == list(request.json["process"]["definition"])
