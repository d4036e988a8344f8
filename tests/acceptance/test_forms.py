"""Forms over HTTP: what they show to whom, choices of a connector, and a form that lies."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from placet import Engine, ManualClock, ProcessStatus
from placet.connectors.choices import AGAIN, MOST_CHARACTERS, STALE, ChoiceSource
from placet.core.form_choices import Question
from placet.directory.caller import Caller
from placet.errors import Conflict, InvalidData, NotAllowed
from placet.jobs.asking import Asking
from placet.jobs.circuit import Circuits
from placet_api.cli.local import LocalBackend
from placet_api.cli.remote import open_remote
from placet_api.openapi.document import document
from placet_api.openapi.services import SERVICES
from tests import fault_server
from tests.acceptance.conftest import LEAVE, PASSWORD, SETTINGS, RunningServer
from tests.fault_server import FaultServer

OUTBOUND = replace(SETTINGS, outbound_allow="127.0.0.0/8", outbound_bytes=100_000)
ERRAND = """
name: Errand
data:
  what: {type: string, required: true}
  who: {type: string}
  when: {type: date}
  until: {type: date}
  remark: {type: string}
form:
  sections: {task: {en: The task, nl: De taak}}
  fields:
    what: {label: {en: What, nl: Wat}, help: In a word, section: task, choices: [post, [bank, {en: Bank, nl: De bank}]]}
    who:
      label: Who goes
      choices:
        connector: Runners
        inputs: {what: "has(data.what) ? data.what : 'any'"}
        rows: "[['eva', 'Eva B.'], ['jan', 'for ' + response.message.query.what]]"
        cache: 5m
    when: {required: true}
    until: {visible: has(data.when)}
start: ask
activities:
  ask:
    kind: approval
    name: Let him go
    addressees: "'ben'"
    writes: [remark]
    form:
      fields:
        who: {label: Who goes}
        remark: {min_length: 3, pattern: "[A-Z].*"}
    paths: {approved: done, denied: done}
  done: {kind: finish}
"""
CONNECTOR = """
services: {{Office: {{}}}}
connectors:
  Runners:
    service: Office
    url: {url}
    parameters: {{what: {{in: query}}}}
