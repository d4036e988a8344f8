"""Connectors: from signing in at a service to a call of it, each tried by its Test dialog; and incidents."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.arranging import Rest
from tests.browser.conftest import Opens, told
from tests.fault_server import FaultServer

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser

SECRET = "not for the eyes of anybody"


async def test_a_connector_is_built_tested_and_removed(opened: Opens, faults: FaultServer):
    admin = await opened("admin")
    page = await admin.to("/connectors/configurations/new?kind=basic")
    await page.get_by_role("textbox", name="Name", exact=True).fill("Library card")
    await page.get_by_label("username").fill("reader")
    await page.get_by_label("password").fill(SECRET)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("link", name="Library card")).to_be_visible()
    await page.get_by_role("link", name="Library card").click()
    assert SECRET not in await page.content()
    await admin.has_no_fault_for_anybody()

    await admin.to("/connectors/services/new")
    await page.get_by_role("textbox", name="Name", exact=True).fill("Library")
    await page.get_by_label("Authentication configuration").select_option("Library card")
    await page.get_by_role("button", name="Save").click()
    await admin.to("/connectors?tab=services")
    await page.get_by_role("link", name="Library", exact=True).click()
    await admin.has_no_fault_for_anybody()

    await page.get_by_role("link", name="New connector").click()
    await page.get_by_role("textbox", name="Name", exact=True).fill("Find a book")
    await page.get_by_label("Method").select_option("POST")
    await page.get_by_label("URL").fill(faults.url("/echo"))
    await page.get_by_label("Name of parameter 1").fill("title")
    await page.get_by_label("Where parameter 1 goes").select_option("body")
    await page.get_by_role("button", name="Save").click()
    await admin.to("/connectors")
    await page.get_by_role("link", name="Find a book").click()

    await page.get_by_role("button", name="Test", exact=True).first.click()
    dialog = page.get_by_role("dialog", name="Test the connector")
    await dialog.get_by_label("title").fill("Middlemarch")
    await admin.has_no_fault_for_anybody()
    await dialog.get_by_role("button", name="Test", exact=True).click()
    await expect(page.locator(".outcome")).to_contain_text("Middlemarch")
    assert faults.requests[-1].json == {"title": "Middlemarch"}
    assert faults.requests[-1].headers["authorization"].startswith("Basic ")
    assert SECRET not in await page.content()
    await admin.has_no_fault_for_anybody()

    await page.get_by_label("URL").fill(faults.url("/error?code=503"))
    await page.get_by_role("button", name="Test", exact=True).first.click()
    await page.get_by_role("dialog", name="Test the connector").get_by_role("button", name="Test", exact=True).click()
    await expect(page.locator(".outcome")).to_contain_text("503")

    await admin.to("/connectors")
    await page.get_by_role("link", name="Find a book").click()
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("link", name="Find a book")).to_have_count(0)


async def test_an_incident_is_found_looked_at_and_retried(opened: Opens, rest: Rest, faults: FaultServer):
    process = await rest.failed_booking(faults, "/error?code=400&times=1&of=page", room="of the page")
    admin = await opened("admin")
    page = await admin.to(f"/processes/{process}")
    await expect(page.locator(".waiting")).to_contain_text("Incident")

    await admin.to("/incidents")
    await page.get_by_role("row", name=re.compile("Booking")).first.get_by_role("link").first.click()
    await expect(page.get_by_role("region", name="Tries")).to_contain_text("400")
    await admin.has_no_fault_for_anybody()
    await page.get_by_role("link", name="Retry").click()
    await page.get_by_role("dialog", name="Retry").get_by_role("button", name="Retry").click()
    await told(page, "It is tried again.")


async def test_a_webhook_is_told_of_what_happens(opened: Opens, rest: Rest, faults: FaultServer):
    admin = await opened("admin")
    page = await admin.to("/webhooks/new")
    await page.get_by_role("textbox", name="Name", exact=True).fill("Front door")
    await page.get_by_label("URL").fill(faults.url("/ok?of=webhook"))
    await page.get_by_label("Which processes").fill("Definition = Vist and")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Which processes").fill("Definition = Visit")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Secret of Front door")
    await admin.has_no_fault_for_anybody()
    await page.get_by_role("link", name="I have it").click()

    await page.get_by_role("button", name="Test").click()
    await expect(page.locator(".outcome")).to_contain_text("200")
    told_of = len(faults.seen("/ok"))
    await rest.start("anna", "Visit", guest="Mr Webhook")
    await faults.wait_for(told_of + 1, "/ok")
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("link", name="Front door")).to_have_count(0)
