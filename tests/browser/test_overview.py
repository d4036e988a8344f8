"""The overview: charts are drawn, and each figure leads to the query that it comes from."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.arranging import Rest
from tests.browser.conftest import Opens

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser


@pytest.mark.parametrize("has_script", [True, False])
async def test_charts_are_drawn_and_each_bar_leads_to_its_rows(opened: Opens, rest: Rest, has_script: bool):
    await rest.start("anna", "Errand", what="bank")
    admin = await opened("admin", java_script_enabled=has_script)
    page = await admin.to("/")

    started = page.locator(".amount[data-series=first]")
    await expect(page.locator("svg.upright")).to_have_count(3)
    await page.get_by_text("As a table").first.click()
    last = page.get_by_role("region", name="Last 48 hours as a table").get_by_role("row").last
    counted = await last.get_by_role("link").first.inner_text()
    if has_script:
        await admin.has_no_fault_for_anybody()
    await page.locator("svg.upright").first.locator("a").filter(has=started).last.click()

    bar = page.get_by_role("textbox", name="Query for processes")
    text = await bar.inner_text() if has_script else await bar.input_value()
    assert re.fullmatch(r"CreationTime >= \S+Z and CreationTime < \S+Z", text)
    await expect(page.locator("#count strong")).to_have_text(counted)


async def test_a_figure_leads_to_its_query(opened: Opens, rest: Rest):
    admin = await opened("admin")
    page = await admin.to("/")
    figure = page.get_by_role("link", name=re.compile("^Open now"))
    value = await figure.locator(".value").inner_text()

    await figure.click()
    await expect(page.get_by_role("textbox", name="Query for processes")).to_have_text("ProcessStatus = Running")
    counted = await page.locator("#count strong").inner_text()
    apart = int(value.replace(",", "")) - int(counted.replace(",", ""))
    assert abs(apart) <= 2  # a call of an earlier test may end meanwhile

    await admin.to("/")
    await page.get_by_role("row", name=re.compile("Travel permit")).get_by_role("link").first.click()
    await expect(page.get_by_role("textbox", name="Query for processes")).to_have_text(re.compile("Travel permit"))


async def test_a_refresh_shows_what_has_come_meanwhile(opened: Opens, rest: Rest):
    admin = await opened("admin")
    page = await admin.to("/")
    started = page.get_by_role("link", name=re.compile("^Started today")).locator(".value")
    before = int((await started.inner_text()).replace(",", ""))

    await rest.start("anna", "Errand", what="bank")
    await page.get_by_role("link", name="Refresh").click()

    await expect(started).not_to_have_text(str(before))


async def test_what_nobody_can_answer_is_counted_and_found(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/")

    await page.get_by_role("link", name=re.compile("^Nobody can answer")).click()
    bar = page.get_by_role("textbox", name="Query for processes")
    await expect(bar).to_have_text("ProcessStatus = Running and Events.Kind = work_item.stranded")
    await expect(page.locator("#fault")).to_have_count(0)