"""

pytestmark = pytest.mark.usefixtures("without_jobs")


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    async with Engine(database_url, settings=OUTBOUND, clock=clock) as engine:
        yield engine


@pytest.fixture
async def office() -> AsyncIterator[FaultServer]:
    async with FaultServer() as office:
        yield office


async def connect(engine: Engine, url: str) -> None:
    caller = Caller(None, engine.directory, engine.clock.now())
    await engine.connectors.import_text(caller, CONNECTOR.format(url=url), "office.yaml")


@pytest.fixture
async def errand(engine: Engine, office: FaultServer) -> str:
    """The id of the definition, whose connector gives two people."""
    await connect(engine, office.url("/echo"))
    return (await engine.as_system().deploy(ERRAND)).definition.guid


PAGE = (Path(__file__).parents[2] / "docs/reference/forms.md").read_text("utf-8")


def fields_of(form: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["Name"]: field for field in form["Fields"]}


async def form_of(server: RunningServer, definition: str, user: str = "anna", **headers: str) -> dict[str, Any]:
    answer = await server(user).get(f"/v1/wf/definitions/{definition}/form", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def start(server: RunningServer, definition: str, **data: Any) -> httpx2.Response:
    return await server("anna").post(f"/v1/wf/definitions/{definition}", json={"Data": data})


async def test_a_form_shows_its_fields_in_the_language_of_the_reader(server: RunningServer, errand: str):
    form = await form_of(server, errand, **{"Accept-Language": "nl"})
    fields = fields_of(form)

    assert list(fields) == ["what", "who", "when", "until"]
    assert form["Sections"] == [{"Name": "task", "Value": "De taak"}]
    what = fields["what"]
    assert (what["Label"], what["Help"], what["Section"], what["Required"]) == ("Wat", "In a word", "task", True)
    assert what["Choices"] == [{"Value": "post", "Label": "post"}, {"Value": "bank", "Label": "De bank"}]
    assert fields["who"]["Choices"] == [{"Value": "eva", "Label": "Eva B."}, {"Value": "jan", "Label": "for any"}]
    assert not fields["until"]["Visible"]
    assert fields_of(await form_of(server, errand))["what"]["Choices"][1]["Label"] == "Bank"


async def test_what_the_schema_takes_starts_a_process(server: RunningServer, errand: str):
    schema = (await form_of(server, errand))["Schema"]
    data = {"what": "post", "who": "eva", "when": "2026-03-04T10:00:00Z"}

    assert Draft202012Validator(schema).is_valid(data)
    assert not Draft202012Validator(schema).is_valid(data | {"who": "nobody"})
    assert (await start(server, errand, **data)).status_code == 204


async def test_a_form_that_lies_is_refused_with_every_fault(server: RunningServer, errand: str):
    lie = {"what": "war", "who": "nobody", "until": "2026-03-04", "remark": "x", "other": 1}
    answer = await start(server, errand, **lie)

    fault = answer.json()["Fault"]
    assert answer.status_code == 400
    assert fault["Code"]["Subcode"]["Value"] == "InvalidData"
    told = {each["Name"]: each["Text"] for each in fault["Detail"]["DataItems"]}
    assert set(told) == {*lie, "when"}
    assert 'none of the choices, which are "eva", "jan"' in told["who"]
    assert all(text in fault["Reason"]["Text"] for text in told.values())
    assert (await server("admin").get("/v1/wf/processes")).json() == []


async def test_a_work_item_has_a_form_of_its_own(server: RunningServer, errand: str):
    await start(server, errand, what="post", who="eva", when="2026-03-04")
    item = (await server("ben").get("/v1/wf/workitems")).json()[0]
    form = (await server("ben").get(f"{item['Link']}/form")).json()
    fields = fields_of(form)

    assert (form["Activity"], form["ActivityName"], form["Data"]) == ("ask", "Let him go", {"who": "eva"})
    assert (fields["who"]["ReadOnly"], fields["who"]["Value"]) == (True, "eva")
    assert (fields["remark"]["ReadOnly"], fields["remark"]["Pattern"], fields["remark"]["MinLength"]) == (
        False, "[A-Z].*", 3,
    )  # fmt: skip
    approve = {"AvailableActions": [{"Value": "Approve"}]}
    lie = await server("ben").put(item["Link"], json=approve | {"Data": {"who": "jan", "remark": "no"}})
    assert {each["Name"] for each in lie.json()["Fault"]["Detail"]["DataItems"]} == {"who", "remark"}
    good = await server("ben").put(item["Link"], json=approve | {"Data": form["Data"] | {"remark": "Now"}})
    assert good.status_code == 200, good.text
    assert (await server("ben").get(f"{item['Link']}/form")).status_code == 409


async def test_a_form_is_for_who_may_send_it(server: RunningServer, engine: Engine, errand: str):
    await start(server, errand, what="post", who="eva", when="2026-03-04")
    item = (await server("ben").get("/v1/wf/workitems")).json()[0]["Link"]

    assert (await server("dora").get(f"{item}/form")).status_code == 404
    assert (await server("").get(f"{item}/form")).status_code == 401
    assert (await server("anna").get(f"/v1/wf/definitions/{'0' * 32}/form")).status_code == 404
    with pytest.raises(NotAllowed):
        await engine.form(errand, actor="cn=stranger,o=placet")
    await engine.as_system().retire(errand)
    assert (await server("anna").get(f"/v1/wf/definitions/{errand}/form")).status_code == 409


async def test_what_nobody_declared_has_a_form_too(server: RunningServer):
    form = await form_of(server, LEAVE)

    assert list(fields_of(form)) == ["days", "first_day", "reason"]
    assert form["Schema"]["required"] == ["days"]
    process = await server.start(days=3)
    item = await server.item(process)
    fields = fields_of((await server("ben").get(f"{item['Link']}/form")).json())
    assert {name: field["ReadOnly"] for name, field in fields.items()} == {
        "days": True,
        "first_day": True,
        "reason": False,
    }


async def test_every_form_is_as_its_schema_says(server: RunningServer, errand: str):
    schemas = document(SERVICES)["components"]
    path = f"/v1/wf/definitions/{errand}/form"
    told = (await server("anna").get(f"{path};schema", headers={"Accept": "application/schema+json"})).json()

    Draft202012Validator(told).validate(await form_of(server, errand))
    Draft202012Validator(schemas["schemas"]["Form"] | {"components": schemas}).validate(await form_of(server, errand))


async def test_data_and_data_items_are_two_ways_of_saying_one_thing(server: RunningServer, errand: str):
    body = {"Data": {"what": "post"}, "DataItems": [{"Name": "what", "Value": "post"}]}

    assert (await server("anna").post(f"/v1/wf/definitions/{errand}", json=body)).status_code == 400
    assert (await server("anna").post(f"/v1/wf/definitions/{errand}", json={"Data": [1]})).status_code == 400


async def test_a_program_sees_what_shows_up_once_others_are_filled_in(engine: Engine, errand: str):
    async def shown(**data: Any) -> list[str]:
        view = await engine.form(errand, actor="anna", data=data)
        return [state.name for state in view.fields if state.visible]

    assert await shown() == ["what", "who", "when"]
    assert await shown(when="2026-03-04") == ["what", "who", "when", "until"]
    with pytest.raises(InvalidData, match="not a date"):
        await shown(when="soon")


# -- choices of a connector ----------------------------------------------------------------------------


def who(view: Any) -> Any:
    return next(state.choices for state in view.fields if state.name == "who")


async def test_a_connector_is_asked_once_for_as_long_as_the_form_says(
    engine: Engine, clock: ManualClock, office: FaultServer, errand: str
):
    views = await asyncio.gather(*(engine.form(errand, actor="anna") for _ in range(20)))
    assert len({str(who(view).options) for view in views}) == 1
    await engine.form(errand, actor="ben")
    assert len(office.requests) == 1

    await engine.form(errand, actor="anna", data={"what": "bank"})
    assert [request.query["what"] for request in office.requests] == ["any", "bank"]
    clock.move(minutes=5)
    await engine.form(errand, actor="anna")
    assert len(office.requests) == 3


async def test_a_failed_call_gives_a_form_whose_field_says_so(
    server: RunningServer, engine: Engine, clock: ManualClock, office: FaultServer, errand: str
):
    await connect(engine, office.url("/error?code=500&secret=no"))

    for _ in range(3):
        field = fields_of(await form_of(server, errand))["who"]
        assert field["Choices"] == []
        assert field["Fault"] == "Its choices could not be got from 'Runners'; try again in a moment."
    assert len(office.requests) == 1, "a service in trouble is left alone for a moment"
    refused = await start(server, errand, what="post", who="eva", when="2026-03-04")
    assert refused.status_code == 400
    assert "could not be got from 'Runners'" in refused.text
    assert (await start(server, errand, what="post", when="2026-03-04")).status_code == 204
    await connect(engine, office.url("/echo"))
    clock.move(seconds=AGAIN.total_seconds())
    assert fields_of(await form_of(server, errand))["who"]["Choices"]


async def test_old_choices_are_better_than_none_for_a_while(
    engine: Engine, clock: ManualClock, office: FaultServer, errand: str
):
    assert who(await engine.form(errand, actor="anna")).options
    await connect(engine, office.url("/close"))
    clock.move(minutes=6)
    assert who(await engine.form(errand, actor="anna")).options
    clock.move(seconds=STALE.total_seconds())
    assert who(await engine.form(errand, actor="anna")).fault


@pytest.mark.parametrize(
    "path", ["/wrong-type", "/invalid-json", "/large?bytes=200000", "/half", "/loop", "/ok", "/deep", "/deep?code=503"]
)
async def test_whatever_comes_back_there_is_a_form(engine: Engine, office: FaultServer, errand: str, path: str):
    await connect(engine, office.url(path))

    assert "could not be got" in who(await engine.form(errand, actor="anna")).fault


async def test_a_connector_that_is_not_there_is_said_in_the_field(engine: Engine):
    definition = (await engine.as_system().deploy(ERRAND)).definition.guid

    assert "could not be got" in who(await engine.form(definition, actor="anna")).fault
    with pytest.raises(InvalidData, match="could not be got"):
        await engine.start(definition, actor="anna", data={"what": "post", "who": "eva", "when": "2026-03-04"})


async def test_choices_that_never_come_are_not_asked_for_for_ever(
    engine: Engine, errand: str, monkeypatch: pytest.MonkeyPatch
):
    asked = []

    async def nothing(questions: Any) -> dict[Any, Any]:
        asked.append(questions)
        return {}

    monkeypatch.setattr(engine, "_choices", nothing)
    with pytest.raises(Conflict, match="read the form again"):
        await engine.start(errand, actor="anna", data={"what": "post", "who": "eva", "when": "2026-03-04"})
    assert len(asked) == 3


async def test_the_command_shows_the_same_from_a_database_and_a_server(
    server: RunningServer, engine: Engine, errand: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLACET_USER", "anna")
    monkeypatch.setenv("PLACET_PASSWORD", PASSWORD)
    found = await LocalBackend(engine, "anna").form("Errand")

    async with open_remote(server.url) as remote:
        assert await remote.form("Errand") == found
    assert [str(choice.label) for choice in found[0].choices] == ["post", "Bank"]
    assert [each.read_only or not each.visible for each in found] == [False, False, False, True]


async def test_one_who_goes_away_leaves_the_others_their_answer(engine: Engine, office: FaultServer, errand: str):
    await connect(engine, office.url("/held"))
    first = asyncio.create_task(engine.form(errand, actor="anna"))
    await office.wait_for(1)
    second = asyncio.create_task(engine.form(errand, actor="ben"))
    first.cancel()
    office.release.set()

    assert await second
    assert len(office.requests) == 1


async def test_the_page_shows_what_is_answered(server: RunningServer, engine: Engine):
    (definition,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    form, body, fault = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    guid = (await engine.as_system().deploy(definition)).definition.guid
    found = await form_of(server, guid)

    assert {name: value for name, value in found.items() if name != "Definition"} == form
    assert (await start(server, guid, what="war", parcels=3)).json() == fault
    assert (await start(server, guid, **body["Data"])).status_code == 204


# -- within the bounds of its service ------------------------------------------------------------------

LIMITED = """
services: {{Office: {{limits: {{concurrency: 1, breaker_failures: 2, breaker_seconds: 30}}}}}}
connectors:
  Runners: {{service: Office, url: "{url}", parameters: {{what: {{in: query}}}}}}
