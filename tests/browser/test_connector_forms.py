"""The forms of connectors in a browser: tests that leave what is typed, further rows, and how they look everywhere."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DEMO_PASSWORD, Opens, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser


async def is_fine_everywhere(tab: Tab) -> None:
    """Nobody meets a fault on the page as it is, light or dark, on a phone or a desk."""
    for scheme in ("light", "dark"):
        await tab.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (390, 1440):
            await tab.page.set_viewport_size({"width": width, "height": 900})
            await tab.has_no_fault_for_anybody()


async def remove(page: Page, name: str) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)


async def test_a_secret_stays_typed_while_it_is_tested_and_is_never_shown(opened: Opens):
    tab = await opened("admin")
    page = await tab.to("/connectors/configurations/new?kind=oauth2_password")
    password = page.get_by_label("password", exact=True)
    await page.get_by_role("textbox", name="Name", exact=True).fill("This node")
    await page.get_by_label("tokenCredentialUri").fill(f"{tab.url}/workflow/oauth2/token")
    await page.get_by_label("clientId").fill("nobody")
    await page.get_by_label("username").fill("ben")
    await password.fill(DEMO_PASSWORD)

    await page.get_by_role("button", name="Test").click()
    await expect(page.get_by_role("alert")).to_contain_text("It does not work")
    await expect(password).to_have_value(DEMO_PASSWORD)
    await is_fine_everywhere(tab)

    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="This node").click()
    await expect(password).to_have_value("")
    await expect(page.get_by_label("Take password away")).to_be_visible()
    await is_fine_everywhere(tab)
    await remove(page, "This node")


async def test_a_parameter_is_added_in_a_row_of_its_own(opened: Opens):
    tab = await opened("admin")
    page = await tab.to("/connectors/services/new")
    await page.get_by_role("textbox", name="Name", exact=True).fill("This service")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="This service").click()
    await is_fine_everywhere(tab)

    await page.get_by_role("link", name="New connector").click()
    await page.get_by_role("textbox", name="Name", exact=True).fill("Is it there")
    await page.get_by_label("URL").fill("gopher://nowhere")
    await page.get_by_role("button", name="Add one").click()
    await page.get_by_label("Name of parameter 4").fill("why")
    await page.get_by_label("Type of parameter 4").select_option("json")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#url-fault")).to_contain_text("is no web address")
    await is_fine_everywhere(tab)
    await page.get_by_label("URL").fill(f"{tab.url}/readyz")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="Is it there").click()
    await expect(page.get_by_label("Name of parameter 1")).to_have_value("why")
    await expect(page.get_by_label("Type of parameter 1")).to_have_value("json")
    await page.get_by_role("button", name="Test").click()
    await is_fine_everywhere(tab)
    await page.keyboard.press("Escape")

    await remove(page, "Is it there")
    await tab.to("/connectors?tab=services")
    await page.get_by_role("link", name="This service").click()
    await remove(page, "This service")


async def test_the_pages_of_a_webhook_look_right_everywhere(opened: Opens):
    tab = await opened("admin")
    page = await tab.to("/webhooks/new")
    await page.get_by_role("textbox", name="Name", exact=True).fill("Nobody there")
    await page.get_by_label("URL").fill("http://127.0.0.1:9/")
    await page.get_by_label("mail.*").check()
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("main")).to_contain_text("only time that it is shown")
    await is_fine_everywhere(tab)
    await page.get_by_role("link", name="I have it").click()
    await page.get_by_role("button", name="Test").click()
    await expect(page.locator(".outcome")).to_be_visible()
    await is_fine_everywhere(tab)
    await page.get_by_role("link", name="0").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Deliveries of Nobody there")
    await is_fine_everywhere(tab)
    await page.get_by_role("link", name="Nobody there").click()
    await remove(page, "Nobody there")
