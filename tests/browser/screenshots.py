"""Pictures of every page for the documentation: light and dark, on a desk and on a phone, of the demonstration.

`python -m tests.browser.screenshots [folder] [name …]` writes them to docs/images unless it is told otherwise.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import httpx2
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.arranging import Rest, item_of
from tests.browser.chromium import MISSING, find
from tests.browser.conftest import ADMIN_PASSWORD, DEMO_PASSWORD, PASSWORDS, Tab, sign_in
from tests.programs import ROOT, Node, Placet

FOLDER = ROOT / "docs" / "images"
SIZES = {1440: 900, 390: 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST_BYTES = 150_000
_QUALITY = 82

#: What is done with a page before its picture is taken.
Pose = Callable[[Page], Awaitable[None]]


async def _complete(page: Page) -> None:
    """Show what the bar offers."""
    bar = page.get_by_role("textbox", name="Query for processes")
    await bar.press_sequentially("ProcessStatus = Running and Initi")
    await page.get_by_role("option", name="Initiator").first.wait_for()


async def _fill_in_a_fault(page: Page) -> None:
    """Check a definition that has two faults."""
    text = await page.get_by_label("YAML").input_value()
    await page.get_by_label("YAML").fill(text.replace("kind: finish", "kind: finnish").replace("paths:", "path:"))
    await page.get_by_role("button", name="Check").click()
    await page.locator("#faults").wait_for()


async def _show_keys(page: Page) -> None:
    await page.keyboard.press("?")
    await page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()


async def _nothing(page: Page) -> None:
    """Take it as it is."""


#: By name: who looks, at which page, and what he does there first; `{…}` are ids of the demonstration.
PAGES: dict[str, tuple[str, str, Pose]] = {
    "sign-in": ("", "/sign-in", _nothing),
    "overview": ("admin", "/", _nothing),
    "query": ("admin", "/query?q=ProcessStatus+%3D+Running+sort+CreationTime+desc", _nothing),
    "query-completion": ("admin", "/query", _complete),
    "query-fault": ("admin", "/query?q=Initator+%3D+anna", _nothing),
    "query-groups": ("admin", "/query?q=group+by+month%28CreationTime%29", _nothing),
    "process": ("ben", "/processes/{order}", _nothing),
    "process-ended": ("anna", "/processes/{leave}", _nothing),
    "inbox": ("ben", "/inbox", _nothing),
    "requests": ("anna", "/inbox?tab=requests", _nothing),
    "work-item": ("greta", "/work-items/{item}", _nothing),
    "start": ("anna", "/start", _nothing),
    "start-form": ("anna", "/start/{definition}", _nothing),
    "definitions": ("admin", "/definitions", _nothing),
    "definition": ("admin", "/definitions/{definition}", _nothing),
    "definition-faults": ("admin", "/definitions/new", _fill_in_a_fault),
    "incidents": ("admin", "/incidents", _nothing),
    "connectors": ("admin", "/connectors", _nothing),
    "connector": ("admin", "/connectors/new", _nothing),
    "configuration": ("admin", "/connectors/configurations/new?kind=oauth2_password", _nothing),
    "webhooks": ("admin", "/webhooks", _nothing),
    "people": ("admin", "/people", _nothing),
    "user": ("admin", "/people/users/{user}", _nothing),
    "group": ("admin", "/people/groups/{group}", _nothing),
    "role": ("admin", "/people/roles/{role}", _nothing),
    "me": ("anna", "/me", _nothing),
    "absences": ("anna", "/me?tab=absences", _nothing),
    "applications": ("admin", "/applications", _nothing),
    "engines": ("admin", "/engines", _nothing),
    "audit": ("admin", "/audit", _nothing),
    "keys": ("admin", "/definitions", _show_keys),
}


async def ids_of(rest: Rest) -> dict[str, str]:
    """The ids of what is in the demonstration anyway."""

    async def first(resource: str, query: str) -> str:
        found = await rest("admin", "GET", f"/v1/query/{resource}", params={"q": query, "limit": "1"})
        return str(found.json()["rows"][0][0])

    order = await first("processes", 'Definition = "Purchase order" and Data.amount > 10000 fields ProcessId')
    groups = (await rest("admin", "GET", "/api/1.0/workflow/groups")).json()
    roles = (await rest("admin", "GET", "/api/1.0/workflow/roles")).json()
    return {
        "order": order,
        "item": item_of(order),
        "leave": await first("processes", "Initiator = anna and ApprovalStatus = Approved fields ProcessId"),
        "definition": await rest.definition("Purchase order"),
        "user": await first("users", "UserName = anna fields UserId"),
        "group": next(each["grp_uid"] for each in groups if each["grp_title"] == "Board"),
        "role": next(each["rol_uid"] for each in roles if each["rol_code"] == "PROCESSMAKER_MANAGER"),
    }


async def take(page: Page) -> bytes:
    """What the window shows as WebP, coarser where it would be too large."""
    client = await page.context.new_cdp_session(page)
    picture = b""
    for quality in (_QUALITY, 60, 40):
        shot = await client.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
        if len(picture := base64.b64decode(shot["data"])) < MOST_BYTES:
            break
    return picture


async def settled(page: Page) -> None:
    """Wait for the fonts, for what a page loads after itself, and for two frames."""
    await page.evaluate("document.fonts.ready")
    await expect(page.locator(".htmx-request")).to_have_count(0)
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


async def pictures(browser: Browser, url: str, names: list[str]) -> AsyncIterator[tuple[str, bytes]]:
    """Each page in each size and scheme: the name of its file, and what is in that."""
    async with httpx2.AsyncClient() as client:
        ids = await ids_of(Rest(url, {"": DEMO_PASSWORD, **PASSWORDS}, client))
    states = {user: await _state(browser, url, user) for user in {PAGES[name][0] for name in names}}
    for name in names:
        user, path, pose = PAGES[name]
        for width, height in SIZES.items():
            for scheme in SCHEMES:
                context = await browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    reduced_motion="reduce",
                    timezone_id="Europe/Berlin",
                    storage_state=states[user],
                )
                page = await context.new_page()
                await page.goto(f"{url}/console{path.format(**ids)}")
                await pose(page)
                await settled(page)
                yield f"{name}-{scheme}-{width}.webp", await take(page)
                await context.close()


async def _state(browser: Browser, url: str, user: str) -> Any:
    context = await browser.new_context(timezone_id="Europe/Berlin")
    if user:
        await sign_in(Tab(await context.new_page(), url), user)
    state = await context.storage_state()
    await context.close()
    return state


async def main(node: Node, path: str, names: list[str], keep: Callable[[str, bytes], object]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        async for name, picture in pictures(browser, node.url, names):
            keep(name, picture)
        await browser.close()


def run(folder: Path, names: list[str]) -> None:
    """Take the pictures of a node of their own."""
    if (path := find()) is None:
        sys.exit(MISSING)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "definitions").symlink_to(ROOT / "definitions")
        variables = {"PLACET_ADMIN_PASSWORD": ADMIN_PASSWORD, "PLACET_ENGINE_ID": "placet"}
        database = "sqlite:///placet.db"
        with Placet(Path(work), variables).serve("--demo", "--database", database) as node:
            asyncio.run(main(node, path, names, lambda name, picture: (folder / name).write_bytes(picture)))


if __name__ == "__main__":
    given = sys.argv[1:]
    run(Path(given[0]) if given else FOLDER, given[1:] or list(PAGES))
