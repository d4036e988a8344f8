"""The page on which a user allows an application to act for him, as a browser and as a program use it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx2
import pytest

from placet.directory.grants import challenge_of
from placet.directory.passwords import hash_password
from placet.store import people
from tests.acceptance.conftest import PASSWORD, RunningServer
from tests.acceptance.oauth import AUTHORIZE, REDIRECT, TravelDesk, basic, params, registered
from tests.acceptance.officers import BASE, an_officer, on_another_node, permission

OTHER = "https://travel.example.org/other?kept=1"

pytestmark = pytest.mark.usefixtures("without_jobs")


@dataclass
class Browser:
    """Keeps cookies, fills in the form of a page and says where it came from."""

    client: httpx2.AsyncClient
    page: httpx2.Response = field(default_factory=lambda: httpx2.Response(204))

    async def open(self, **query: str) -> httpx2.Response:
        self.page = await self.client.get(AUTHORIZE, params=query)
        return self.page

    async def send(self, **members: str) -> httpx2.Response:
        """Send the form of the page, hidden fields and all."""
        hidden = {
            unescape(name): unescape(value)
            for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', self.page.text)
        }
        headers = {"Origin": f"{self.client.base_url}".rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        self.page = await self.client.post(self.page.url, data=hidden | members, headers=headers)
        return self.page


@pytest.fixture
async def desk(server: RunningServer) -> TravelDesk:
    return TravelDesk(
        server, await registered(server.engine, redirect_uris=(REDIRECT, OTHER), description="<b>Book</b>")
    )


@pytest.fixture
def query(desk: TravelDesk) -> dict[str, str]:
    return {"response_type": "code", "client_id": desk.application.client_id, "redirect_uri": REDIRECT, "state": "s&1"}


@pytest.fixture
async def browser(server: RunningServer) -> AsyncIterator[Browser]:
    async with httpx2.AsyncClient(base_url=server.url) as client:
        yield Browser(client)


async def test_a_user_signs_in_and_allows_it(browser: Browser, query: dict[str, str], desk: TravelDesk):
    first = await browser.open(**query)
    assert (first.status_code, "Sign in" in first.text) == (200, True)

    consent = await browser.send(user="anna", password=PASSWORD)
    assert consent.status_code == 200
    assert "Allow Travel desk to act for you?" in consent.text
    assert "&lt;b&gt;Book&lt;/b&gt;" in consent.text
    assert "Anna Berg" in consent.text
    assert "travel.example.org" in consent.text
    assert PASSWORD not in consent.text

    back = await browser.send(allow="Accept")
    assert back.status_code == 302
    assert back.headers["location"].startswith(f"{REDIRECT}?code=")
    assert params(back.headers["location"])["state"] == "s&1"
    code = params(back.headers["location"])["code"]
    tokens = await desk.ask(grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert await desk.get(tokens.json()["access_token"]) == 200


async def test_the_page_says_what_is_asked_for(browser: Browser, query: dict[str, str]):
    await browser.open(**query, scope="view_processes")
    page = await browser.send(user="anna", password=PASSWORD)
    assert "See the definitions" in page.text
    assert "in your name" not in page.text

    await browser.open(**query, scope="*")
    page = await browser.send(user="anna", password=PASSWORD)
    assert "in your name" in page.text


async def test_a_user_may_say_no(browser: Browser, query: dict[str, str]):
    await browser.open(**query)
    await browser.send(user="anna", password=PASSWORD)

    back = await browser.send(cancel="Cancel")

    assert back.status_code == 302
    assert params(back.headers["location"])["error"] == "access_denied"
    assert params(back.headers["location"])["state"] == "s&1"
    await browser.open(**query)
    assert params((await browser.send(cancel="Cancel")).headers["location"])["error"] == "access_denied"


async def test_a_query_of_the_address_is_kept(browser: Browser, query: dict[str, str]):
    await browser.open(**query | {"redirect_uri": OTHER})
    await browser.send(user="anna", password=PASSWORD)

    back = await browser.send(allow="Accept")

    assert back.headers["location"].startswith(f"{OTHER}&code=")


async def test_a_wrong_password_is_asked_for_again(browser: Browser, query: dict[str, str]):
    await browser.open(**query)

    again = await browser.send(user="anna", password="wrong-secret")
    assert again.status_code == 401
    assert "do not fit an active account" in again.text
    assert "wrong-secret" not in again.text

    assert "Allow Travel desk" in (await browser.send(user="anna", password=PASSWORD)).text


async def test_passwords_cannot_be_tried_one_after_the_other(browser: Browser, query: dict[str, str]):
    await browser.open(**query)
    for _ in range(10):
        await browser.send(user="anna", password="wrong")

    refused = await browser.send(user="anna", password=PASSWORD)

    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


async def test_who_has_a_session_is_not_asked_who_he_is(browser: Browser, query: dict[str, str]):
    await browser.client.post("/v1/session", json={"User": "anna", "Password": PASSWORD})

    page = await browser.open(**query)

    assert "Allow Travel desk" in page.text
    assert (await browser.send(allow="Accept")).status_code == 302


# -- what other sites may not do -------------------------------------------------------------------


async def test_the_page_is_shut_to_frames_scripts_and_other_hosts(browser: Browser, query: dict[str, str]):
    page = await browser.open(**query)
    policy = page.headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self' https:;" in policy  # of the application's own redirects too
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert re.findall(r'(?:src|href|action)="', page.text) == []


async def test_a_form_of_another_site_allows_nothing(browser: Browser, query: dict[str, str], server: RunningServer):
    """Neither with the session's cookie alone, nor with the ticket of another browser, another request or a guess."""
    await browser.client.post("/v1/session", json={"User": "anna", "Password": PASSWORD})
    await browser.open(**query)
    ticket = re.findall(r'name="ticket" value="([^"]*)"', browser.page.text)[0]
    async with httpx2.AsyncClient(base_url=server.url) as other:
        await other.get(AUTHORIZE, params=query)
        attempts = [
            await browser.client.post(AUTHORIZE, params=query, data={"allow": "Accept"}),
            await browser.client.post(AUTHORIZE, params=query, data={"allow": "Accept", "ticket": "e30.e30"}),
            await browser.client.post(AUTHORIZE, params=query, data={"allow": "Accept", "ticket": f"{ticket}."}),
            await browser.client.post(
                AUTHORIZE, params=query | {"scope": "*"}, data={"allow": "Accept", "ticket": ticket}
            ),
            await other.post(AUTHORIZE, params=query, data={"allow": "Accept", "ticket": ticket}),
        ]

    assert [each.status_code for each in attempts] == [403] * 5
    assert ["location" in each.headers for each in attempts] == [False] * 5


