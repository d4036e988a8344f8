"""The console's pages of definitions: reading, comparing, checking, deploying and retiring."""

from __future__ import annotations

import pytest

from placet.core.names import dn_guid
from tests.acceptance.browsing import signed_in
from tests.acceptance.conftest import LEAVE, RunningServer

NEW = """\
name: Parking space
data: {plate: {type: string, required: true}}
start: ask
activities:
  ask: {kind: approval, addressees: "'admin'", paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
GUID = dn_guid("cn=Parking space,cn=RequestDefs,cn=AppConfig,o=placet")

pytestmark = pytest.mark.usefixtures("without_jobs")


async def test_definitions_are_listed_and_searched(server: RunningServer):
    anna = await signed_in(server, "anna")

    every = await anna.page("/definitions")
    assert "Leave request" in every
    assert "Role Approval" in every
    assert "New definition" not in every
    assert "Leave request" not in await anna.page("/definitions?q=role")
    assert "No definition has these words" in await anna.page("/definitions?q=nothing+like+it")
    assert "None is retired" in await anna.page("/definitions?retired=true")


async def test_a_definition_is_shown_in_all_its_parts(server: RunningServer):
    anna = await signed_in(server, "anna")

    assert "cn=Leave request" in await anna.page(f"/definitions/{LEAVE}")
    assert "initiator.manager" in await anna.page(f"/definitions/{LEAVE}?tab=activities")
    assert "days" in await anna.page(f"/definitions/{LEAVE}?tab=form")
    assert "start:" in await anna.page(f"/definitions/{LEAVE}?tab=yaml")
    assert "Deployed" in await anna.page(f"/definitions/{LEAVE}?tab=versions")
    picture = await anna.get(f"/console/definitions/{LEAVE}/diagram.svg")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert "has no version '7'" in await anna.page(f"/definitions/{LEAVE}?version=7", expected=404)
    await anna.page(f"/definitions/{'0' * 32}", expected=404)


async def test_faults_are_shown_in_place_and_nothing_is_deployed(server: RunningServer):
    admin = await signed_in(server, "admin")
    wrong = NEW.replace("kind: finish", "kind: finsh")

    for what in ("check", "deploy"):
        page = await admin.submit(f"/definitions/new/{what}", text=wrong, over="0", expected=422)
        assert "One fault: nothing was deployed" in page
        assert "6 done: {kind: finsh} Column 16:" in page
        assert "did you mean 'finish'?" in page
    await admin.page(f"/definitions/{GUID}", expected=404)


async def test_a_text_is_checked_deployed_changed_compared_and_retired(server: RunningServer):
    admin = await signed_in(server, "admin")

    assert "No fault: this is “Parking space”" in await admin.submit(
        "/definitions/new/check", text=NEW, over="0", expected=200
    )
    await admin.page(f"/definitions/{GUID}", expected=404)
    assert (await admin.submit("/definitions/new/deploy", text=NEW, over="0")).endswith(f"/definitions/{GUID}")
    assert "There is a definition of this name already" in await admin.submit(
        "/definitions/new/deploy", text=NEW, over="0", expected=409
    )

    changed = NEW.replace("plate:", "colour: {type: string}, plate:")
    checked = await admin.submit(f"/definitions/{GUID}/check", text=changed, over="1", expected=200)
    assert "data item colour added" in checked
    await admin.submit(f"/definitions/{GUID}/deploy", text=changed, over="1")
    assert "Version 2 was deployed meanwhile, and this is based on version 1" in await admin.submit(
        f"/definitions/{GUID}/deploy", text=NEW, over="1", expected=409
    )

    compared = await admin.page(f"/definitions/{GUID}/compare")
    assert "added data item colour" in compared
    assert "2 - data: {plate" in compared
    assert "2 + data: {colour" in compared
    assert "The two are the same" in await admin.page(f"/definitions/{GUID}/compare?from=2&to=2")

    await admin.submit(f"/definitions/{GUID}/retire")
    assert "This definition is retired" in await admin.page(f"/definitions/{GUID}")
    assert "Parking space" in await admin.page("/definitions?retired=true")
    await admin.submit(f"/definitions/{GUID}/deploy", text=changed, over="2")
    assert "retired" not in await admin.page(f"/definitions/{GUID}")


async def test_nobody_changes_definitions_without_the_right(server: RunningServer):
    anna = await signed_in(server, "anna")

    await anna.page("/definitions/new", expected=403)
    await anna.submit("/definitions/new/deploy", text=NEW, over="0", expected=403)
    await anna.submit(f"/definitions/{LEAVE}/retire", expected=403)
    assert "retired" not in await anna.page(f"/definitions/{LEAVE}")


async def test_a_form_that_lies_is_refused_in_words(server: RunningServer):
    admin = await signed_in(server, "admin")

    assert "There is no text" in await admin.submit("/definitions/new/check", text=" ", over="0", expected=400)
    assert "is not a number" in await admin.submit("/definitions/new/check", text=NEW, over="x", expected=400)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"name: \x00"])
async def test_a_file_that_is_no_text_is_refused_and_what_was_written_stays(server: RunningServer, content: bytes):
    admin = await signed_in(server, "admin")
    for what in ("check", "deploy"):
        files = {"file": ("new.yaml", content), "text": (None, NEW), "over": (None, "0")}
        answer = await admin.post(f"/console/definitions/new/{what}", files=files)

        assert answer.status_code == 422
        assert "The file is no text in UTF-8" in answer.text
        assert "Parking space" in answer.text
    files = {"file": ("new.yaml", "\ufeff".encode() + NEW.encode()), "text": (None, "x"), "over": (None, "0")}
    assert (await admin.post("/console/definitions/new/deploy", files=files)).status_code == 303