"""
ROUND = """
name: Round
start: go
activities:
  go: {kind: connector, connector: Runners, paths: {success: done}}
  done: {kind: finish}
"""


async def limited(engine: Engine, url: str) -> None:
    """Have all that calls the connector do so by narrow bounds."""
    caller = Caller(None, engine.directory, engine.clock.now())
    await engine.connectors.import_text(caller, LIMITED.format(url=url), "office.yaml")


async def round_of(engine: Engine) -> str:
    """The id of a process that calls the same service as the form."""
    return (await engine.as_system().start("Round", initiator="anna")).process.id


async def is_done(engine: Engine, process_id: str) -> bool:
    return (await engine.as_system().process(process_id)).process.process_status is ProcessStatus.COMPLETED


async def test_forms_call_a_service_no_more_often_at_once_than_it_may_be(
    engine: Engine, office: FaultServer, errand: str
):
    await engine.as_system().deploy(ROUND)
    await limited(engine, office.url("/held"))
    forms = [asyncio.create_task(engine.form(errand, actor="anna", data={"what": what})) for what in ("post", "bank")]
    await office.wait_for(1)
    waiting = await round_of(engine)
    office.release.set()
    await asyncio.gather(*forms)
    await engine.settled()

    assert office.most_open == 1
    asked = [request.query.get("what") for request in office.requests]
    assert (set(asked[:2]), asked[2:]) == ({"post", "bank"}, [None]), "people come first"
    assert await is_done(engine, waiting)


async def test_a_service_that_is_left_alone_is_left_alone_by_forms_too(
    engine: Engine, clock: ManualClock, office: FaultServer, errand: str
):
    await engine.as_system().deploy(ROUND)
    await limited(engine, office.url("/echo"))
    assert who(await engine.form(errand, actor="anna")).options
    await limited(engine, office.url("/error?code=503"))
    for what in ("post", "bank"):
        assert "try again in a moment" in who(await engine.form(errand, actor="anna", data={"what": what})).fault
    asked = len(office.requests)

    waiting = await round_of(engine)
    await engine.settled()
    clock.move(seconds=10)
    found = who(await engine.form(errand, actor="anna", data={"what": "post"}))
    assert found.fault.endswith("its service did not work, and is left alone for another 20 s.")
    assert who(await engine.form(errand, actor="anna")).options, "what is kept is better than nothing"
    assert len(office.requests) == asked

    await limited(engine, office.url("/echo"))
    clock.move(seconds=20)
    await engine.settled()
    assert await is_done(engine, waiting)
    assert who(await engine.form(errand, actor="anna", data={"what": "post"})).options


async def test_who_goes_away_before_his_turn_takes_no_room(engine: Engine, office: FaultServer, errand: str):
    await limited(engine, office.url("/held"))
    first = asyncio.create_task(engine.form(errand, actor="anna", data={"what": "post"}))
    await office.wait_for(1)
    second = Question("Runners", '{"what": "second"}', None, timedelta(minutes=5))
    going = asyncio.create_task(engine._choice_source.answers([second]))
    await asyncio.wait({going}, timeout=0)
    engine._choice_source._asking[second].cancel()
    office.release.set()

    assert "could not be got" in (await going)[second]
    assert await first
    assert (await engine.form(errand, actor="anna", data={"what": "bank"})).fields
    assert [request.query["what"] for request in office.requests] == ["post", "bank"]


# -- how much is kept of them --------------------------------------------------------------------------


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """`/rows` gives 900 rows of three cells each, of `length` characters."""

    async def give(server: FaultServer, request: Any, writer: Any) -> None:
        text = "x" * int(request.query["length"])
        fault_server.answer(writer, [[f"u{each}", text, text] for each in range(900)])

    monkeypatch.setitem(fault_server.FAULTS, "/rows", give)


def source_of(engine: Engine) -> ChoiceSource:
    engine.connectors.calls._client.longest = 4_000_000
    catalog = engine.connectors.catalog
    asking = Asking(catalog, engine.connectors.calls, Circuits(), engine.clock)
    return ChoiceSource(asking, catalog.now, engine.clock)


async def test_choices_take_no_more_memory_than_they_may(engine: Engine, office: FaultServer, clock: Any, rows: None):
    await connect(engine, office.url("/rows?length=1000"))
    source = source_of(engine)
    questions = [Question("Runners", f'{{"what": "{each}"}}', None, timedelta(minutes=5)) for each in range(30)]
    for question in questions:
        [answered] = (await source.answers([question])).values()
        assert len(answered) == 900
        assert len(answered[0]) == 2

    assert sum(kept.size for kept in source._kept.values()) <= MOST_CHARACTERS
    assert questions[0] not in source._kept
    assert questions[-1] in source._kept
    clock.move(hours=2)
    await source.answers([Question("Runners", '{"what": "new"}', None, timedelta(minutes=5))])
    assert len(source._kept) == 1


async def test_choices_that_are_too_long_are_none(engine: Engine, office: FaultServer, rows: None):
    await connect(engine, office.url("/rows?length=1200"))
    long = Question("Runners", '{"what": "a"}', None, timedelta(minutes=5))
    asked = Question("Runners", f'{{"what": "{"a" * 10_000}"}}', None, timedelta(minutes=5))
    found = await source_of(engine).answers([long, asked])

    assert "could not be got" in found[long]
    assert "too long to ask for them with" in found[asked]
    assert len(office.requests) == 1