async def test_a_page_that_was_left_open_too_long_is_asked_anew(
    browser: Browser, query: dict[str, str], server: RunningServer
):
    await browser.open(**query)
    await browser.send(user="anna", password=PASSWORD)
    server.clock.move(minutes=11)

    late = await browser.send(allow="Accept")

    assert late.status_code == 403
    assert "left open too long" in late.text


async def test_a_page_is_answered_once(browser: Browser, query: dict[str, str], desk: TravelDesk):
    await browser.open(**query)
    asked = await browser.send(user="anna", password=PASSWORD)
    assert (await browser.send(allow="Accept")).status_code == 302

    browser.page = asked  # as with the browser's way back
    again = await browser.send(allow="Accept")

    assert again.status_code == 403
    assert "answered already" in again.text


async def test_a_page_that_was_answered_with_no_allows_nothing_afterwards(browser: Browser, query: dict[str, str]):
    await browser.open(**query)
    asked = await browser.send(user="anna", password=PASSWORD)
    assert "error=access_denied" in (await browser.send(cancel="Cancel")).headers["location"]

    browser.page = asked
    assert (await browser.send(allow="Accept")).status_code == 403


async def test_another_password_ends_what_the_old_one_has_begun(
    browser: Browser, query: dict[str, str], server: RunningServer
):
    await browser.open(**query)
    await browser.send(user="anna", password=PASSWORD)
    anna = server.engine.directory.person("anna")
    assert anna is not None
    changed = await server("admin").put(f"{BASE}/user/{anna.id}", json={"usr_new_pass": "another password"})
    assert changed.status_code == 200, changed.text

    answer = await browser.send(allow="Accept")

    assert answer.status_code == 403
    assert "location" not in answer.headers


async def test_who_was_kept_out_for_a_moment_is_asked_anew(
    browser: Browser, query: dict[str, str], server: RunningServer
):
    await browser.open(**query)
    await browser.send(user="anna", password=PASSWORD)
    anna = server.engine.directory.person("anna")
    assert anna is not None
    for status in ("INACTIVE", "ACTIVE"):
        await server("admin").put(f"{BASE}/user/{anna.id}", json={"usr_status": status})

    assert (await browser.send(allow="Accept")).status_code == 403


async def test_a_password_that_another_node_has_changed_allows_nothing(
    browser: Browser, query: dict[str, str], server: RunningServer
):
    program = server("anna")
    allowed = await program.post(AUTHORIZE, params=query, data={"allow": "Accept"})
    assert allowed.status_code == 302
    anna, hashed = server.engine.directory.person("anna"), await hash_password("another password")
    assert anna is not None
    await on_another_node(server.engine, lambda tx: people.set_password(tx, anna.id, hashed))

    assert (await program.post(AUTHORIZE, params=query, data={"allow": "Accept"})).status_code == 401


