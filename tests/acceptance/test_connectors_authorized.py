"""An operator agrees at another service and comes back: over REST, as a browser does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from placet import Engine, ManualClock
from placet.settings import Settings
from tests.acceptance.conftest import PASSWORD, RunningServer
from tests.token_server import CLIENT, CLIENT_SECRET, TokenServer

CONFIGURATIONS, AUTHORIZED = "/v1/connectors/configurations", "/v1/connectors/authorized"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

pytestmark = pytest.mark.usefixtures("without_jobs")


@pytest.fixture
async def engine(database_url: str, clock: ManualClock, people_file: Path) -> AsyncIterator[Engine]:
    """An engine that may call this machine."""
    settings = Settings(secret_key="k" * 32, outbound_allow="127.0.0.0/8")
    async with Engine(database_url, settings=settings, clock=clock) as engine:
        await engine.as_system().load_people(people_file)
        yield engine


@pytest.fixture
async def theirs() -> AsyncIterator[TokenServer]:
    async with TokenServer() as server:
        yield server


async def configured(server: RunningServer, theirs: TokenServer, **changed: Any) -> str:
    """The address of a new configuration."""
    fields = {
        "authorizationUri": theirs.url("/authorize"),
        "tokenCredentialUri": theirs.url("/token"),
        "redirectUri": f"{server.url}{AUTHORIZED}",
        "clientId": CLIENT,
        "clientSecret": CLIENT_SECRET,
    }
    body = {"Name": "Theirs", "Kind": "oauth2_authorization_code", "Fields": fields} | changed
    made = await server("admin").post(CONFIGURATIONS, json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["Link"])


async def sent_back(server: RunningServer, theirs: TokenServer) -> str:
    """Where the browser of the administrator is sent back to, once he has agreed."""
    link = await configured(server, theirs)
    answer = await server("admin").post(f"{link}/authorize")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    async with httpx2.AsyncClient() as browser:
        return str((await browser.get(answer.json()["URL"])).headers["location"])


async def test_an_operator_comes_back_and_calls_may_begin(server: RunningServer, theirs: TokenServer):
    back = await sent_back(server, theirs)
    before = await server("admin").post(f"{CONFIGURATIONS}/test", json={"Kind": "none"})

    page = await server("admin").get(back)

    assert before.status_code == 200
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "The configuration Theirs can be used from now on." in page.text
    assert page.headers["cache-control"] == "no-store"
    assert theirs.grants() == ["authorization_code"]
    [configuration] = (await server("admin").get(CONFIGURATIONS)).json()
    tried = (await server("admin").post(f"{configuration['Link']}/test", json={})).json()
    assert tried["Success"], tried
    [entry] = (await server("admin").get("/v1/audit?kind=configuration.authorized")).json()
    assert (entry["Target"], entry["Actor"]["DN"]) == ("Theirs", "cn=admin,ou=users,o=placet")


async def test_a_test_of_what_is_asked_for_as_it_is_kept_has_what_was_agreed_to(
    server: RunningServer, theirs: TokenServer
):
    await server("admin").get(await sent_back(server, theirs))
    [kept] = (await server("admin").get(CONFIGURATIONS)).json()
    same = {"Name": kept["Name"], "Kind": kept["Kind"], "Fields": kept["Fields"]}

    async def tried(link: str, **fields: str) -> dict[str, Any]:
        body = same | {"Fields": kept["Fields"] | fields}
        return dict((await server("admin").post(f"{link}/test", json=body)).json())

    for fields in ({}, {"clientSecret": CLIENT_SECRET}):
        assert (await tried(kept["Link"], **fields))["Success"]
    assert (await server("admin").get("/v1/audit?kind=configuration.tested")).json() == []
    for link, fields in (
        (kept["Link"], {"clientSecret": "another"}),
        (kept["Link"], {"clientId": "other"}),
        (CONFIGURATIONS, {}),
    ):
        told = await tried(link, **fields)
        assert not told["Success"]
        assert "keep the configuration as it is now, authorize it, then test it" in told["Message"]
    assert theirs.grants() == ["authorization_code"]


async def test_a_browser_that_keeps_its_cookie_back_is_asked_to_come_again(server: RunningServer, theirs: TokenServer):
    """The cookie is for requests from here alone, and the first one comes from the other service."""
    back = await sent_back(server, theirs)
    begun = await server("").post("/v1/session", json={"User": "admin", "Password": PASSWORD})
    cookie = {"cookie": begun.headers["set-cookie"].partition(";")[0]}
    async with httpx2.AsyncClient(headers=BROWSER) as browser:
        first = await browser.get(back)
        seconds, _, again = first.headers["refresh"].partition("; url=")
        here = f"{server.url}{urlsplit(back).path}{again}"
        stranger = await browser.get(here)
        second = await browser.get(here, headers=cookie)

    assert (first.status_code, seconds, "one moment" in first.text.lower()) == (200, "0", True)
    assert (second.status_code, "can be used from now on" in second.text) == (200, True), second.text
    assert stranger.status_code == 401
    assert "refresh" not in stranger.headers


async def test_whoever_says_nothing_of_himself_is_refused(server: RunningServer, theirs: TokenServer):
    back = await sent_back(server, theirs)

    assert (await server("").get(back)).status_code == 401
    assert theirs.forms == []


async def test_nobody_but_an_operator_brings_anything_back(server: RunningServer, theirs: TokenServer):
    back = await sent_back(server, theirs)
    answer = await server("anna").get(back)

    assert (answer.status_code, "PM_SETUP_ADVANCE" in answer.text) == (403, True)
    assert theirs.forms == []


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 400, "no code or no state"),
        ("?code=a", 400, "no code or no state"),
        ("?code=a&state=b", 400, "not one that was given here"),
        ("?error=access_denied&error_description=no&state=b", 409, "did not agree: 'access_denied'"),
        ("?error=%3Cscript%3E", 409, "did not agree"),
    ],
)
async def test_what_cannot_be_used_is_said(query: str, status: int, words: str, server: RunningServer):
    answer = await server("admin").get(f"{AUTHORIZED}{query}")

    assert answer.status_code == status
    assert words in answer.json()["Fault"]["Reason"]["Text"]


async def test_who_only_looks_uses_up_nothing(server: RunningServer, theirs: TokenServer):
    back = await sent_back(server, theirs)

    assert (await server("admin").head(back)).status_code == 200
    assert theirs.forms == []
    assert (await server("admin").get(back)).status_code == 200


async def test_other_parameters_of_the_service_are_passed_over(server: RunningServer, theirs: TokenServer):
    back = await sent_back(server, theirs)

    assert (await server("admin").get(f"{back}&scope=a%20b&authuser=0&iss=https%3A%2F%2Fa")).status_code == 200


async def test_only_an_authorization_code_is_authorized(server: RunningServer, theirs: TokenServer):
    link = await configured(server, theirs, Kind="basic", Fields={"username": "a", "password": "b"})
    answer = await server("admin").post(f"{link}/authorize")

    assert answer.status_code == 400
    assert "of the kind basic" in answer.text
    assert (await server("anna").post(f"{link}/authorize")).status_code == 403
    assert (await server("admin").post(f"{CONFIGURATIONS}/{'0' * 32}/authorize")).status_code == 404
