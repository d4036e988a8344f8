"""The overview: charts are drawn, and each figure leads to the query that it comes from."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.arranging import Rest
from tests.browser.conftest import Opens

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser


async def test_charts_are_drawn_and_say_the_same_as_a_table(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/")

    charts = page.get_by_role("img", name=re.compile("the table below says the same"))
    assert await charts.count() == 3
    for number in range(3):
        await expect(charts.nth(number).locator("canvas")).to_be_visible()
    await page.get_by_text("As a table").first.click()
    await expect(page.get_by_role("columnheader", name="Completed").first).to_be_visible()
    await admin.has_no_fault_for_anybody()


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
