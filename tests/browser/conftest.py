"""Browser tests: real Chromium against a real node with the demonstration; a pytest run of its own."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from tests.browser.arranging import DEFINITIONS, Rest
from tests.browser.chromium import MISSING, find
from tests.conftest import WORKER
from tests.fault_server import FaultServer
from tests.programs import Node, Placet

ADMIN_PASSWORD = "of the browser tests"
PASSWORDS = {"admin": ADMIN_PASSWORD}  # everybody else of the demonstration has the same one
DEMO_PASSWORD = "demo"
AXE = (Path(__file__).parent / "axe.min.js").read_text()
expect.set_options(timeout=20_000)  # on a busy machine; what is there sooner is not waited for
#: WCAG 2.1, levels A and AA.
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database for this run: on SQLite, or on PostgreSQL with BROWSER_DATABASE=postgresql."""
    if os.environ.get("BROWSER_DATABASE") != "postgresql":
        yield f"sqlite:///{tmp_path_factory.mktemp('database')}/browser.db"
        return
    databases = request.getfixturevalue("databases")
    yield databases.create(f"browser_{WORKER}")
    databases.drop(f"browser_{WORKER}")


@pytest.fixture(scope="session")
def node(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with the demonstration and the definitions of these tests, which may call this machine."""
    folder = tmp_path_factory.mktemp("node")
    for each in DEFINITIONS:
        shutil.copytree(each, folder / "definitions", dirs_exist_ok=True)
    variables = {"PLACET_ADMIN_PASSWORD": ADMIN_PASSWORD, "PLACET_OUTBOUND_ALLOW": "127.0.0.0/8"}
    variables["PLACET_SECRET_KEY"] = "of the browser tests, 32 characters long"
    with Placet(folder, variables).serve("--demo", "--database", database) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rest(node: Node) -> AsyncIterator[Rest]:
    """The node's service, for what has to be there before a test looks."""
    async with httpx2.AsyncClient() as client:
        yield Rest(node.url, {"": DEMO_PASSWORD, **PASSWORDS}, client)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def faults() -> AsyncIterator[FaultServer]:
    """A service of somebody else's that fails as it is asked to."""
    async with FaultServer() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = find()
    if path is None:
        pytest.exit(MISSING, returncode=1)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        await chromium.close()


@dataclass
class Tab:
    """Somebody's browser, and everything that went wrong in it; it asks no other host but those in `may_ask`."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)
    may_ask: set[str] = field(default_factory=set)

    async def to(self, path: str) -> Page:
        """Open a page of the console."""
        answer = await self.page.goto(f"{self.url}/console{path}")
        assert answer is not None
        await self.page.wait_for_load_state("load")
        return self.page

    async def has_no_fault_for_anybody(self) -> None:
        """What axe-core finds in the page as it is, which has to fit into its width as well."""
        await self.page.evaluate(AXE)
        options = {"runOnly": {"type": "tag", "values": list(_RULES)}}
        found = await self.page.evaluate("options => axe.run(document, options)", options)
        told = [
            f"{each['id']}: {each['help']}: {node['html'][:200]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]
        assert told == [], "\n".join(told)
        wider = await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{self.page.url} is {wider} pixels wider than the window"


#: Opens a browser of somebody's; what else is given goes to `Browser.new_context`.
Opens = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="session")
async def opened(node: Node, browser: Browser) -> AsyncIterator[Opens]:
    """Opens a browser for somebody, signed in; at the end of the test nothing may have gone wrong in any of them."""
    tabs: list[Tab] = []
    async with AsyncExitStack() as stack:

        async def open_tab(user: str = "", **options: Any) -> Tab:
            if user and user not in _signed_in:
                _signed_in[user] = await _state(browser, node.url, user)
            context = await browser.new_context(
                storage_state=_signed_in.get(user),
                **{
                    "viewport": {"width": 1440, "height": 900},
                    "reduced_motion": "reduce",
                    "timezone_id": "Europe/Berlin",
                    "locale": "en-GB",
                }
                | options,
            )
            stack.push_async_callback(context.close)
            tab = Tab(await context.new_page(), node.url)
            _watch(context, tab)
            tabs.append(tab)
            return tab

        yield open_tab
    assert [fault for tab in tabs for fault in tab.faults] == []


async def told(page: Page, text: str) -> None:
    """Wait for what is said in passing."""
    await expect(page.locator("#toasts")).to_contain_text(text)


async def sign_in(tab: Tab, user: str, password: str = "") -> None:
    await tab.page.goto(f"{tab.url}/console/sign-in")
    await tab.page.get_by_label("User name").fill(user)
    await tab.page.get_by_label("Password").fill(password or PASSWORDS.get(user, DEMO_PASSWORD))
    await tab.page.get_by_role("button", name="Sign in").click()
    await tab.page.wait_for_url("**/console/**")


#: What the browser of each user has kept once he has signed in; a session serves all tests of a run.
_signed_in: dict[str, Any] = {}


async def _state(browser: Browser, url: str, user: str) -> Any:
    context = await browser.new_context(timezone_id="Europe/Berlin")
    await sign_in(Tab(await context.new_page(), url), user)
    state = await context.storage_state()
    await context.close()
    return state


#: What the browser and htmx say of a refusal, which is for the reader to mend.
_REFUSED = re.compile(r"status of 4|Status Error Code 4")


def _watch(context: BrowserContext, tab: Tab) -> None:
    """Note what the browser complains of, and whatever it asks of another host."""

    def on_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _REFUSED.search(message.text):
            tab.faults.append(f"{tab.page.url}: {message.text}")

    def on_request(request: Request) -> None:
        if urlsplit(request.url).netloc not in {"", urlsplit(tab.url).netloc} | tab.may_ask:
            tab.faults.append(f"{tab.page.url} asks {request.url}")

    context.on("console", on_message)
    context.on("request", on_request)
    context.on("weberror", lambda error: tab.faults.append(f"{tab.page.url}: {error.error}"))
    context.on(
        "response",
        lambda answer: tab.faults.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None,
    )
