"""People: users, groups, roles and their permissions, applications, absences, and what the audit keeps of it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.arranging import Rest, item_of
from tests.browser.conftest import Opens, sign_in, told

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser

PASSWORD = "long enough for anybody"


async def test_a_user_is_added_signs_in_and_is_removed(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/people")
    await page.get_by_role("link", name="New user").click()
    await page.get_by_label("User name").fill("lena")
    await page.get_by_label("First name").fill("Lena")
    await page.get_by_label("Last name").fill("Ohlsson")
    await page.get_by_label("Role").select_option("PROCESSMAKER_OPERATOR")
    await page.get_by_label("Manager").fill("who is that")
    await page.get_by_label("Last day").fill("2030-12-31")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("alert")).to_contain_text("who is that")
    await page.get_by_label("Manager").fill("ben")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Add").click()
    await told(page, "lena is added.")

    lena = await opened()
    await sign_in(lena, "lena", PASSWORD)
    await expect(lena.page.get_by_role("button", name="Lena Ohlsson")).to_be_visible()
    await page.get_by_role("link", name="Lena Ohlsson").click()
    await admin.has_no_fault_for_anybody()
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("People")
    await lena.to("/inbox")
    await expect(lena.page).to_have_title("Sign in · Placet")


async def test_whoever_joins_a_group_gets_its_work(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Visit", guest="Ms Group")
    admin, clara = await opened("admin"), await opened("clara")
    hers = await clara.to("/inbox")
    mine = hers.locator(f'a[href$="{item_of(process)}"]')
    await expect(mine).to_have_count(0)

    page = await admin.to("/people?tab=groups")
    await page.get_by_role("link", name="Board").click()
    await page.get_by_label("User to add").fill("nobody at all")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("alert")).to_contain_text("nobody at all")
    await page.get_by_label("User to add").fill("clara")
    await page.get_by_role("button", name="Add").click()
    await told(page, "He is in the group.")
    await admin.has_no_fault_for_anybody()
    await clara.to("/inbox")
    await expect(mine).to_be_visible()

    await page.get_by_role("row", name=re.compile("Clara Novak")).get_by_role("button", name="Take out").click()
    await told(page, "He is out of the group.")
    await clara.to("/inbox")
    await expect(mine).to_have_count(0)


async def test_a_role_is_made_and_given_a_permission(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/people?tab=roles")
    await page.get_by_role("button", name="New role").click()
    dialog = page.get_by_role("dialog", name="New role")
    await dialog.get_by_label("Code").fill("CLERK")
    await dialog.get_by_label("Name").fill("Clerk")
    await dialog.get_by_role("button", name="Add").click()
    await told(page, "The role CLERK is added")
    await page.get_by_role("link", name="CLERK").click()

    row = page.get_by_role("row", name=re.compile("PM_CASES"))
    await row.get_by_role("button", name="Give").click()
    await expect(row.get_by_role("button", name="Take")).to_be_visible()
    await admin.has_no_fault_for_anybody()
    await row.get_by_role("button", name="Take").click()
    await expect(row.get_by_role("button", name="Give")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Remove").click()
    await page.wait_for_url("**/people**")
    await expect(page.get_by_role("link", name="CLERK")).to_have_count(0)


async def test_an_application_is_registered_and_removed(opened: Opens):
    admin = await opened("admin")
    page = await admin.to("/applications")
    await page.get_by_role("button", name="Register one").click()
    await page.get_by_label("Name").fill("Rota")
    await page.get_by_label("Leads back to").fill("https://rota.example.org/back")
    await page.get_by_role("button", name="Register", exact=True).click()

    await expect(page.get_by_role("heading", name="Rota")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("https://rota.example.org/back")
    await admin.has_no_fault_for_anybody()
    page.once("dialog", lambda dialog: dialog.accept())
    rota = page.locator("section").filter(has=page.get_by_role("heading", name="Rota"))
    await rota.get_by_role("button", name="Remove").click()
    await expect(rota).to_have_count(0)


async def test_while_one_is_absent_the_delegate_answers(opened: Opens, rest: Rest):
    """Marco is Kenji's manager; while he is away Clara answers."""
    marco, clara = await opened("marco"), await opened("clara")
    page = await marco.to("/me?tab=absences")
    await page.get_by_text("Add an absence").click()
    await page.get_by_label("Delegate").fill("clara")
    await page.get_by_role("button", name="Add").first.click()
    absence = page.get_by_role("row", name=re.compile("Clara Novak"))
    await expect(absence).to_be_visible()
    await marco.has_no_fault_for_anybody()

    process = await rest.start("kenji", "Errand", what="bank")
    hers = await clara.to("/inbox")
    await hers.locator(f'a[href$="{item_of(process)}"]').click()
    await hers.get_by_role("button", name="Approve").click()
    await told(hers, "Approved.")

    await absence.get_by_role("button", name="Remove").click()
    await expect(absence).to_have_count(0)


async def test_the_audit_tells_who_changed_what(opened: Opens, rest: Rest):
    admin = await opened("admin")
    await rest("admin", "POST", "/api/1.0/workflow/group", json={"grp_title": "Auditors", "grp_status": "ACTIVE"})
    page = await admin.to("/audit")

    await page.get_by_label("What", exact=True).select_option("group")
    await page.get_by_role("button", name="Show").first.click()
    row = page.get_by_role("row", name=re.compile("Auditors")).first
    await expect(row).to_contain_text("Administrator")
    await row.get_by_text("Show").click()
    await expect(row).to_contain_text('"title": "Auditors"')


async def test_mail_is_chosen_and_names_are_changed_by_oneself(opened: Opens):
    tab = await opened("ines")
    page = await tab.to("/me?tab=mail")
    box = page.get_by_role("checkbox").first
    was = await box.is_checked()
    await box.set_checked(not was)
    await page.get_by_role("button", name="Keep").last.click()
    await tab.to("/me?tab=mail")
    await expect(page.get_by_role("checkbox").first).to_be_checked(checked=not was)
