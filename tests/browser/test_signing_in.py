"""Signing in and out, from the first page and from a link elsewhere, and what a reader sets for himself."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.arranging import Rest
from tests.browser.conftest import DEMO_PASSWORD, Opens, Tab, sign_in, told

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser

#: A page of another site, where a mail is read.
ELSEWHERE = "http://mail.example/"


async def test_who_wanted_a_page_signs_in_and_comes_to_it(opened: Opens):
    tab = await opened()
    page = await tab.to("/query?q=Initiator+%3D+me")
    await expect(page).to_have_title("Sign in · Placet")

    await page.get_by_label("User name").fill("tomas")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("Password")).to_be_focused()
    await tab.has_no_fault_for_anybody()
    await page.get_by_label("Password").fill(DEMO_PASSWORD)
    await page.keyboard.press("Enter")

    await page.wait_for_url("**/console/query?q=Initiator+%3D+me")
    await expect(page.get_by_role("button", name="Tomas Silva")).to_be_visible()


async def test_who_signs_out_is_out_in_every_tab(opened: Opens):
    tab = await opened()
    await sign_in(tab, "greta")
    second = await tab.page.context.new_page()
    await second.goto(f"{tab.url}/console/inbox")

    await tab.page.get_by_role("button", name="Greta Vogel").click()
    await tab.page.get_by_role("button", name="Sign out", exact=True).click()
    await tab.page.wait_for_url("**/sign-in*")
    await second.get_by_role("link", name="My requests").click()
    await expect(second).to_have_title("Sign in · Placet")
    await tab.page.go_back()
    await expect(tab.page.get_by_label("User name")).to_be_visible()


async def test_a_link_of_another_site_loads_the_page_once_more(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    tab = await opened("anna")
    link = f"{tab.url}/console/processes/{process}"

    async def mail(route: Route) -> None:
        await route.fulfill(content_type="text/html", body=f'<title>Mail</title><a href="{link}">Your errand</a>')

    await tab.page.route(f"{ELSEWHERE}**", mail)
    tab.may_ask.add("mail.example")
    asked: list[str] = []
    tab.page.on("framenavigated", lambda frame: asked.append(frame.url))
    await tab.page.goto(ELSEWHERE)
    await tab.page.get_by_role("link", name="Your errand").click()

    await tab.page.wait_for_url(link)
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Errand")
    assert [url.partition("/console/")[2].partition("?")[0] for url in asked] == ["", "sign-in", f"processes/{process}"]


async def test_who_is_not_signed_in_comes_from_another_site_to_the_form(opened: Opens):
    tab = await opened()

    async def mail(route: Route) -> None:
        await route.fulfill(content_type="text/html", body=f'<a href="{tab.url}/console/inbox">Your work</a>')

    await tab.page.route(f"{ELSEWHERE}**", mail)
    tab.may_ask.add("mail.example")
    await tab.page.goto(ELSEWHERE)
    await tab.page.get_by_role("link", name="Your work").click()

    await tab.page.get_by_label("User name").fill("tomas")
    await tab.page.get_by_label("Password").fill(DEMO_PASSWORD)
    await tab.page.get_by_role("button", name="Sign in").click()
    await tab.page.wait_for_url("**/console/inbox")


async def test_a_reader_chooses_light_or_dark_and_his_zone(opened: Opens):
    tab = await opened("kenji")
    page = await tab.to("/inbox?tab=requests")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(paper)

    await page.get_by_role("button", name="Kenji Mori").click()
    await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate(paper) != light
    assert page.url.endswith("/inbox?tab=requests")
    await page.get_by_role("button", name="Kenji Mori").click()
    await page.get_by_label("Time zone").fill("Asia/Tokyo")
    await page.get_by_role("button", name="Keep").click()
    await page.get_by_role("button", name="Kenji Mori").click()
    await expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")


async def test_times_are_those_of_the_reader_and_exact_where_one_points(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    berlin, tokyo = await opened("anna"), await opened("anna", timezone_id="Asia/Tokyo")
    await tokyo.page.context.clear_cookies(name="placet_zone")

    titles = []
    for tab, zone in ((berlin, "Europe/Berlin"), (tokyo, "Asia/Tokyo")):
        await tab.to("/")  # the first page tells the server the zone of the browser
        page = await tab.to(f"/processes/{process}")
        at = page.locator(".waiting time").first
        await expect(at).to_have_attribute("title", re.compile(zone))
        titles.append(await at.inner_text())
    assert titles[0] != titles[1]


# -- a session that ends while somebody is at work -------------------------------------------------


async def end_session(tab: Tab) -> None:
    """Sign out behind the back of the page that is open."""
    await tab.page.context.request.post(f"{tab.url}/console/sign-out", headers={"Origin": tab.url})


async def sign_in_beside(tab: Tab, link: Locator, user: str) -> None:
    """Follow the link to sign in, which opens a tab of its own, and come back."""
    async with tab.page.context.expect_page() as opening:
        await link.click()
    second = await opening.value
    await second.get_by_label("User name").fill(user)
    await second.get_by_label("Password").fill(DEMO_PASSWORD)
    await second.get_by_role("button", name="Sign in").click()
    await second.wait_for_url("**/console/")
    await second.close()


async def test_a_form_that_is_being_filled_in_outlives_its_session(opened: Opens):
    tab = await opened()
    await sign_in(tab, "tomas")
    page = await tab.to("/start")
    await page.get_by_role("link", name="Errand").click()
    await page.get_by_label("On which day").fill("2030-01-02")
    await end_session(tab)

    await page.get_by_label("Where to").select_option("Post office")
    toast = page.locator("#toasts")
    await expect(toast).to_contain_text("Your session has ended")
    await tab.has_no_fault_for_anybody()
    await sign_in_beside(tab, toast.get_by_role("link", name="Sign in"), "tomas")
    await page.get_by_label("Where to").select_option("Bank")
    await expect(toast).not_to_contain_text("Your session has ended")
    await expect(page.get_by_label("On which day")).to_have_value("2030-01-02")

    await end_session(tab)
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    await tab.has_no_fault_for_anybody()
    await sign_in_beside(tab, page.get_by_role("link", name="Sign in, in another tab"), "tomas")
    await page.get_by_role("button", name="Send it again").click()
    await told(page, "Errand is started.")
    await expect(page.locator("dl.data")).to_contain_text("2030-01-02")


async def test_who_is_writing_on_a_process_is_not_thrown_out(opened: Opens, rest: Rest):
    process = await rest.start("tomas", "Errand", what="bank")
    tab = await opened()
    await sign_in(tab, "tomas")
    page = await tab.to(f"/processes/{process}")
    await page.get_by_role("link", name="Terminate", exact=True).click()
    dialog = page.get_by_role("dialog", name="Terminate")
    await dialog.get_by_label("Reason").fill("It is too late")
    async with page.expect_response(lambda answer: "/v1/events" in answer.url and answer.status == 401):
        await end_session(tab)
        await rest("admin", "POST", f"/v1/wf/processes/{process}/comments", json={"Comment": "His stream ends"})

    await dialog.get_by_role("button", name="Terminate").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Your session has ended")
    await sign_in_beside(tab, dialog.get_by_role("link", name="Sign in"), "tomas")
    await page.keyboard.press("Escape")
    await page.get_by_label("Add a comment").fill("Half a thought")
    await end_session(tab)
    await rest("admin", "POST", f"/v1/wf/processes/{process}/comments", json={"Comment": "Meanwhile"})
    await expect(page.locator("#toasts")).to_contain_text("Your session has ended")
    await expect(page.get_by_label("Add a comment")).to_have_value("Half a thought")
    assert page.url.endswith(process)


async def test_a_result_says_that_its_reader_is_signed_out_and_keeps_its_rows(opened: Opens, rest: Rest):
    await rest.start("tomas", "Visit", guest="Ms Stays")
    tab = await opened()
    await sign_in(tab, "tomas")
    page = await tab.to("/query?q=Initiator+%3D+me")
    live = page.locator("[data-live]")
    await expect(live).to_have_attribute("data-state", "live")
    rows = await page.locator("#rows tr[data-key]").count()
    await end_session(tab)

    await rest.start("tomas", "Visit", guest="Mr Comes")
    await expect(page.locator("#toasts")).to_contain_text("Your session has ended")
    await expect(live).to_have_attribute("data-state", "away")
    await expect(page.locator("[data-news]")).to_be_hidden()
    await expect(page.locator("#rows tr[data-key]")).to_have_count(rows)
    assert "/query" in page.url
