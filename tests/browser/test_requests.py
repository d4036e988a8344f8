"""Requests from their form to their end, by two people whose browsers stand side by side."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.arranging import Rest, item_of
from tests.browser.conftest import Opens, Tab, told

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser


def process_of(page: Page) -> str:
    """The id of the process that a page is about."""
    return page.url.partition("/processes/")[2].partition("?")[0]


async def ask_for_an_errand(tab: Tab) -> str:
    """Send the form of an errand to the post office; gives the id of the process."""
    page = await tab.to("/start")
    await page.get_by_role("link", name="Errand").click()
    await page.get_by_label("Where to").select_option("Post office")
    await page.get_by_label("Parcels").fill("3")
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Errand")
    await told(page, "Errand is started.")
    return process_of(page)


async def test_one_asks_and_the_other_sees_it_come_and_approves(opened: Opens):
    anna, ben = await opened("anna"), await opened("ben")
    watched = await ben.to("/query?of=workitems&q=Addressee+%3D+me+and+Definition+%3D+Errand")
    await expect(watched.locator("[data-live]")).to_be_visible()

    process = await ask_for_an_errand(anna)
    await expect(anna.page.locator(".waiting")).to_contain_text("Ben Adler can answer")
    await watched.get_by_role("button", name=re.compile("1 new: show")).click()
    await watched.locator(f'#rows tr[data-key^="{item_of(process)}"] a').first.click()

    await expect(watched.get_by_role("heading", level=1)).to_have_text("Who goes?")
    await watched.get_by_label("Desk").select_option("Front desk")
    await watched.get_by_label("Comment").fill("Take the tram.")
    await watched.get_by_role("button", name="Approve").click()
    await told(watched, "Approved.")

    await expect(anna.page.locator(".status")).to_contain_text("Approved")  # nobody has loaded her page again
    await expect(anna.page.locator(".comments")).to_contain_text("Take the tram.")
    await expect(anna.page.locator("dl.data")).to_contain_text("front")


async def test_a_form_shows_what_its_choices_ask_for_and_says_what_is_wrong(opened: Opens):
    anna = await opened("anna")
    page = await anna.to("/start")
    await page.get_by_role("link", name="Errand").click()

    await expect(page.get_by_label("Parcels")).to_have_count(0)
    await page.get_by_label("Where to").select_option("Post office")
    await page.get_by_label("Parcels").fill("12")
    await page.get_by_label("Identity card").check()
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was started yet")
    await expect(page.get_by_label("Parcels")).to_have_attribute("aria-invalid", "true")
    await anna.has_no_fault_for_anybody()

    await page.get_by_label("Where to").select_option("Bank")
    await expect(page.get_by_label("Parcels")).to_have_count(0)
    await expect(page.get_by_label("Identity card")).to_be_checked()
    await page.get_by_role("button", name="Start", exact=True).click()
    await told(page, "Errand is started.")
    await expect(page.locator("dl.data")).to_contain_text("bank")


async def test_what_is_filled_in_while_a_form_is_drawn_anew_stays(opened: Opens):
    anna = await opened("anna")
    page = await anna.to("/start")
    await page.get_by_role("link", name="Errand").click()
    is_filled_in = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_filled_in.wait()
        await route.continue_()

    await page.route("**/form", hold)
    async with page.expect_request("**/form"):
        await page.get_by_label("Where to").select_option("Post office")
    await page.get_by_label("Identity card").check()
    await page.get_by_label("On which day").fill("2030-01-02")
    is_filled_in.set()

    await expect(page.get_by_label("Parcels")).to_be_visible()
    await expect(page.get_by_label("Identity card")).to_be_checked()
    await expect(page.get_by_label("On which day")).to_have_value("2030-01-02")


async def test_what_is_filled_in_before_the_page_listens_counts_as_well(opened: Opens):
    anna = await opened("anna")
    page = await anna.to("/start")
    is_filled_in = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_filled_in.wait()
        await route.continue_()

    await page.route("**/htmx.min.js*", hold)
    await page.get_by_role("link", name="Errand").click()
    await page.get_by_label("Where to").select_option("Post office")
    is_filled_in.set()

    await expect(page.get_by_label("Parcels")).to_be_visible()
    await expect(page.get_by_label("Where to")).to_have_value("post")


async def test_a_group_is_asked_and_one_of_it_claims_releases_and_approves(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Visit", guest="Ms Claim")
    vera, oskar = await opened("vera"), await opened("oskar")
    item = f"/work-items/{item_of(process)}"

    page = await vera.to(item)
    await page.get_by_role("button", name="Claim").click()
    await told(page, "Claimed: it is yours.")
    gone = await oskar.to(item)
    await expect(gone.get_by_role("heading", level=1)).to_have_text("This work item is not yours to see")

    await page.get_by_role("button", name="Release").click()
    await told(page, "Released: others can act on it.")
    other = await oskar.to(item)
    await other.get_by_role("button", name="Claim").click()
    await other.get_by_role("button", name="Approve").click()
    await told(other, "Approved.")
    await vera.to(item)
    await expect(page.get_by_role("note")).to_contain_text("answered by Oskar Falk")


async def test_what_is_returned_comes_back_and_is_submitted_again(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    ben, anna = await opened("ben"), await opened("anna")

    page = await ben.to(f"/work-items/{item_of(process)}")
    await page.get_by_label("Comment").fill("The post office, please.")
    await page.get_by_role("button", name="Return for changes").click()
    await told(page, "Returned for changes.")

    hers = await anna.to("/inbox")
    row = hers.get_by_role("row").filter(has=hers.locator(f'a[href$="{item_of(process, 2)}"]'))
    await expect(row).to_contain_text("Returned to you for changes")
    await row.get_by_role("link").click()
    await expect(hers.locator("main")).to_contain_text("The post office, please.")
    await hers.get_by_label("Where to").select_option("Post office")
    await hers.get_by_label("Parcels").fill("2")
    await hers.get_by_role("button", name="Submit again").click()
    await told(hers, "Approved.")
    hers = await anna.to(f"/processes/{process}")
    await expect(hers.locator(".waiting")).to_contain_text("Ben Adler")
    await expect(hers.locator("dl.data")).to_contain_text("post")


async def test_a_request_is_denied_and_its_initiator_sees_why(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    ben, anna = await opened("ben"), await opened("anna")

    page = await ben.to(f"/work-items/{item_of(process)}")
    await page.get_by_label("Comment").fill("It is closed today.")
    await page.get_by_role("button", name="Deny").click()
    await told(page, "Denied.")

    hers = await anna.to("/inbox?tab=requests")
    await hers.locator(f'a[href$="{process}"]').click()
    await expect(hers.locator(".status")).to_contain_text("Denied")
    await expect(hers.locator(".comments")).to_contain_text("It is closed today.")


async def test_who_was_quicker_is_told(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    ben = await opened("ben")
    page = await ben.to(f"/work-items/{item_of(process)}")
    await page.get_by_label("Desk").select_option("Back office")

    await rest.act("ben", process, "Deny")
    await page.get_by_role("button", name="Approve").click()

    await expect(page.get_by_role("alert")).to_contain_text("Ben Adler")
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)


async def test_several_are_answered_at_once(opened: Opens, rest: Rest):
    processes = [await rest.start("anna", "Visit", guest=guest) for guest in ("Mr One", "Ms Two", "Mx Three")]
    helen, anna = await opened("helen"), await opened("anna")

    page = await helen.to("/inbox")
    for process in processes[:2]:
        await page.locator(f'input[value="{item_of(process)}"]').check()
    await page.get_by_label("Comment").fill("All are welcome.")
    await page.get_by_role("button", name="Approve").click()
    await told(page, "2 approved.")
    await expect(page.locator(f'input[value="{item_of(processes[2])}"]')).to_be_visible()

    hers = await anna.to(f"/processes/{processes[1]}")
    await expect(hers.locator(".status")).to_contain_text("Approved")
    await expect(hers.locator(".comments")).to_contain_text("All are welcome.")


async def test_of_several_the_one_that_cannot_be_answered_is_named(opened: Opens, rest: Rest):
    processes = [await rest.start("anna", "Visit", guest=guest) for guest in ("Mr Quick", "Ms Slow")]
    helen = await opened("helen")
    page = await helen.to("/inbox")
    for process in processes:
        await page.locator(f'input[value="{item_of(process)}"]').check()

    await rest.act("vera", processes[0], "Approve")
    await page.get_by_role("button", name="Deny").click()

    await expect(page.get_by_role("note")).to_contain_text("1 denied. 1 could not be denied:")
    await expect(page.get_by_role("note")).to_contain_text("Vera Lindholm")
    await page.get_by_role("button", name="Claim").click()
    await expect(page.locator("main")).to_contain_text("Nothing was done: tick the requests that it is about first.")


async def test_work_is_handed_to_somebody_else(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin, samir = await opened("admin"), await opened("samir")
    page = await admin.to(f"/work-items/{item_of(process)}")

    await page.get_by_role("textbox", name="To", exact=True).fill("nobody at all")
    await page.get_by_role("button", name="Reassign").click()
    await expect(page.get_by_role("alert")).to_contain_text("nobody at all")
    await page.get_by_role("textbox", name="To", exact=True).fill("samir")
    await page.get_by_role("button", name="Reassign").click()
    await told(page, "Reassigned.")

    his = await samir.to("/inbox")
    await his.locator(f'a[href$="{item_of(process)}"]').click()
    await expect(his.get_by_role("button", name="Approve")).to_be_visible()


async def test_who_is_second_on_an_item_of_a_group_keeps_his_words(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Visit", guest="Mx Second")
    vera, oskar = await opened("vera"), await opened("oskar")
    page, other = [await tab.to(f"/work-items/{item_of(process)}") for tab in (vera, oskar)]

    await other.get_by_label("Comment").fill("I have met them.\nTwice.")
    await page.get_by_role("button", name="Claim").click()
    await told(page, "Claimed: it is yours.")
    await other.get_by_role("button", name="Approve").click()

    await expect(other.get_by_role("heading", level=1)).to_have_text("This work item is not yours to see")
    await expect(other.get_by_label("Your comment")).to_have_value("I have met them.\nTwice.")
    await oskar.has_no_fault_for_anybody()


async def test_people_and_groups_are_completed_where_they_are_named(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin = await opened("admin")
    page = await admin.to(f"/work-items/{item_of(process)}")
    field = page.get_by_role("combobox", name="To", exact=True)

    await page.get_by_role("textbox", name="To", exact=True).press_sequentially("sam")
    await expect(page.locator("#to-offered option[value=samir]")).to_be_attached()
    await expect(field).to_be_focused()
    await field.fill("boa")
    await expect(page.locator("#to-offered option", has_text="Board")).to_have_attribute(
        "value", re.compile("cn=Board")
    )
    await admin.has_no_fault_for_anybody()

    page = await admin.to("/me?tab=absences")
    await page.get_by_text("Add an absence").click()
    await page.get_by_label("Delegate").press_sequentially("ve")
    await expect(page.locator("#delegate-offered option[value=vera]")).to_be_attached()
