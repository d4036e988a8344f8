"""The console's page of a process: why it waits, what happened, and actions by forms that work without script."""

from __future__ import annotations

import re

import pytest

from placet import Engine
from tests.acceptance.browsing import Browser, signed_in
from tests.acceptance.conftest import RunningServer
from tests.acceptance.test_calls import OUTBOUND, UNDRAWN
from tests.acceptance.test_incidents import connect
from tests.fault_server import FaultServer

TWO = """
name: Two
data:
  days: {type: integer, required: true}
  tree: {type: json}
  tags: {type: string, multi_valued: true}
  truth: {type: boolean}
  note: {type: string}
start: split
activities:
  split: {kind: branch, next: [ask, other]}
  ask: {kind: approval, name: Ask Ben, addressees: "'ben'", timeout: 2d, paths: {approved: meet, denied: meet}}
  other:
    kind: process
    name: The leave
    definition: cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet
    data: {days: data.days}
    paths: {approved: meet, denied: meet}
  meet: {kind: merge, next: done}
  done: {kind: finish}
"""


@pytest.fixture
async def engine(database_url, clock):
    async with Engine(database_url, settings=OUTBOUND, clock=clock) as engine:
        await engine.as_system().deploy(TWO)
        await engine.as_system().deploy(UNDRAWN)
        yield engine


@pytest.fixture
async def two(server: RunningServer) -> str:
    """The id of a process that waits for Ben and for another one."""
    data = {"days": 3, "tree": {"a": [1]}, "tags": ["x", "y"], "truth": True}
    process = (await server.engine.start("Two", actor="anna", data=data, correlation_id="both")).process
    await server.engine.settled()
    return process.id


async def the_form(browser: Browser, process: str, of: str, thing: str, do: str) -> dict[str, str]:
    """The fields of an action's form, as a browser would send them back."""
    answer = await browser.get(f"/console/processes/{process}/act", params={"of": of, "thing": thing, "do": do})
    assert answer.status_code == 200, answer.text
    body = answer.text.partition(f'action="/console/processes/{process}/act"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', body))
    fields |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n([^<]*)<', body))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', body, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen.group(1) if chosen else ""
    return {name: value.replace("&#34;", '"') for name, value in fields.items()}


async def act(browser: Browser, process: str, of: str, thing: str, do: str, expected: int = 303, **more: str) -> str:
    fields = await the_form(browser, process, of, thing, do)
    return await browser.submit(f"/processes/{process}/act", expected, **(fields | more))


def item_of(process: str, number: int = 1) -> str:
    return f"{process[:28]}{number:04x}"


async def test_the_page_says_why_it_waits_and_what_it_carries(server: RunningServer, two: str):
    anna = await signed_in(server, "anna")
    page = await anna.page(f"/processes/{two}")

    assert "Why is it waiting?" in page
    assert re.search(r"Ask Ben It has waited since [\d:]+ for an answer from BB Ben Berg \.", page)
    assert re.search(r"At 4 Mar [\d:]+ it times out and goes on to 'meet'\.", page)
    assert re.search(r"The leave It has waited since [\d:]+ for process \w{8}…0000 of 'Leave request' to end", page)
    assert re.search(r'Days 3 Tree \{ "a": \[ 1 \] \} Tags x y Truth yes Note –', page)
    assert "Started by this one Leave request Running" in page
    for happened in ("Process started", "Assigned to Ben Berg", "Another process started"):
        assert happened in page
    assert 'class="ask here" data-activity="ask"' in (await anna.get(f"/console/processes/{two}")).text


async def test_processes_lead_to_each_other(server: RunningServer, two: str):
    data = {"days": 5}
    other = (await server.engine.start("Two", actor="ben", data=data, correlation_id="both")).process.id
    anna, admin = await signed_in(server, "anna"), await signed_in(server, "admin")
    child = next(each for each in await server.engine.processes(actor="anna") if each.process.id != two)

    page = (await admin.get(f"/console/processes/{two}")).text
    assert f'href="/console/processes/{child.process.id}"' in page
    assert f'href="/console/processes/{other}"' in page
    assert other not in (await anna.get(f"/console/processes/{two}")).text  # it is no process of hers
    assert "Waits for this one Two Running" in await admin.page(f"/processes/{child.process.id}")


