"""The console's pages of work: starting a request by its form, the inbox, one work item, several at once."""

from __future__ import annotations

import re

from tests.acceptance.browsing import Browser, signed_in
from tests.acceptance.conftest import LEAVE, RunningServer

FORM = """\
name: Errand
data:
  what: {type: string, required: true}
  parcels: {type: integer}
  tags: {type: string, multi_valued: true}
  note: {type: string}
form:
  fields:
    what: {label: What, choices: [[post, Post office], [bank, Bank]]}
    parcels: {label: Parcels, required: true, minimum: 1, maximum: 9, visible: data.what == 'post'}
    tags: {label: Tags, choices: [quick, heavy]}
start: ask
activities:
  ask: {kind: approval, addressees: "'ben'", writes: [note], paths: {approved: done, denied: done}}
  done: {kind: finish}
"""


async def errand(server: RunningServer) -> str:
    deployed = await server.engine.as_system().deploy(FORM)
    return deployed.definition.guid


async def waiting(browser: Browser) -> list[str]:
    """The ids of the work items in somebody's inbox."""
    return re.findall(r'name="item" value="([0-9a-f]{32})"', (await browser.get("/console/inbox")).text)


async def test_a_request_is_started_by_its_form_and_approved(server: RunningServer):
    anna, ben = await signed_in(server, "anna"), await signed_in(server, "ben")

    assert "Leave request" in await anna.page("/start")
    assert "Nothing waits for you" in await ben.page("/inbox")
    assert "Days" in await anna.page(f"/start/{LEAVE}")
    place = await anna.submit(f"/start/{LEAVE}", key="k1", **{"data.days": "3", "data.first_day": "2026-12-10"})
    assert "/console/processes/" in place
    assert "Leave request" in await anna.page("/inbox?tab=requests")

    (item,) = await waiting(ben)
    page = await ben.page(f"/work-items/{item}")
    assert "Manager's approval" in page
    assert "2026-12-10" in page
    await ben.submit(f"/work-items/{item}", do="approve", comment="Enjoy it", **{"data.reason": "Moving"})
    assert await waiting(ben) == []
    process = await server.engine.as_system().process(place.rpartition("/")[2])
    assert process.process.data["reason"] == "Moving"
    assert "Approved" in await anna.page("/inbox?tab=requests")
    assert "This has been answered by Ben Berg" in await ben.page(f"/work-items/{item}")


async def test_an_address_fills_in_what_it_names(server: RunningServer):
    anna = await signed_in(server, "anna")

    assert 'value="4"' in (await anna.get(f"/console/start/{LEAVE}?data.days=4")).text
    assert "is not an integer" in await anna.page(f"/start/{LEAVE}?data.days=many")


async def test_a_form_that_is_sent_twice_starts_one_process(server: RunningServer):
    anna = await signed_in(server, "anna")

    places = {await anna.submit(f"/start/{LEAVE}", key="same", **{"data.days": "3"}) for _ in range(2)}
    assert len(places) == 1
    assert len(await server.engine.as_system().processes()) == 1


async def test_every_fault_of_a_form_is_said_and_what_was_typed_stays(server: RunningServer):
    anna = await signed_in(server, "anna")
    guid = await errand(server)

    page = await anna.submit(f"/start/{guid}", expected=422, key="k", **{"data.what": "post", "data.parcels": "many"})
    assert "is not an integer" in page
    text = (
        await anna.post(f"/console/start/{guid}", data={"data.what": "post", "data.parcels": "12", "key": "k"})
    ).text
    assert 'value="12"' in text
    assert "Nothing was started yet" in text
    page = await anna.submit(f"/start/{guid}", expected=422, key="k", **{"data.what": "moon"})
    assert 'Cannot take "moon"' in page
    assert await server.engine.as_system().processes() == []


async def test_what_is_filled_in_shows_further_fields(server: RunningServer):
    anna = await signed_in(server, "anna")
    guid = await errand(server)

    assert "Parcels" not in await anna.page(f"/start/{guid}")
    assert "Parcels" in await anna.submit(f"/start/{guid}/form", expected=200, **{"data.what": "post"})
    part = await anna.post(f"/console/start/{guid}/form", data={"data.what": "post"}, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "Parcels" in part.text
    assert await server.engine.as_system().processes() == []
    sent = {"data.what": "post", "data.parcels": "2", "data.tags": ["", "quick", "heavy"], "key": "k"}
    answer = await anna.post(f"/console/start/{guid}", data=sent)
    assert answer.status_code == 303, answer.text
    (found,) = await server.engine.as_system().processes()
    assert found.process.data == {"what": "post", "parcels": 2, "tags": ["quick", "heavy"]}


async def test_several_are_answered_at_once_each_by_itself(server: RunningServer):
    anna, ben = await signed_in(server, "anna"), await signed_in(server, "ben")
    for number in range(3):
        await anna.submit(f"/start/{LEAVE}", key=f"k{number}", **{"data.days": "3"})
    first, *others = await waiting(ben)
    await server.engine.act(first, "approve", actor="ben")

    answer = await ben.post("/console/inbox/act", data={"do": "deny", "item": [first, *others], "comment": "Not now"})
    assert answer.status_code == 409
    assert "2 denied. 1 could not be denied" in answer.text
    assert await waiting(ben) == []
    assert (await ben.post("/console/inbox/act", data={"do": "deny"})).status_code == 303
    assert (await ben.post("/console/inbox/act", data={"do": "dance", "item": first})).status_code == 400


async def test_an_item_is_claimed_released_and_reassigned(server: RunningServer):
    anna, ben, admin = [await signed_in(server, user) for user in ("anna", "ben", "admin")]
    await anna.submit(f"/start/{LEAVE}", key="k", **{"data.days": "3"})
    (item,) = await waiting(ben)

    assert (await ben.submit(f"/work-items/{item}", do="claim")).endswith(item)
    assert "Claimed" in await ben.page(f"/work-items/{item}")
    await ben.submit(f"/work-items/{item}", do="release")
    await admin.submit(f"/work-items/{item}", do="reassign", to="clara")
    assert await waiting(ben) == []
    assert "This work item is not yours to see" in await ben.page(f"/work-items/{item}", expected=404)
    assert await waiting(await signed_in(server, "clara")) == [item]


async def test_an_answer_that_comes_too_late_says_so(server: RunningServer):
    anna, ben = await signed_in(server, "anna"), await signed_in(server, "ben")
    await anna.submit(f"/start/{LEAVE}", key="k", **{"data.days": "3"})
    (item,) = await waiting(ben)
    await server.engine.act(item, "approve", actor="ben")

    page = await ben.submit(f"/work-items/{item}", expected=409, do="deny")
    assert "it cannot be acted on twice" in page
    await ben.submit(f"/work-items/{item}", expected=400, do="dance")


async def test_nobody_answers_what_is_asked_of_another(server: RunningServer):
    anna, dora = await signed_in(server, "anna"), await signed_in(server, "dora")
    place = await anna.submit(f"/start/{LEAVE}", key="k", **{"data.days": "3"})
    item = f"{place.rpartition('/')[2][:28]}0001"

    await dora.page(f"/work-items/{item}", expected=404)
    await dora.submit(f"/work-items/{item}", expected=404, do="approve")
    await anna.submit(f"/work-items/{item}", expected=404, do="approve")
