"""`;schema`: every answer validates against its own document, and no longer once a member is changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from placet_api.ris.resources import RESOURCES
from placet_api.ris.schemas import DEFINITION, LINK, PROCESS, WORK_ITEM, Object
from tests.acceptance.conftest import LEAVE, RunningServer

STANDARD = {"Accept": "application/schema+json"}

pytestmark = pytest.mark.usefixtures("without_jobs")


async def populated(server: RunningServer) -> list[str]:
    """The paths of every resource, with all optional members somewhere in their answers."""
    body = {
        "DataItems": [{"Name": "days", "Value": 3}],
        "CorrelationId": "order 7",
        "Proxy": "anna",
        "Recipient": "clara",
    }
    answer = await server("admin").post(f"/v1/wf/definitions/{LEAVE}", json=body)
    process_id = answer.headers["location"][-32:]
    await server("admin").post(f"/v1/wf/processes/{process_id}/comments", json={"Comment": "Please."})
    done = await server.start()
    await server.act("ben", await server.item(done), "Approve", Comment="Enjoy it.")
    definitions = (await server("admin").get("/v1/wf/definitions")).json()
    parcel = next(each["Link"] for each in definitions if each["Value"] == "Parcel")
    tree = [{"Name": "tree", "Value": {"a": 1}}, {"Name": "tags", "Values": [{"Value": "x"}], "MultiValued": True}]
    started = await server("anna").post(parcel, json={"DataItems": tree})
    item_id, parcel_item = f"{done[:28]}0001", f"{started.headers['location'][-32:][:28]}0001"
    return [
        "/v1",
        "/v1/wf/definitions",
        f"/v1/wf/definitions/{LEAVE}",
        "/v1/wf/processes",
        f"/v1/wf/processes/{process_id}",
        f"/v1/wf/processes/{done}/comments",
        "/v1/wf/workitems",
        f"/v1/wf/workitems/{item_id}",
        f"/v1/wf/workitems/{parcel_item}",
        f"/v1/wf/workitems/{item_id}/comments",
    ]


def members_of(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every member of every object in a JSON value."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*place, name)
            yield from members_of(member, (*place, name))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from members_of(member, (*place, number))


def changed(value: Any, place: tuple[Any, ...], change: str) -> Any:
    """A copy in which one member is removed, renamed, or of another type."""
    value = copy.deepcopy(value)
    parent = value
    for step in place[:-1]:
        parent = parent[step]
    member = parent.pop(place[-1])
    if change == "rename":
        parent[f"{place[-1]}x"] = member
    elif change == "retype":
        parent[place[-1]] = 7 if isinstance(member, str) else "text"
    return value


def optional(place: tuple[Any, ...]) -> bool:
    return place[-1] in {"LegalDisclaimer", "Proxy", "CorrelationId"}


def of_json_data(value: Any, place: tuple[Any, ...]) -> bool:
    """Whether a member is, or is within, the value of a data item of type json, which may be anything."""
    for length in range(1, len(place)):
        parent = value
        for step in place[:length]:
            parent = parent[step]
        if isinstance(parent, dict) and parent.get("Type") == "json" and place[length] in ("Value", "Values"):
            return place[length] == "Value" or len(place) > length + 2
    return False


async def test_every_answer_validates_and_every_change_of_it_does_not(server: RunningServer):
    for path in await populated(server):
        schema = (await server("admin").get(f"{path};schema", headers=STANDARD)).json()
        answer = (await server("admin").get(path)).json()
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        assert list(validator.iter_errors(answer)) == [], path
        assert answer, path
        places = list(members_of(answer))
        for place in places:
            if of_json_data(answer, place) and place[-1] != "Value":
                continue
            if not optional(place):
                assert not validator.is_valid(changed(answer, place, "remove")), (path, place)
            assert not validator.is_valid(changed(answer, place, "rename")), (path, place)
            if not of_json_data(answer, place):
                assert not validator.is_valid(changed(answer, place, "retype")), (path, place)


async def test_the_answers_to_commands_validate_too(server: RunningServer):
    answer = await server("anna").post(
        f"/v1/wf/definitions/{LEAVE}",
        json={"DataItems": [{"Name": "days", "Value": 1}]},
        headers={"Prefer": "return=representation"},
    )
    process_schema = (await server("anna").get(f"{answer.headers['location']};schema", headers=STANDARD)).json()
    assert list(Draft202012Validator(process_schema).iter_errors(answer.json())) == []

    item = await server.item(answer.json()["GUID"])
    item_schema = (await server("anna").get(f"{item['Link']};schema", headers=STANDARD)).json()
    acted = await server.act("ben", item, "Claim")
    assert list(Draft202012Validator(item_schema).iter_errors(acted.json())) == []


async def test_accept_chooses_between_the_two_documents(server: RunningServer):
    path = "/RIS/v1/wf/processes;schema"
    for accept, kind in {
        "*/*": "application/json",
        "application/json": "application/json",
        "application/schema+json": "application/schema+json",
        "application/schema+json, application/json;q=0.9": "application/schema+json",
        "application/schema+json;q=0.5, application/json": "application/json",
    }.items():
        answer = await server("anna").get(path, headers={"Accept": accept})
        assert answer.headers["content-type"] == kind
        assert ("ProcessInfo" in answer.json()) == (kind == "application/json")
    both = await server("anna").get("/RIS/v1;schema/wf/processes;debug")
    assert both.text.startswith('{\n  "ProcessInfo": {\n')


#: The members of the documents that section 24.2.6 prints, its typographic quotes and missing bracket mended.
PRINTED: list[tuple[Object, str]] = [
    (LINK, "Link Type Value"),
    (
        DEFINITION,
        "Links DataItems Value DN GUID Link Category LegalDisclaimer DigitalSignatureType Description Operation "
        "Recipient",
    ),
    (
        PROCESS,
        "Links GUID Link Initiator Recipient Definition Created Completed Proxy CorrelationId ApprovalStatus "
        "ProcessStatus Version EngineId",
    ),
]


async def test_the_documents_of_the_chapter(server: RunningServer):
    root = (await server("anna").get("/v1;schema")).json()
    process = (await server("anna").get(f"/v1/wf/processes/{'0' * 32};schema")).json()
    comments = (await server("anna").get(f"/v1/wf/processes/{'0' * 32}/comments;schema")).json()

    assert root == {
        "Link": {
            "description": "schema for: /v1",
            "type": "array",
            "properties": {
                "Link": {"type": "string"},
                "Type": {"type": "string", "enum": ["root", "wf/definitions", "wf/processes", "wf/workitems"]},
                "Value": {"type": "string"},
            },
        }
    }
    assert process["description"] == "schema for: /v1/wf/processes/{Process ID}"
    assert process["type"] == "object"
    assert process["properties"]["Created"] == {"type": "string", "format": "date-time"}
    assert process["properties"]["Completed"] == {"type": "string", "format": "date-time", "optional": True}
    assert process["properties"]["Proxy"] == {"type": "string", "optional": True}
    assert comments["CommentInfo"]["type"] == "array"
    assert comments["CommentInfo"]["properties"]["System"] == {"type": "boolean"}
    for spec, printed in PRINTED:
        assert [name for name in spec.members if name != "requestID"] == printed.split()


def test_every_resource_that_is_read_has_both_documents():
    for shape, resource in RESOURCES.items():
        assert (resource.schema is not None) == ("GET" in resource.methods), shape
    assert set(WORK_ITEM.members) >= {"GUID", "Process", "AvailableActions", "DataItems"}