async def test_who_may_not_see_it_finds_no_page(server: RunningServer, two: str):
    dora = await signed_in(server, "dora")

    for path in (f"/processes/{two}", f"/processes/{'0' * 32}", "/processes/nonsense"):
        assert "There is no process" in await dora.page(path, expected=404)
    answer = await dora.submit(f"/processes/{two}/act", 404, of="process", thing=two, do="comment", text="Hm.")
    assert "There is no process" in answer


async def test_everybody_is_offered_what_he_may_do(server: RunningServer, two: str):
    anna, ben, admin = [
        await (await signed_in(server, user)).page(f"/processes/{two}") for user in ("anna", "ben", "admin")
    ]

    assert ("Terminate" in anna, "Pause" in anna, "Approve" in anna) == (True, False, False)
    assert ("Terminate" in ben, "Approve Deny Refuse Return for changes Claim" in ben) == (False, True)
    assert "Change data Pause Terminate End in error" in admin
    assert "Reassign" in admin


async def test_a_process_is_commented_paused_resumed_and_terminated(server: RunningServer, two: str):
    admin = await signed_in(server, "admin")
    here = f"/console/processes/{two}"

    said = {"of": "process", "thing": two, "do": "comment", "text": "Looks <b>odd</b>.\nTo me."}
    assert await admin.submit(f"/processes/{two}/act", **said) == here
    assert "Looks <b>odd</b>. To me." in await admin.page(f"/processes/{two}")
    assert await admin.submit(f"/processes/{two}/act", of="process", thing=two, do="pause") == here
    page = await admin.page(f"/processes/{two}")
    assert "Paused It was paused by" in page
    assert "The process is paused: its times stand still" in page  # in passing
    assert await admin.submit(f"/processes/{two}/act", of="process", thing=two, do="resume") == here
    assert await act(admin, two, "process", two, "terminate", reason="A slip.") == here
    page = await admin.page(f"/processes/{two}")
    assert "It waits for nothing It ended as Retracted" in page
    assert "A slip." in page


async def test_data_is_changed_and_only_what_was_changed_is_sent_on(server: RunningServer, two: str):
    admin = await signed_in(server, "admin")
    fields = await the_form(admin, two, "process", two, "change-data")
    assert fields["data.tree"] == fields["was.tree"] == '{"a":[1]}'
    await server.engine.as_system().change_data(two, {"days": 4})  # somebody else, meanwhile

    changed = {"data.tags": "x\nz", "data.truth": "false", "data.note": "N", "reason": "As agreed."}
    await admin.submit(f"/processes/{two}/act", **(fields | changed))

    process = (await server.engine.process(two, actor="admin")).process
    assert process.data == {"days": 4, "tree": {"a": [1]}, "tags": ["x", "z"], "truth": False, "note": "N"}
    assert "As agreed." in await admin.page(f"/processes/{two}")


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({}, 400, "Data is missing; change one of the data items"),
        ({"data.days": "many"}, 400, "Cannot take"),
        ({"data.tree": "{"}, 400, "tree is no JSON"),
        ({"data.days": ""}, 400, "required and cannot be emptied"),
    ],
)
async def test_what_cannot_be_used_is_refused_in_words(server: RunningServer, two: str, changed, status, said):
    admin = await signed_in(server, "admin")

    assert said in await act(admin, two, "process", two, "change-data", status, **changed)