async def test_who_may_not_sign_in_is_on_the_trail(browser: Browser, query: dict[str, str], server: RunningServer):
    await an_officer(server.engine, "outsider")
    role = server.engine.directory.person("outsider").role  # type: ignore[union-attr]  # he is there
    await server("admin").delete(f"{BASE}/role/{role}/permission/{permission('PM_LOGIN')}")

    await browser.open(**query)
    assert (await browser.send(user="outsider", password=PASSWORD)).status_code == 403

    await server.engine.refused.write()
    entries = (await server("admin").get("/v1/audit?kind=right.refused")).json()
    assert [entry["Actor"]["Value"] for entry in entries] == ["Outsider Berg"]


async def test_a_password_that_the_browser_sends_by_itself_is_no_consent(browser: Browser, query: dict[str, str]):
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.org"}):
        answer = await browser.client.post(
            AUTHORIZE, params=query, data={"allow": "Accept"},
            headers={"Authorization": basic("anna", PASSWORD), **headers},
        )  # fmt: skip
        assert answer.status_code == 403


async def test_a_token_cannot_ask_for_a_wider_one(desk: TravelDesk, query: dict[str, str]):
    token = (await desk.password(scope="view_processes"))["access_token"]

    answer = await desk.server("").post(
        AUTHORIZE, params=query, data={"allow": "Accept"}, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 401
    assert "location" not in answer.headers


# -- requests that are refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"client_id": "x-pm-local-client"}, "No application has the client_id"),
        ({"client_id": "A" * 32}, "No application has the client_id"),
        ({"redirect_uri": "https://evil.example.org/"}, "is not registered with the redirect URI"),
        ({"redirect_uri": f"{REDIRECT}/"}, "is not registered with the redirect URI"),
        ({"redirect_uri": f"{REDIRECT}?x=1"}, "is not registered with the redirect URI"),
        ({"redirect_uri": ""}, "has 2 redirect URIs and did not say which one"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    changed: dict[str, str], says: str, method: str, browser: Browser, query: dict[str, str]
):
    answer = await browser.client.request(method, AUTHORIZE, params=query | changed)

    assert answer.status_code == 400
    assert says in unescape(answer.text)
    assert "location" not in answer.headers
    assert "evil.example.org" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"scope": "root"}, "invalid_scope"),
        ({"code_challenge": challenge_of("x"), "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": challenge_of("x")}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
async def test_the_application_is_told_what_else_is_wrong(
    changed: dict[str, str], error: str, browser: Browser, query: dict[str, str]
):
    answer = await browser.client.get(AUTHORIZE, params=query | changed)

    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{REDIRECT}?")
    assert params(answer.headers["location"])["error"] == error
    assert params(answer.headers["location"])["state"] == "s&1"


async def test_a_public_application_has_to_use_pkce(server: RunningServer):
    desk = TravelDesk(server, await registered(server.engine, is_public=True))
    query = {"response_type": "code", "client_id": desk.application.client_id}

    without = await server("anna").get(AUTHORIZE, params=query)
    assert params(without.headers["location"])["error"] == "invalid_request"

    verifier = "v" * 43
    code = await desk.code(code_challenge=challenge_of(verifier), code_challenge_method="S256")
    answer = await desk.ask(
        headers={}, grant_type="authorization_code", client_id=desk.application.client_id, code=code,
        code_verifier=verifier,
    )  # fmt: skip
    assert answer.status_code == 200


async def test_programs_say_in_a_header_who_allows_it(desk: TravelDesk, query: dict[str, str], server: RunningServer):
    session = (await server("").post("/v1/session", json={"User": "anna", "Password": PASSWORD})).json()
    for headers in ({"Authorization": basic("anna", PASSWORD)}, {"RESTSessionSecret": session["RESTSessionSecret"]}):
        async with httpx2.AsyncClient(base_url=server.url, headers=headers) as client:
            allowed = await client.post(AUTHORIZE, params=query, data={"allow": "Accept", "transaction_id": ""})
            denied = await client.post(AUTHORIZE, params=query, data={"transaction_id": ""})

        assert "code" in params(allowed.headers["location"])
        assert params(denied.headers["location"])["error"] == "access_denied"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_other_methods_are_refused(method: str, browser: Browser, query: dict[str, Any]):
    answer = await browser.client.request(method, AUTHORIZE, params=query)

    assert answer.status_code == 405 if method == "PUT" else 400
