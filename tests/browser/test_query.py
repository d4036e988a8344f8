"""The query page: completion, faults, order, endless pages, facets, views, news, files, and how a query is run."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from tests.browser.arranging import Rest
from tests.browser.conftest import Opens, told

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser


def query(text: str, of: str = "processes") -> str:
    return f"/query?of={of}&q={quote(text)}"


async def texts(page: Page, column: int) -> list[str]:
    """What stands in a column of the results, from the first row to the last."""
    return [text.strip() for text in await page.locator(f"#rows tr[data-key] td:nth-child({column})").all_inner_texts()]


async def test_the_bar_completes_fields_words_and_people(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/query")
    bar = page.get_by_role("textbox", name="Query for processes")
    offered = page.get_by_role("listbox")

    await bar.press_sequentially("Initi")
    await expect(offered.get_by_role("option", name="Initiator").first).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(bar).to_have_text("Initiator ")
    await page.keyboard.type("= an")
    await expect(offered.get_by_role("option", name="anna").first).to_be_visible()
    await admin.has_no_fault_for_anybody()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(bar).to_have_text(re.compile(r"^Initiator = \S*anna"))
    await page.keyboard.press("Enter")

    await page.wait_for_url(re.compile("q=Initiator"))
    assert {text.split("\n")[-1] for text in await texts(page, 4)} == {"Anna Berg"}


async def test_a_fault_points_at_its_character_and_offers_what_was_meant(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/query")

    await page.get_by_role("textbox", name="Query for processes").press_sequentially(
        "Recipient = me and Initator = anna"
    )
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Run").click()

    fault = page.locator("#fault")
    await expect(fault).to_contain_text("At character 20")
    pointed, caret = (await fault.locator("pre").inner_text()).split("\n")[:2]
    assert pointed[caret.index("^") :].startswith("Initator")
    await expect(page.locator(".cm-lintRange-error")).to_have_text("Initator")
    await admin.has_no_fault_for_anybody()
    await fault.get_by_role("link", name=re.compile("Use .*Initiator")).click()
    await expect(fault).to_have_count(0)
    await expect(page.get_by_role("textbox", name="Query for processes")).to_have_text(re.compile("Initiator = anna"))


async def test_a_click_on_a_heading_sorts_and_a_second_turns_round(opened: Opens):
    admin = await opened("admin")
    page = await admin.to(query('Definition = "Purchase order" fields ProcessId, Data.amount'))
    heading = page.get_by_role("columnheader", name=re.compile("amount", re.IGNORECASE))

    await heading.get_by_role("link").click()
    await expect(heading).to_have_attribute("aria-sort", re.compile("ascending|descending"))
    once = await texts(page, 2)
    await heading.get_by_role("link").click()
    await page.wait_for_url(re.compile("desc"))
    await expect(heading).to_have_attribute("aria-sort", "descending")

    twice = await texts(page, 2)
    assert len(twice) >= 4
    assert twice == once[::-1]


async def test_rows_go_on_while_one_scrolls(opened: Opens):
    admin = await opened("admin")
    page = await admin.to(query('Definition = "Travel permit" sort CreationTime'))
    rows = page.locator("#rows tr[data-key]")
    begun = await rows.count()

    for more in range(1, 4):
        await page.locator("#rows tr.more").scroll_into_view_if_needed()
        await expect(rows.nth(begun * more)).to_be_attached()

    keys = await rows.evaluate_all("rows => rows.map(row => row.dataset.key)")
    assert len(set(keys)) == len(keys) > 3 * begun


async def test_a_facet_narrows_down_and_takes_it_back(opened: Opens):
    admin = await opened("admin")
    page = await admin.to(query('Definition = "Travel permit"'))
    facets = page.get_by_role("complementary", name="Narrow down")
    whole = await page.locator("#count strong").inner_text()

    retracted = facets.get_by_role("link", name=re.compile("^Retracted"))
    counted = (await retracted.locator(".count").inner_text()).strip()
    await retracted.click()
    await page.wait_for_url(re.compile("ApprovalStatus"))
    await expect(page.locator("#count strong")).to_have_text(counted)
    assert set(await texts(page, 3)) == {"Retracted"}

    await facets.get_by_role("link", name=re.compile("^Retracted")).click()
    await expect(page.locator("#count strong")).to_have_text(whole)


async def test_a_view_is_saved_shared_and_seen_by_the_other(opened: Opens):
    anna, ben = await opened("anna"), await opened("ben")
    page = await anna.to(query("Initiator = me and ProcessStatus = Running"))
    await page.get_by_role("button", name="Views").click()
    await page.get_by_label("Name", exact=True).fill("What I wait for")
    await page.get_by_label("Everybody sees it").check()
    await page.get_by_role("button", name="Save as new").click()
    await told(page, "Saved as What I wait for.")
    await expect(page.get_by_role("heading", level=1)).to_have_text("What I wait for")

    his = await ben.to("/query")
    await his.get_by_role("button", name="Views").click()
    await his.get_by_role("dialog").get_by_role("link", name=re.compile("What I wait for.*Anna Berg")).click()
    await expect(his.get_by_role("heading", level=1)).to_have_text("What I wait for")
    assert {text.split("\n")[-1] for text in await texts(his, 4)} == {"Ben Adler"}  # `me` is whoever looks

    await page.get_by_role("button", name="Views").click()
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Remove this view").click()
    await told(page, "The view What I wait for is removed")


async def test_news_are_announced_without_a_jump_and_shown_on_a_click(opened: Opens, rest: Rest):
    await rest.start("anna", "Visit", guest="Mr Before")
    anna = await opened("anna")
    page = await anna.to(query("Definition = Visit sort CreationTime desc"))
    await expect(page.locator("[data-live]")).to_have_attribute("data-state", "live")
    before, first = await texts(page, 1), page.locator("#rows tr[data-key]").first
    place = await first.bounding_box()

    process = await rest.start("anna", "Visit", guest="Ms News")
    news = page.get_by_role("button", name="1 new: show")
    await expect(news).to_be_visible()
    assert await texts(page, 1) == before
    assert await first.bounding_box() == place
    await anna.has_no_fault_for_anybody()
    await news.click()
    await expect(first).to_have_attribute("data-key", re.compile(process))
    await expect(news).to_be_hidden()


async def test_rows_change_in_their_places(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Visit", guest="Ms Changed")
    anna = await opened("anna")
    page = await anna.to(query("Definition = Visit sort CreationTime desc"))
    row = page.locator(f'#rows tr[data-key="{process}"]')
    await expect(row).to_contain_text("Processing")
    place = await row.bounding_box()
    await row.get_by_role("link").first.focus()

    await rest.act("vera", process, "Approve")

    await expect(row).to_contain_text("Approved")
    assert await row.bounding_box() == place
    await expect(row.get_by_role("link").first).to_be_focused()
    await expect(page.locator("[data-news]")).to_be_hidden()


async def test_what_is_gone_is_announced_and_the_rows_below_stay_open(opened: Opens, rest: Rest):
    mine = "Definition = Visit and Initiator = tomas and ProcessStatus = Running"
    processes = [await rest.start("tomas", "Visit", guest=f"Mx {number}") for number in range(62)]
    tomas = await opened("tomas")
    page = await tomas.to(query(f"{mine} sort CreationTime"))
    rows = page.locator("#rows tr[data-key]")
    await page.locator("#rows tr.more").scroll_into_view_if_needed()
    await expect(rows).to_have_count(62)

    await rest.act("vera", processes[0], "Approve")
    await page.get_by_role("button", name="1 gone: show").click()
    await expect(rows).to_have_count(61)
    for process in processes[1:]:
        await rest.act("vera", process, "Approve")


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}])
async def test_who_comes_back_from_a_row_finds_his_place(opened: Opens, viewport: dict[str, int]):
    admin = await opened("admin", viewport=viewport)
    page = await admin.to(query('Definition = "Travel permit" sort CreationTime'))
    rows = page.locator("#rows tr[data-key]")
    for more in range(1, 4):
        await page.locator("#rows tr.more").scroll_into_view_if_needed()
        await expect(rows.nth(50 * more)).to_be_attached()
    row = rows.nth(120)
    await row.scroll_into_view_if_needed()
    key, place = await row.get_attribute("data-key"), await row.bounding_box()
    assert place is not None

    await row.get_by_role("link").first.click()
    await page.wait_for_url(f"**/processes/{key}")
    await page.go_back()

    again = page.locator(f'#rows tr[data-key="{key}"]')
    await expect(again).to_have_class(re.compile("current"))
    await expect(again).to_be_in_viewport()
    now = await again.bounding_box()
    assert now is not None
    assert abs(now["y"] - place["y"]) <= 3


async def test_the_whole_result_is_kept_as_a_file(opened: Opens, tmp_path: Path):
    admin = await opened("admin", accept_downloads=True)
    page = await admin.to(query("ApprovalStatus = Retracted fields ProcessId, Data.case"))
    count = int((await page.locator("#count strong").inner_text()).replace(",", ""))
    assert count > 100
    await page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export")
    await expect(dialog).to_contain_text(f"{count:,} processes")

    for name in ("CSV", "JSON", "NDJSON"):
        async with page.expect_download() as coming:
            await dialog.get_by_role("link", name=name, exact=True).click()
        file = tmp_path / (await coming.value).suggested_filename
        await (await coming.value).save_as(file)
        assert len(_rows(file)) == count, name
        await expect(dialog.get_by_role("status")).to_contain_text("Done")
        await expect(dialog.get_by_role("progressbar")).to_have_attribute("value", re.compile("."))


def _rows(file: Path) -> list[object]:
    text = file.read_text("utf-8-sig")
    match file.suffix:
        case ".csv":
            return list(csv.DictReader(text.splitlines()))
        case ".json":
            return list(json.loads(text))
        case _:
            return [json.loads(line) for line in text.splitlines()]


async def test_columns_are_chosen_and_the_address_is_the_query(opened: Opens):
    admin = await opened("admin")
    page = await admin.to(query('Definition = "Purchase order"'))
    await page.get_by_role("button", name="Columns").click()
    dialog = page.get_by_role("dialog", name="Columns")
    await dialog.get_by_label("Recipient", exact=True).uncheck()
    await dialog.get_by_label("Further columns").fill("Data.supplier")
    await dialog.get_by_role("button", name="Show these").click()

    await expect(page.get_by_role("columnheader", name="supplier")).to_be_visible()
    await expect(page.get_by_role("columnheader", name="Recipient")).to_have_count(0)
    other = await opened("admin")
    await other.page.goto(page.url)
    await expect(other.page.get_by_role("cell", name="Nordic Office")).to_be_visible()


async def test_groups_lead_to_their_rows(opened: Opens):
    admin = await opened("admin")
    page = await admin.to(query('Definition = "Travel permit" group by ApprovalStatus sort count desc'))
    await admin.has_no_fault_for_anybody()

    row = page.get_by_role("region", name="Table of groups").get_by_role("row", name=re.compile("Retracted"))
    count = re.findall(r"\d[\d,]*", await row.inner_text())[0]
    await row.get_by_role("link").click()
    await expect(page.locator("#count strong")).to_have_text(count)


async def test_how_a_query_is_run_is_explained(opened: Opens):
    admin = await opened("admin")
    page = await admin.to(query("Recipient contains 'nobody'"))
    await expect(page.locator("main")).to_contain_text("Nothing fits")

    await page.get_by_role("link", name="Explain").click()
    dialog = page.get_by_role("dialog", name="How the query is run")
    await expect(dialog).to_contain_text("SELECT")
    await expect(dialog).to_contain_text('Recipient contains "nobody"')
    await admin.has_no_fault_for_anybody()
