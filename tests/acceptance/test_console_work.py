"""The console's pages of work: starting a request by its form, the inbox, one work item, several at once."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

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

pytestmark = pytest.mark.usefixtures("without_jobs")


async def errand(server: RunningServer) -> str:
    deployed = await server.engine.as_system().deploy(FORM)
    return deployed.definition.guid


async def waiting(browser: Browser) -> list[str]:
    """The ids of the work items in somebody's inbox."""
    return re.findall(r'name="item" value="([0-9a-f]{32})"', (await browser.get("/console/inbox")).text)


async def test_what_waits_can_be_delegated_from_the_inbox(server: RunningServer):
    ben, clara = await signed_in(server, "ben"), await signed_in(server, "clara")
    inbox = (await ben.get("/console/inbox")).text
    [way] = re.findall(r'<a class="button" href="/console([^"]+)">.*Delegate</a>', inbox)
    assert "Who gets the work" in await ben.page(way)
    await ben.submit("/me/absences", delegate="clara")

    process = await server.start("anna")

    assert f"{process[:28]}0001" in await waiting(clara)


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
    ben.cookies.set("placet_zone", "Asia/Tokyo")
    await server.engine.act(first, "approve", actor="ben")

    answer = await ben.post("/console/inbox/act", data={"do": "deny", "item": [first, *others], "comment": "Not now"})
    assert answer.status_code == 409
    assert "2 denied. 1 could not be denied" in answer.text
    told = re.sub(r"<[^>]*>", "", answer.text)
    assert "Leave request from Anna Berg, days 3: This work item was approved by Ben Berg at 18:00" in told
    assert await waiting(ben) == []
    assert (await ben.post("/console/inbox/act", data={"do": "dance", "item": first})).status_code == 400


async def test_who_has_ticked_nothing_is_told_and_keeps_what_he_has_typed(server: RunningServer):
    anna, ben = await signed_in(server, "anna"), await signed_in(server, "ben")
    await anna.submit(f"/start/{LEAVE}", key="k", **{"data.days": "3"})

    answer = await ben.post("/console/inbox/act", data={"do": "deny", "comment": "Not in December"})

    assert answer.status_code == 422
    assert "tick the requests that it is about" in answer.text
    assert 'value="Not in December"' in answer.text
    assert len(await waiting(ben)) == 1


async def test_requests_are_told_apart_by_their_data_and_reference(server: RunningServer):
    anna, ben = await signed_in(server, "anna"), await signed_in(server, "ben")
    data = {"data.days": "3", "data.first_day": "2026-12-10"}
    await anna.submit(f"/start/{LEAVE}", key="k", correlation="HR-17", **data)

    for page in (await ben.page("/inbox"), await anna.page("/inbox?tab=requests")):
        assert "Days 3 First day 2026-12-10 Reference HR-17" in page
    assert "Ben Berg" in await anna.page("/inbox?tab=requests")  # for whom it waits


async def test_each_answer_says_what_it_means(server: RunningServer):
    anna, ben = await signed_in(server, "anna"), await signed_in(server, "ben")
    await anna.submit(f"/start/{LEAVE}", key="k", **{"data.days": "3"})
    (item,) = await waiting(ben)

    page = await ben.page(f"/work-items/{item}")

    assert "Deny You vote against it" in page
    assert "Refuse You do not decide it" in page


async def test_a_page_leads_back_to_the_list_that_one_came_by(server: RunningServer):
    anna = await signed_in(server, "anna")
    place = (await anna.submit(f"/start/{LEAVE}", key="k", **{"data.days": "3"})).removeprefix("/console")

    ways = {
        f"{server.url}/console/query?q=a+%3D+b%26&of=events": "/console/query?q=a+%3D+b%26&amp;of=events",
        f"{server.url}/console/inbox?tab=requests": "/console/inbox?tab=requests",
        f"{server.url}/console/start/{LEAVE}": "/console/query",
        "http://elsewhere.example/console/inbox": "/console/query",
        "http://[broken/console/inbox": "/console/query",
        f"{server.url}/console/inbox/../../v1/me": "/console/query",
    }
    for referer, address in ways.items():
        text = (await anna.get(f"/console{place}", headers={"Referer": referer})).text
        assert f'<p class="back"><a href="{address}">' in text, referer
    part = await anna.get(f"/console{place}?back=/inbox", headers={"HX-Request": "true"})
    assert '<p class="back"><a href="/console/inbox">' in part.text


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


# -- a form that is sent as it came changes nothing ----------------------------------------------------

