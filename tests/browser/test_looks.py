"""What pages look like where it decides whether they can be used: on a phone, on paper, and times by keyboard."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.arranging import Rest, item_of
from tests.browser.conftest import Opens, told

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser
PHONE = {"viewport": {"width": 390, "height": 844}}
_INSIDE = "box => box.scrollWidth <= box.clientWidth"
_SHOWN = "time => getComputedStyle(time, '::after').content"


async def test_on_a_phone_rows_are_cards_and_answers_stay_at_hand(opened: Opens, rest: Rest):
    for number in range(8):
        await rest.start("anna", "Visit", guest=f"Ms Phone {number}")
    vera, admin = await opened("vera", **PHONE), await opened("admin", **PHONE)

    page = await admin.to("/query")
    assert await page.get_by_role("region", name="Table of results").evaluate(_INSIDE)
    await expect(page.locator("#rows tr").first.locator("td").nth(1)).to_be_in_viewport()
    page = await vera.to("/inbox")
    await expect(page.get_by_role("button", name="Approve")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Release")).to_be_in_viewport()
    await vera.has_no_fault_for_anybody()


async def test_on_paper_every_row_is_there_and_nothing_to_press(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/query")
    await page.emulate_media(media="print")

    box = page.get_by_role("region", name="Table of results")
    assert await box.evaluate("box => box.scrollHeight <= box.clientHeight + 1")
    assert await page.evaluate("document.documentElement.scrollHeight > 1200")
    await expect(page.get_by_role("button")).to_have_count(0)


async def test_the_query_page_scrolls_in_one_place(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/query")

    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert await page.get_by_role("region", name="Table of results").evaluate(
        "box => box.scrollHeight > box.clientHeight"
    )


async def test_times_are_exact_by_a_key_and_by_a_press(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    anna = await opened("anna")
    page = await anna.to(f"/processes/{process}")
    times = page.locator(".timeline time")

    await times.first.click()
    assert "Europe/Berlin" in await times.first.evaluate(_SHOWN)
    assert await times.last.evaluate(_SHOWN) == "none"
    await page.keyboard.press("i")
    assert "Europe/Berlin" in await times.last.evaluate(_SHOWN)
    await page.keyboard.press("i")
    assert await times.last.evaluate(_SHOWN) == "none"


async def test_letters_bring_answers_under_the_hand_and_send_none(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Visit", guest="Ms Letter")
    vera = await opened("vera")
    page = await vera.to(f"/work-items/{item_of(process)}")

    for key, name in (("a", "Approve"), ("d", "Deny"), ("f", "Refuse"), ("c", "Claim")):
        await page.keyboard.press(key)
        await expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()
    await page.keyboard.press("m")
    await expect(page.get_by_label("Comment", exact=True)).to_be_focused()
    await page.keyboard.type("ad")  # letters of a comment
    await expect(page.get_by_label("Comment", exact=True)).to_have_value("ad")

    page = await vera.to("/inbox")
    await page.locator(f'input[value="{item_of(process)}"]').check()
    await page.keyboard.press("a")
    await page.keyboard.press("Enter")
    await told(page, "1 approved.")
