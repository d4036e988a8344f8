"""The console without a pointer: keys lead everywhere, the focus can be seen, and dialogs keep and return it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.arranging import Rest, item_of
from tests.browser.conftest import Opens, told

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser

#: The width of the outline of what has the focus, also inside a shadow tree, and whether it lies within the window.
_FOCUS = """() => {
    let at = document.activeElement;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    const box = at.getBoundingClientRect();
    const isSeen = box.bottom > 0 && box.top < innerHeight && box.width > 0;
    const up = (each) => each.parentElement ?? each.getRootNode().host;
    const rings = [at];
    while (rings.length < 6 && up(rings.at(-1))) rings.push(up(rings.at(-1)));
    const outlined = rings.some((each) => {
        const style = getComputedStyle(each);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
    });
    return { tag: at.tagName, name: (at.getAttribute("aria-label") || at.innerText || "").trim(), isSeen, outlined };
}"""


async def test_g_and_a_letter_lead_to_every_page(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/")
    links = page.get_by_role("navigation", name="Main").get_by_role("link")
    pages = await links.evaluate_all("links => links.map(link => [link.dataset.key, link.href])")
    assert {"o", "q", "w", "s", "d", "c", "p", "e", "a"} <= {key for key, _ in pages}

    for key, address in pages:
        await page.keyboard.press("g")
        await page.keyboard.press(key)
        await page.wait_for_url(address)
        await expect(page.locator('.side [aria-current="page"]')).to_have_attribute("data-key", key)


async def test_rows_are_walked_opened_and_left(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/query")
    current = page.locator("#rows tr.current")
    first, second = [page.locator("#rows tr[data-key]").nth(number) for number in (0, 1)]
    wanted = await second.get_attribute("data-key")

    await page.keyboard.press("j")
    await expect(first).to_have_class(re.compile("current"))
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(current).to_have_attribute("data-key", str(wanted))
    await expect(current.get_by_role("link").first).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/processes/{wanted}")


async def test_work_is_ticked_and_answered_by_keys_alone(opened: Opens, rest: Rest):
    await rest.start("anna", "Visit", guest="Ms Keys")
    vera = await opened("vera")
    page = await vera.to("/inbox")
    box = page.locator("tr.current input[type=checkbox]")

    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(box).to_be_checked()
    await page.keyboard.press("x")
    await expect(box).not_to_be_checked()
    await page.keyboard.press("x")
    await page.get_by_role("button", name="Claim").focus()
    await page.keyboard.press("Enter")
    await told(page, "1 claimed.")


async def test_the_slash_leads_to_the_query_bar(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/definitions")
    await page.keyboard.press("/")
    await page.wait_for_url("**/query")

    await page.keyboard.press("/")
    bar = page.get_by_role("textbox", name="Query for processes")
    await expect(bar).to_be_focused()
    await page.keyboard.type("Initiator = me g q j ?")
    await expect(bar).to_have_text("Initiator = me g q j ?")  # keys are letters there
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(bar).not_to_be_focused()


async def test_a_dialog_keeps_the_focus_and_gives_it_back(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/query")
    opener = page.get_by_role("button", name="Views")
    await opener.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Views")
    await expect(dialog).to_be_visible()

    stops = await dialog.locator("a[href], button, input:not([type=hidden]), summary").count()
    for _ in range(stops + 2):
        await page.keyboard.press("Tab")
        assert await dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    for _ in range(stops + 2):
        await page.keyboard.press("Shift+Tab")
        assert await dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()


async def test_the_list_of_keys_opens_closes_and_switches_them_off(opened: Opens):
    anna = await opened("anna")
    page = await anna.to("/inbox")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")

    await page.keyboard.press("?")
    await expect(keys).to_be_visible()
    await anna.has_no_fault_for_anybody()
    await page.keyboard.press("?")
    await expect(keys).to_be_hidden()
    await page.keyboard.press("?")
    await keys.get_by_role("button", name="Switch them off").click()
    await expect(keys).to_be_hidden()
    await page.keyboard.press("?")
    await expect(keys).to_be_hidden()

    await page.get_by_role("button", name="Anna Berg").click()
    await page.get_by_role("button", name="Keyboard shortcuts").click()
    await keys.get_by_role("button", name="Switch them on").click()
    await expect(page.locator("html")).not_to_have_attribute("data-keys", "off")


async def test_single_keys_of_a_process_open_its_actions(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin = await opened("admin")
    page = await admin.to(f"/processes/{process}")

    await page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Change data")
    await expect(dialog.get_by_label("Where to")).to_be_focused()
    await page.keyboard.type("t")  # a letter of the field, and no key
    await expect(dialog.get_by_label("Where to")).to_have_value(re.compile("t"))
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#sheet :focus")).to_have_count(0)
    await page.keyboard.press("p")
    await told(page, "The process is paused")
    await page.keyboard.press("r")
    await told(page, "The process goes on.")


@pytest.mark.parametrize("path", ["/query", "/inbox", "/definitions/new"])
async def test_wherever_tab_leads_the_focus_can_be_seen(opened: Opens, path: str):
    admin = await opened("admin")
    page = await admin.to(path)
    await page.keyboard.press("Tab")
    assert (await page.evaluate(_FOCUS))["name"] == "Skip to the content"

    names = await _walked(page, 40)
    assert len(names) > 12


async def _walked(page: Page, steps: int) -> set[str]:
    names = set()
    for _ in range(steps):
        await page.keyboard.press("Tab")
        found = await page.evaluate(_FOCUS)
        if found["tag"] == "BODY":  # past the last, in the browser itself
            break
        assert found["isSeen"], found
        assert found["outlined"], found
        names.add(f"{found['tag']} {found['name']}")
    return names


async def test_enter_on_a_ticked_row_opens_it_and_answers_nothing(opened: Opens, rest: Rest):
    await rest.start("anna", "Visit", guest="Ms Enter")
    vera = await opened("vera")
    page = await vera.to("/inbox")
    row = page.locator("tr.current")

    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(row.get_by_role("checkbox")).to_be_checked()
    await expect(row.get_by_role("checkbox")).to_be_focused()
    address = await row.get_by_role("link").get_attribute("href")
    await page.keyboard.press("Enter")

    await page.wait_for_url(f"**{address}")
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()


@pytest.mark.parametrize("has_script", [True, False])
async def test_enter_in_a_field_beside_several_answers_sends_none(opened: Opens, rest: Rest, has_script: bool):
    process = await rest.start("anna", "Leave request", days=3)
    ben = await opened("ben", java_script_enabled=has_script)

    page = await ben.to("/inbox")
    await page.locator(f'input[value="{item_of(process)}"]').check()
    await page.get_by_label("Comment", exact=True).fill("not yet")
    await page.keyboard.press("Enter")
    page = await ben.to(f"/work-items/{item_of(process)}")
    await page.locator("input[name='data.reason']").fill("not yet, ask HR")
    await page.keyboard.press("Enter")
    page = await ben.to(f"/work-items/{item_of(process)}")

    await expect(page.get_by_role("button", name="Approve")).to_be_visible()


async def test_g_and_a_letter_of_no_page_do_nothing_else(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin = await opened("admin")
    page = await admin.to(f"/processes/{process}")

    await page.keyboard.press("g")
    await page.keyboard.press("t")  # which would be Terminate

    await page.keyboard.press("?")  # comes after it
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await expect(page.get_by_role("dialog", name="Terminate")).to_have_count(0)