TOUCHED = """\
name: Picky
data:
  day: {type: date}
  yes: {type: boolean}
  share: {type: decimal}
  room: {type: string}
  tags: {type: string, multi_valued: true}
  lines: {type: string, multi_valued: true}
  number: {type: integer}
start: ask
activities:
  ask:
    kind: approval
    addressees: "'ben'"
    writes: [day, yes, share, room, tags, lines, number]
    form:
      fields:
        day: {choices: ["2026-03-02", "2026-03-03"]}
        yes: {choices: [[true, Of course], [false, Never]]}
        share: {choices: [1, 2.5, 1000000]}
        room: {required: true, choices: [[r1, Room one], [r2, Room two]]}
        tags: {choices: [red, green]}
        lines: {}
        number: {}
    paths: {approved: done, denied: done}
  done: {kind: finish}
"""
HAD = {
    "day": "2026-03-02T00:00:00.000Z",
    "yes": False,
    "share": 1000000,
    "room": "r9",
    "tags": ["green", "blue", "red"],
    "lines": ["one", "two"],
    "number": 5,
}


class _Fields(HTMLParser):
    """What a browser would send of the form of a page that nobody has touched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._select = self._area = ""
        self._options: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        match tag:
            case "input" if name and (given.get("type") != "checkbox" or "checked" in given):
                self.sent.append((name, given.get("value", "")))
            case "select":
                self._select, self._options = name, []
            case "option":
                self._options.append((given.get("value", ""), "selected" in given))
            case "textarea":
                self._area = name
                self.sent.append((name, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            chosen = next((value for value, is_chosen in self._options if is_chosen), self._options[0][0])
            self.sent.append((self._select, chosen))
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[-1] = (self._area, self.sent[-1][1] + data.removeprefix("\n"))


async def picky(server: RunningServer) -> tuple[str, str]:
    """The ids of a process with a value for each item, and of its work item."""
    system = server.engine.as_system()
    deployed = await system.deploy(TOUCHED)
    found = await system.start(deployed.definition.guid, actor="anna", data=HAD)
    return found.process.id, f"{found.process.id[:28]}0001"


def members(fields: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    """The members of a form, those that are there more than once as lists."""
    return {
        name: values[0] if len(values := [value for given, value in fields if given == name]) == 1 else values
        for name, _ in fields
        if name.startswith(("data.", "was."))
    }


async def test_a_form_that_nobody_has_touched_changes_nothing(server: RunningServer):
    process, item = await picky(server)
    ben = await signed_in(server, "ben")

    page = (await ben.get(f"/console/work-items/{item}")).text
    for chosen in ("2026-03-02", "false", "1000000", "r9"):
        assert f'<option value="{chosen}" selected>' in page
    assert "r9 (no choice any more)" in page
    sent = members(_Fields(page).sent)
    assert sent["data.tags"] == ["", "blue", "red", "green"]
    answer = await ben.post(f"/console/work-items/{item}", data=sent | {"do": "approve"})

    assert answer.status_code == 303, answer.text
    assert (await server.engine.as_system().process(process)).process.data == HAD


async def test_what_somebody_else_has_changed_meanwhile_stays(server: RunningServer):
    process, item = await picky(server)
    ben = await signed_in(server, "ben")

    sent = members(_Fields((await ben.get(f"/console/work-items/{item}")).text).sent)
    drawn = await ben.post(f"/console/work-items/{item}/form", data=sent | {"data.day": "2026-03-03"})
    await server.engine.as_system().change_data(process, {"number": 9, "lines": ["three"]})
    again = members(_Fields(drawn.text).sent)
    answer = await ben.post(f"/console/work-items/{item}", data=again | {"do": "approve", "data.room": "r1"})

    assert answer.status_code == 303, answer.text
    data = (await server.engine.as_system().process(process)).process.data
    assert data == HAD | {"number": 9, "lines": ["three"], "day": "2026-03-03T00:00:00.000Z", "room": "r1"}


async def test_what_is_emptied_by_hand_is_emptied(server: RunningServer):
    process, item = await picky(server)
    ben = await signed_in(server, "ben")

    sent = members(_Fields((await ben.get(f"/console/work-items/{item}")).text).sent)
    emptied = {"data.number": "", "data.day": "", "data.tags": "", "data.lines": ""}
    await ben.post(f"/console/work-items/{item}", data=sent | emptied | {"do": "approve"})

    data = (await server.engine.as_system().process(process)).process.data
    assert {name: data.get(name) or None for name in ("number", "day", "tags", "lines")} == dict.fromkeys(
        ("number", "day", "tags", "lines")
    )
    assert data["room"] == "r9"


async def test_who_comes_second_to_an_item_is_told_and_can_copy_what_he_wrote(server: RunningServer):
    anna, ben = await signed_in(server, "anna"), await signed_in(server, "ben")
    await anna.submit(f"/start/{LEAVE}", key="k", **{"data.days": "3"})
    (item,) = await waiting(ben)
    await server.engine.act(item, "reassign", actor="admin", to="clara")

    page = await ben.submit(f"/work-items/{item}", expected=404, do="approve", comment="I &lt;think&gt; so")
    assert "This work item is not yours to see" in page
    assert "Nothing was answered" in page
    assert "I &lt;think&gt; so" in page
    part = await ben.post(f"/console/work-items/{item}/form", data={"data.days": "9"}, headers={"HX-Request": "true"})
    assert (part.status_code, part.text[:38]) == (404, "This work item is not yours any more: ")
