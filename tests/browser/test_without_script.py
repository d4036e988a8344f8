"""The console without JavaScript: a request is asked for, found and answered by links and forms alone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.arranging import Rest
from tests.browser.conftest import Opens, told

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser


async def test_a_request_is_started_found_and_answered(opened: Opens):
    anna, ben = [await opened(user, java_script_enabled=False) for user in ("anna", "ben")]

    page = await anna.to("/start")
    await page.get_by_role("link", name="Errand").click()
    await page.get_by_label("Where to").select_option("Post office")
    await page.get_by_role("button", name="Update the form").click()
    await page.get_by_label("Parcels").fill("3")
    await page.get_by_role("button", name="Start", exact=True).click()
    await told(page, "Errand is started.")
    process = page.url.rpartition("/")[2]
    await page.get_by_label("Add a comment").fill("Without any script.")
    await page.get_by_role("button", name="Comment", exact=True).click()
    await expect(page.locator(".comments")).to_contain_text("Without any script.")

    his = await ben.to("/inbox")
    await his.locator(f'a[href*="{process[:28]}"]').click()
    await his.get_by_role("button", name="Claim").click()
    await his.get_by_label("Desk").select_option("Front desk")
    await his.get_by_role("button", name="Approve").click()
    await told(his, "Approved.")

    page = await anna.to("/query")
    await page.get_by_role("textbox", name="Query for processes").fill("Initiator = me and Definition = Errand")
    await page.get_by_role("button", name="Run").click()
    await page.locator(f'#rows a[href$="{process}"]').click()
    await expect(page.locator(".status")).to_contain_text("Approved")


async def test_the_query_page_goes_on_sorts_narrows_down_and_explains(opened: Opens):
    admin = await opened("admin", java_script_enabled=False)
    page = await admin.to("/query?q=Definition+%3D+%22Travel+permit%22")
    rows = page.locator("#rows tr[data-key]")
    first = await rows.first.get_attribute("data-key")

    await page.get_by_role("link", name="Show more").click()
    await expect(rows.first).not_to_have_attribute("data-key", str(first))
    await page.get_by_role("columnheader", name="Created").get_by_role("link").click()
    await expect(page.get_by_role("columnheader", name="Created")).to_have_attribute("aria-sort", re.compile("."))

    await page.get_by_text("Narrow down").click()
    await page.get_by_role("link", name="Show counts").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Status")
    await page.get_by_role("link", name=re.compile("Completed")).click()
    await expect(page.get_by_role("textbox", name="Query for processes")).to_have_value(re.compile("ProcessStatus"))
    await page.get_by_role("link", name="Explain").click()
    await expect(page.locator("main")).to_contain_text("SELECT")


async def test_what_cannot_be_undone_has_to_be_meant(opened: Opens, rest: Rest):
    admin = await opened("admin", java_script_enabled=False)
    page = await admin.to(f"/definitions/{await rest.definition('Errand')}")

    await page.get_by_role("button", name="Retire").click()

    sure = page.get_by_label("Yes, I mean it")
    await expect(sure).to_be_focused()  # the browser asks for it and sends nothing
    assert await sure.evaluate("box => !box.validity.valid")


async def test_a_process_is_taken_back_by_a_page_of_its_own(opened: Opens):
    anna = await opened("anna", java_script_enabled=False)
    page = await anna.to("/start")
    await page.get_by_role("link", name="Visit").click()
    await page.get_by_label("Guest").fill("Mr Nobody")
    await page.get_by_role("button", name="Start", exact=True).click()

    await page.get_by_role("link", name="Terminate").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Terminate")
    await page.get_by_label("Reason").fill("He is not coming.")
    await page.get_by_role("button", name="Terminate").click()
    await told(page, "The process is terminated.")
    await expect(page.locator(".comments")).to_contain_text("He is not coming.")
