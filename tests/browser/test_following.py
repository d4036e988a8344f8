"""Pages that look again by themselves: nothing moves, nothing that was begun is lost, and no session lasts on by it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Request, expect

from tests.browser.arranging import Rest, item_of
from tests.browser.conftest import Opens

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser


async def test_what_comes_into_an_inbox_is_announced_and_moves_nothing(opened: Opens, rest: Rest):
    first = item_of(await rest.start("anna", "Visit", guest="Ms First"))
    vera = await opened("vera")
    page = await vera.to("/inbox")
    await page.locator(f'input[value="{first}"]').check()
    await page.get_by_label("Comment", exact=True).fill("Welcome.")
    rows = page.locator("tr[data-piece]")
    before, top = await rows.count(), (await rows.first.bounding_box() or {})["y"]

    second = await rest.start("anna", "Visit", guest="Ms Second")

    button = page.get_by_role("button", name=re.compile("new: show"))
    await expect(button).to_be_visible()
    assert await rows.count() == before
    assert (await rows.first.bounding_box() or {})["y"] == top
    await vera.has_no_fault_for_anybody()
    await button.click()
    await expect(page.locator(f'tr[data-piece="{item_of(second)}"]')).to_contain_text("Guest Ms Second")
    await expect(page.locator(f'input[value="{first}"]')).to_be_checked()
    await expect(page.get_by_label("Comment", exact=True)).to_have_value("Welcome.")
    await expect(button).to_be_hidden()


async def test_an_item_that_is_claimed_elsewhere_changes_in_its_place(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Visit", guest="Ms Held")
    vera = await opened("vera")
    page = await vera.to("/inbox")
    row = page.locator(f'tr[data-piece="{item_of(process)}"]')
    await row.get_by_role("checkbox").check()
    await row.get_by_role("link").focus()

    await rest.act("vera", process, "Claim")

    await expect(row).to_contain_text("Claimed")
    await expect(row.get_by_role("checkbox")).to_be_checked()
    await expect(row.get_by_role("link")).to_be_focused()


async def test_the_figures_of_the_overview_keep_up_and_a_table_stays_open(opened: Opens, rest: Rest):
    admin = await opened("admin")
    page = await admin.to("/")
    started = page.get_by_role("link", name=re.compile("^Started today")).locator(".value")
    before = await started.inner_text()
    await page.get_by_text("As a table").first.click()

    await rest.start("anna", "Errand", what="bank")

    await expect(started).not_to_have_text(before)
    await expect(page.get_by_role("region", name=re.compile("^Last 48 hours as a table"))).to_be_visible()


@pytest.mark.parametrize("path", ["/query", "/inbox", "/processes/{process}"])
async def test_what_a_page_asks_for_by_itself_says_that_nobody_is_there(opened: Opens, rest: Rest, path: str):
    process = await rest.start("anna", "Visit", guest="Ms Quiet")
    vera = await opened("vera")
    page = await vera.to(path.format(process=process))
    await expect(page.locator(".htmx-request")).to_have_count(0)

    def looks(request: Request) -> bool:
        return "/console/" in request.url and "hx-request" in request.headers

    async with page.expect_request(looks) as asked:
        await rest("anna", "POST", f"/v1/wf/processes/{process}/comments", json={"Comment": "Soon."})

    assert (await asked.value).headers["placet-quiet"] == "1"
