"""Every page, light and dark, wide and on a phone: no fault for anybody, and nothing wrong in the browser."""

from __future__ import annotations

from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.arranging import Rest, item_of
from tests.browser.conftest import Opens, Tab
from tests.fault_server import FaultServer

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser

LOOKS: list[tuple[Literal["light", "dark"], int]] = [("light", 1440), ("dark", 1440), ("dark", 390), ("light", 390)]
PAGES = {
    "sign-in": ("", "/sign-in"),
    "overview": ("admin", "/"),
    "query": ("admin", "/query"),
    "work": ("ben", "/inbox"),
    "requests": ("ben", "/inbox?tab=requests"),
    "start": ("anna", "/start"),
    "definitions": ("admin", "/definitions"),
    "definition-new": ("admin", "/definitions/new"),
    "people": ("admin", "/people"),
    "groups": ("admin", "/people?tab=groups"),
    "roles": ("admin", "/people?tab=roles"),
    "user-new": ("admin", "/people/users/new"),
    "me": ("anna", "/me"),
    "absences": ("anna", "/me?tab=absences"),
    "mail": ("anna", "/me?tab=mail"),
    "applications": ("admin", "/applications"),
    "incidents": ("admin", "/incidents"),
    "connectors": ("admin", "/connectors"),
    "services": ("admin", "/connectors?tab=services"),
    "configurations": ("admin", "/connectors?tab=configurations"),
    "connector-new": ("admin", "/connectors/new"),
    "service-new": ("admin", "/connectors/services/new"),
    "configuration-kinds": ("admin", "/connectors/configurations/new"),
    "configuration-new": ("admin", "/connectors/configurations/new?kind=oauth2_password"),
    "connectors-import": ("admin", "/connectors/import"),
    "connectors-openapi": ("admin", "/connectors/openapi"),
    "webhooks": ("admin", "/webhooks"),
    "webhook-new": ("admin", "/webhooks/new"),
    "engines": ("admin", "/engines"),
    "audit": ("admin", "/audit"),
}


#: Those that most people look at all day.
FREQUENT = ("overview", "query", "work", "start")


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_has_no_fault_for_anybody(opened: Opens, name: str):
    user, path = PAGES[name]

    await has_no_fault_in_any_way(await opened(user), path, is_thorough=name in FREQUENT)


#: Pages of something that a test makes first; `{…}` are its ids.
MADE = {
    "process-running": ("anna", "/processes/{running}"),
    "process-ended": ("anna", "/processes/{ended}"),
    "process-failed": ("admin", "/processes/{failed}"),
    "process-form": ("admin", "/processes/{running}/act?of=process&thing={running}&do=change-data"),
    "work-item": ("ben", "/work-items/{item}"),
    "work-item-of-a-supervisor": ("admin", "/work-items/{item}"),
    "work-item-answered": ("ben", "/work-items/{answered}"),
    "start-form": ("anna", "/start/{errand}"),
    "definition": ("admin", "/definitions/{leave}"),
    "definition-activities": ("admin", "/definitions/{leave}?tab=activities"),
    "definition-form": ("admin", "/definitions/{leave}?tab=form"),
    "definition-yaml": ("admin", "/definitions/{leave}?tab=yaml"),
    "definition-versions": ("admin", "/definitions/{leave}?tab=versions"),
    "definition-edit": ("admin", "/definitions/{leave}/edit"),
    "compare": ("admin", "/definitions/{leave}/compare?from=1&to=1"),
    "user": ("admin", "/people/users/{user}"),
    "group": ("admin", "/people/groups/{group}"),
    "role": ("admin", "/people/roles/{role}"),
    "query-columns": ("admin", "/query?of=workitems&q=fields+Status%2C+Process.Initiator"),
    "query-groups": ("admin", "/query?q=group+by+Definition%2C+ApprovalStatus"),
    "query-buckets": ("admin", "/query?q=group+by+month%28CreationTime%29"),
    "query-fault": ("admin", "/query?q=Initator+%3D+anna"),
    "query-nothing": ("anna", "/query?q=Recipient+%3D+%22cn%3Dnobody%22"),
    "facet": ("admin", "/query/facet?of=processes&field=ApprovalStatus"),
    "explain": ("admin", "/query/explain?of=processes&q=Initiator+%3D+me"),
    "nothing-waits": ("tomas", "/inbox"),
    "nothing-asked": ("tomas", "/inbox?tab=requests"),
    "nothing-found": ("anna", "/start?q=no+such+request"),
    "none-retired": ("anna", "/definitions?q=no+such+definition"),
    "no-such-person": ("admin", "/people?q=no+such+person"),
    "nothing-audited": ("admin", "/audit?actor=tomas&kind=group"),
    "welcome": ("tomas", "/"),
}
#: Errors, with their status.
TROUBLES = {"no-page": ("/nowhere", 404), "no-process": (f"/processes/{'0' * 32}", 404), "no-right": ("/people", 403)}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ids(rest: Rest, faults: FaultServer) -> dict[str, str]:
    """What the pages of `MADE` are about."""
    running, ended = [await rest.start("anna", "Errand", "both", what="bank") for _ in range(2)]
    await rest.act("ben", ended, "Approve", Comment="Take an umbrella.")
    groups = (await rest("admin", "GET", "/api/1.0/workflow/groups")).json()
    roles = (await rest("admin", "GET", "/api/1.0/workflow/roles")).json()
    users = await rest("admin", "GET", "/v1/query/users", params={"q": "UserName = anna fields UserId"})
    return {
        "running": running,
        "ended": ended,
        "failed": await rest.failed_booking(faults, "/error?code=400&of=axe"),
        "item": item_of(running),
        "answered": item_of(ended),
        "errand": await rest.definition("Errand"),
        "leave": await rest.definition("Leave request"),
        "user": users.json()["rows"][0][0],
        "group": next(each["grp_uid"] for each in groups if each["grp_title"] == "Board"),
        "role": next(each["rol_uid"] for each in roles if each["rol_code"] == "PROCESSMAKER_MANAGER"),
    }


@pytest.mark.parametrize("name", MADE)
async def test_a_page_of_something_has_no_fault_for_anybody(opened: Opens, ids: dict[str, str], name: str):
    user, path = MADE[name]

    await has_no_fault_in_any_way(await opened(user), path.format(**ids))


@pytest.mark.parametrize("name", TROUBLES)
async def test_an_error_is_a_page_with_words_and_a_way_back(opened: Opens, name: str):
    path, status = TROUBLES[name]
    anna = await opened("anna")

    await has_no_fault_in_any_way(anna, path)
    await expect(anna.page.locator("main")).to_contain_text(str(status))
    await anna.page.get_by_role("link", name="To the first page").click()
    await anna.page.wait_for_url("**/console/")


async def has_no_fault_in_any_way(tab: Tab, path: str, *, is_thorough: bool = False) -> None:
    """Look at a page light and dark, on a desk and on a phone; thoroughly, each of them both ways."""
    page = await tab.to(path)
    assert await page.title()
    await expect(page.locator(".htmx-request")).to_have_count(0)
    for scheme, width in LOOKS if is_thorough else LOOKS[::2]:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": 844})
        await tab.has_no_fault_for_anybody()