async def test_a_work_item_is_reassigned_and_answered(server: RunningServer, two: str):
    admin, clara = await signed_in(server, "admin"), await signed_in(server, "clara")

    await act(admin, two, "work item", item_of(two), "reassign", to="clara", comment="Ben is ill.")
    page = await clara.page(f"/processes/{two}")
    assert re.search(r"for an answer from CB Clara Berg", page)
    await act(clara, two, "work item", item_of(two), "approve", comment="Fine.")
    page = await admin.page(f"/processes/{two}")
    assert "Ben is ill." in page
    assert "Approved · Ask Ben by" in page
    assert "Ask Ben It has waited" not in page


async def test_what_is_not_open_to_somebody_is_refused_in_words(server: RunningServer, two: str):
    anna = await signed_in(server, "anna")
    form = {"of": "work item", "thing": item_of(two), "do": "approve"}

    assert "Approve is not possible here" in await anna.submit(f"/processes/{two}/act", 409, **form)
    assert "There is no action 'burn'" in await anna.submit(f"/processes/{two}/act", 400, of="process", do="burn")
    answer = await anna.get(f"/console/processes/{two}/act", params=form)
    assert answer.status_code == 409
    ben = await signed_in(server, "ben")
    assert "Look at the process again" in await ben.submit(
        f"/processes/{two}/act", 409, **(form | {"thing": item_of(two, 7)})
    )


async def test_a_page_elsewhere_cannot_act(server: RunningServer, two: str):
    admin = await signed_in(server, "admin")
    form = {"of": "process", "thing": two, "do": "terminate"}

    answer = await admin.post(f"/console/processes/{two}/act", data=form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Why is it waiting?" in await admin.page(f"/processes/{two}")


async def test_an_incident_is_shown_retried_with_other_data_and_skipped(server: RunningServer):
    admin = await signed_in(server, "admin")
    async with FaultServer() as faults:
        await connect(server.engine, faults, "/error?code=400&times=2")
        process = (await server.engine.as_system().start("Undrawn", initiator="anna", data={"who": "Ann"})).process.id
        await server.engine.settled()

        page = await admin.page(f"/processes/{process}")
        assert "Call it It could not be done" in page
        assert 'Inputs of Faulty { "who": "Ann" }' in page
        assert "Retry Skip" in page
        await act(admin, process, "incident", item_of(process), "retry", **{"data.who": "Bea"})
        await server.engine.settled()
        assert [asked.json["who"] for asked in faults.requests] == ["Ann", "Bea"]
        assert "is no JSON" in await act(admin, process, "incident", item_of(process, 2), "retry", 400, inputs="[")
        await act(admin, process, "incident", item_of(process, 2), "skip", result="")
        assert "It ended as Approved" in await admin.page(f"/processes/{process}")


async def test_a_script_gets_the_page_anew_only_where_it_has_changed(server: RunningServer, two: str):
    anna = await signed_in(server, "anna")
    revision = (await server.engine.process(two, actor="anna")).process.revision

    async def look(known: int) -> str:
        answer = await anna.get(f"/console/processes/{two}?revision={known}", headers={"HX-Request": "true"})
        assert answer.status_code in (200, 204)
        return answer.text

    assert await look(revision) == ""
    assert (await look(revision - 1)).strip().startswith('<div id="process"')


async def test_a_script_gets_the_form_as_a_dialog(server: RunningServer, two: str):
    anna = await signed_in(server, "anna")
    asked = {"of": "process", "thing": two, "do": "terminate"}

    answer = await anna.get(f"/console/processes/{two}/act", params=asked, headers={"HX-Request": "true"})
    assert '<dialog id="act"' in answer.text
    assert "<html" not in answer.text


async def test_of_a_long_life_the_last_part_is_shown_first(server: RunningServer, two: str):
    for number in range(120):
        await server.engine.comment(two, f"Comment {number}.", actor="anna")
    anna = await signed_in(server, "anna")

    assert "Show 23 older events" in await anna.page(f"/processes/{two}")
    page = await anna.page(f"/processes/{two}?all=1")
    assert "older events" not in page
    assert "Process started" in page
