"""Definitions: a new one is checked with its faults in place, deployed, changed, compared, and retired."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Opens, told

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser

TEXT = """\
name: Key
description: Somebody gets a key to a room
data:
  room: {type: string, required: true}
start: ask
activities:
  ask: {kind: approval, name: May they?, addressees: initiator.manager, paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
FAULTY = TEXT.replace("kind: finish", "kind: finnish").replace("denied: done", "denied: nowhere")


async def test_a_definition_comes_changes_and_is_retired(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/definitions")
    await page.get_by_role("link", name="New definition").click()

    await page.get_by_label("YAML").fill(FAULTY)
    await page.get_by_role("button", name="Check").click()
    shown = page.get_by_role("region", name="The text with its faults")
    await expect(page.get_by_role("heading", level=2)).to_contain_text("2 faults: nothing was deployed")
    seventh = shown.get_by_role("row", name=re.compile("^7 "))
    await expect(seventh.locator("xpath=following-sibling::tr[1]")).to_contain_text("'nowhere'")
    eighth = shown.get_by_role("row", name=re.compile("^8 "))
    await expect(eighth.locator("xpath=following-sibling::tr[1]")).to_contain_text("'finnish'")
    await admin.has_no_fault_for_anybody()

    await page.get_by_label("YAML").fill(TEXT)
    await page.get_by_role("button", name="Check").click()
    await expect(page.get_by_role("note")).to_contain_text(
        "No fault: this is “Key” with 2 activities and 1 data items."
    )
    await page.get_by_role("button", name="Deploy").click()
    await told(page, "Key: version 1 is deployed.")

    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("YAML").fill(TEXT.replace("required: true}", "required: true}\n  until: {type: date}"))
    await page.get_by_role("button", name="Check").click()
    await expect(page.get_by_role("note")).to_contain_text("until added")
    await page.get_by_role("button", name="Deploy").click()
    await told(page, "Key: version 2 is deployed.")

    await page.get_by_role("link", name="Versions").click()
    await page.get_by_role("button", name="Compare").click()
    await expect(page.locator('tr[data-mark="added"]')).to_contain_text("until: {type: date}")
    await admin.has_no_fault_for_anybody()
    await page.get_by_role("link", name="Key", exact=True).click()

    page.once("dialog", lambda dialog: dialog.dismiss())
    await page.get_by_role("button", name="Retire").click()
    await expect(page.get_by_role("button", name="Retire")).to_be_enabled()
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Retire").click()
    await told(page, "Key starts nothing any more")
    await admin.has_no_fault_for_anybody()
    await admin.to("/definitions?retired=true")
    await expect(page.get_by_role("link", name="Key", exact=True)).to_be_visible()
    await admin.to("/start")
    await expect(page.get_by_role("link", name=re.compile("^Key"))).to_have_count(0)


async def test_what_a_new_one_begins_with_has_no_fault(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/definitions/new")

    await page.get_by_role("button", name="Check").click()

    await expect(page.get_by_role("note")).to_contain_text("No fault: this is “Leave request”")


async def test_a_file_is_checked_as_well(opened: Opens, tmp_path: Path):
    file = tmp_path / "faulty.yaml"
    file.write_text("name: Key\nstart: [\n")
    admin = await opened("admin")
    page = await admin.to("/definitions/new")

    await page.get_by_label("Or a file").set_input_files(file)
    await page.get_by_role("button", name="Deploy").click()

    await expect(page.get_by_role("heading", level=2)).to_contain_text("nothing was deployed")


async def test_two_who_change_the_same_one_do_not_undo_each_other(opened: Opens):
    one, other = await opened("admin"), await opened("admin")
    page = await one.to("/definitions/new")
    await page.get_by_label("YAML").fill(TEXT.replace("Key", "Locker"))
    await page.get_by_role("button", name="Deploy").click()
    await told(page, "Locker: version 1 is deployed.")
    address = f"/definitions/{page.url.rpartition('/')[2]}/edit"
    late = await other.to(address)

    page = await one.to(address)
    await page.get_by_label("YAML").fill(TEXT.replace("Key", "Locker").replace("a room", "a locker"))
    await page.get_by_role("button", name="Deploy").click()
    await told(page, "Locker: version 2 is deployed.")
    await late.get_by_label("YAML").fill(TEXT.replace("Key", "Locker").replace("a room", "the gym"))
    await late.get_by_role("button", name="Deploy").click()

    await expect(late.get_by_role("alert")).to_contain_text("Version 2 was deployed meanwhile")
    await expect(late.get_by_label("YAML")).to_have_value(re.compile("the gym"))


async def test_who_may_not_change_definitions_reads_them(opened: Opens):
    anna = await opened("anna")
    page = await anna.to("/definitions")
    await expect(page.get_by_role("link", name="New definition")).to_have_count(0)
    await page.get_by_role("link", name="Leave request").click()

    for tab in ("Activities", "Start form", "YAML", "Versions", "Diagram"):
        await page.get_by_role("navigation", name="Parts of the definition").get_by_role("link", name=tab).click()
        await expect(page.locator('[aria-label="Parts of the definition"] [aria-current="page"]')).to_contain_text(tab)
    await expect(page.get_by_role("img", name="Leave request").locator("g.start")).to_be_visible()
    await expect(page.get_by_role("link", name="Edit")).to_have_count(0)
